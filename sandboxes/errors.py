"""Errors of the sandboxes package.

SandboxError                  catch this to catch them all
  RequestError                the request can never run: bad file name, unknown limit -> the caller's fault
    UnknownLanguageError      the language is not in the table
  ToolchainMissingError       the language is known, its compiler or interpreter is not installed here
  UnknownBackendError         no such name in the registry, nor an importable "module:Class"
  BackendUnavailableError     this machine cannot isolate that way; the message says what is missing
  UnsafeBackendError          the backend is no boundary and `allow_unsafe` was not given
  PoolClosedError             work was handed to a pool that is closed
  PoolFullError               the queue stayed full until the caller's deadline

What a program does is never an error here but an `Outcome`; a failure of ours during a run is the outcome
`sandbox_error`, never a verdict on the program.
"""


class SandboxError(Exception):
    """Base of everything this package raises."""


class RequestError(SandboxError):
    """The request can never run."""


class UnknownLanguageError(RequestError):
    """The language is not in the table."""


class ToolchainMissingError(SandboxError):
    """The language's compiler or interpreter is not installed on this machine."""


class UnknownBackendError(SandboxError):
    """No backend has this name."""


class BackendUnavailableError(SandboxError):
    """This machine cannot isolate programs that way."""


class UnsafeBackendError(SandboxError):
    """The backend is no boundary and the caller did not accept that."""


class PoolClosedError(SandboxError):
    """The pool takes no more work."""


class PoolFullError(SandboxError):
    """The pool's queue stayed full until the caller's deadline."""
