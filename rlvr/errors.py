"""Errors of the rlvr package.

RlvrError                     catch this to catch them all
  ConfigError                 the config cannot be run as written; nothing was started       -> exit 2
  InfrastructureError         a part of the cluster failed and could not be replaced         -> exit 4
    GeneratorLostError        a generator died while it held work; the pool retries elsewhere
    WeightsMismatchError      an engine's log-probabilities are not those of the weights it was sent
    VerifierDownError         the verifier service stayed away past its deadline
  TrainingStoppedError        the run ended early with a checkpoint; the message says why    -> exit 1
  LedgerError                 a row could not be written, or the books do not balance        -> exit 1

Every message names what failed, where, and what to do about it. Errors carry a message
only, so that they pickle through Ray.
"""


class RlvrError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(RlvrError):
    """The config cannot be run as written; found before anything was started."""


class InfrastructureError(RlvrError):
    """A part of the cluster failed and could not be replaced."""


class GeneratorLostError(InfrastructureError):
    """A generator died while it held work."""

    tries = 1
    """How often the work had been begun; set where it is given up."""


class WeightsMismatchError(InfrastructureError):
    """An engine's log-probabilities are not those of the weights it was sent."""


class VerifierDownError(InfrastructureError):
    """The verifier service stayed away past its deadline."""


class TrainingStoppedError(RlvrError):
    """The run ended early, after a checkpoint."""


class LedgerError(RlvrError):
    """A ledger row could not be written, or requested != used + dropped."""


EXIT_CODES: dict[type[RlvrError], int] = {
    ConfigError: 2,
    InfrastructureError: 4,
    TrainingStoppedError: 1,
    LedgerError: 1,
}


def exit_code(error: RlvrError) -> int:
    """The command line's exit code for an error: that of its nearest ancestor in the table."""
    return next((EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES), 1)
