"""Errors of the guru_data package.

GuruDataError              catch this to catch them all
  UnknownSourceError       a config names a kind of source we do not have
  SourceConfigError        a source's config does not fit its kind, or asks for more than the source holds
  SourceError              a source cannot be read, or one of its rows is malformed
  CursorError              a saved cursor belongs to another stream
  MalformedReferenceError  a problem's verifier cannot read its reference
  GradingError             a problem's verifier cannot be had (unknown, or it does not start)

Message only, so that they pickle through a cluster.
"""

from __future__ import annotations


class GuruDataError(Exception):
    """Anything that goes wrong between a source and a stream."""


class UnknownSourceError(GuruDataError):
    """No source of this kind."""


class SourceConfigError(GuruDataError):
    """The config does not fit the source."""


class SourceError(GuruDataError):
    """The source cannot be read, or a row of it is malformed."""


class CursorError(GuruDataError):
    """The cursor was saved by a stream over other problems, weights or seed."""


class MalformedReferenceError(GuruDataError):
    """The reference does not have the shape its verifier documents."""


class GradingError(GuruDataError):
    """The verifier that a problem names cannot be had."""
