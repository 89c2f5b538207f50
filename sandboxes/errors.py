"""Errors of the sandboxes package.

SandboxError                  catch this to catch them all
  RequestError                the request can never run: bad file name, unknown limit -> the caller's fault
    UnknownLanguageError      the language is not in the table
  ToolchainMissingError       the language is known, its compiler or interpreter is not installed here
  UnknownBackendError         no such name in the registry, nor an importable "module:Class"
  BackendUnavailableError     this machine cannot isolate that way; the message says what is missing
  UnsafeBackendError          the backend is no boundary and `allow_unsafe` was not given
  PoolClosedError             work was handed to a pool that is closed
  PoolFullError               no place in the queue, or no turn before the caller's deadline
  ServiceError                of the REST service alone
    RequestTooLargeError      a body or a batch over the size limit                     -> HTTP 413
    BodyTimeoutError          the body did not arrive in time                           -> HTTP 408
    UnauthorizedError         the bearer token is missing or wrong                      -> HTTP 401
    NotReadyError             the self-test has not passed yet                          -> HTTP 503
    ServiceSetupError         it cannot listen where it is told to, or needs a token

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
    """The pool has no place in its queue, or had no turn before the caller's deadline; try again later."""


class ServiceError(SandboxError):
    """Of the REST service alone."""


class RequestTooLargeError(ServiceError):
    """The body or the batch is over the size limit."""


class BodyTimeoutError(ServiceError):
    """The body did not arrive in time."""


class UnauthorizedError(ServiceError):
    """The bearer token is missing or wrong."""


class NotReadyError(ServiceError):
    """The service has not passed its self-test yet."""


class ServiceSetupError(ServiceError):
    """The service cannot listen where it is told to, or needs a token there."""
