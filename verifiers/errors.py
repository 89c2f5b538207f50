"""Errors of the verifiers package.

VerifierError               catch this to catch them all                           HTTP, kind
  InvalidRequestError       the request does not have the documented shape         422 invalid_request
  UnknownVerifierError      the request names a verifier we do not have            404 unknown_verifier
  GroundTruthError          the dataset's reference is malformed                   422 ground_truth_error
  RequestTooLargeError      the body or the response is over the size limit        413 too_large
  UnauthorizedError         the bearer token is missing or wrong                   401 unauthorized
  VerifierUnavailableError  the service is down, full or draining; try again       503 unavailable
  UndecidedError            undecided, said to a protocol that has only scores     503 undecided
  VerifierSetupError        a verifier cannot be loaded or fails its own examples  500 setup

A wrong answer is never an error, and an error is never a wrong answer. The table below is read forwards by
the service and backwards by the client, so a remote verifier raises exactly what a local one does.
"""


class VerifierError(Exception):
    """Base of everything this package raises on purpose."""


class InvalidRequestError(VerifierError):
    """The request does not have the documented shape."""


class UnknownVerifierError(VerifierError):
    """The request names a verifier we do not have."""


class GroundTruthError(VerifierError):
    """The dataset's reference is malformed: quarantine the problem."""


class RequestTooLargeError(VerifierError):
    """The body or the response is over the size limit."""


class UnauthorizedError(VerifierError):
    """The bearer token is missing or wrong."""


class VerifierUnavailableError(VerifierError):
    """The service is down, full or draining; trying again later may help."""


class UndecidedError(VerifierError):
    """The verdict is undecided, and whoever asked has no way to be told other than an error."""


class VerifierSetupError(VerifierError):
    """A verifier cannot be loaded, or grades its own examples wrongly."""


ERROR_KINDS: dict[str, tuple[type[VerifierError], int]] = {
    "invalid_request": (InvalidRequestError, 422),
    "unknown_verifier": (UnknownVerifierError, 404),
    "ground_truth_error": (GroundTruthError, 422),
    "too_large": (RequestTooLargeError, 413),
    "unauthorized": (UnauthorizedError, 401),
    "unavailable": (VerifierUnavailableError, 503),
    "undecided": (UndecidedError, 503),
    "setup": (VerifierSetupError, 500),
}
"""Kind (the `type` of a problem+json body) -> our class and its HTTP status."""


def error_kind(error: VerifierError) -> str:
    """The kind of an error; an unlisted subclass has the kind of its nearest listed parent."""
    for cls in type(error).__mro__:
        for kind, (listed, _) in ERROR_KINDS.items():
            if cls is listed:
                return kind
    return "setup"


def error_from_kind(kind: str, detail: str) -> VerifierError:
    """The exception that a service meant; a kind this version does not know becomes a plain VerifierError."""
    listed, _ = ERROR_KINDS.get(kind, (VerifierError, 500))
    return listed(detail)
