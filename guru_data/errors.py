"""Errors of the guru_data package.

GuruDataError              catch this to catch them all
  UnknownSourceError       a config names a kind of source we do not have
  SourceConfigError        a source's config does not fit its kind, or asks for more than the source holds
  SourceError              a source cannot be read, or one of its rows is malformed
  RowError                 one row cannot become a problem; its `reason` is what reports count
    MissingColumnError     a column that every row needs is not there
    UnknownDataSourceError the row is of a data set that no verifier of ours grades
    MalformedTruthError    the row's reference has not the shape that its data set promises
  PrepareError             a training set cannot be prepared as configured
  CursorError              a saved cursor belongs to another stream
  MalformedReferenceError  a problem's verifier cannot read its reference
  GradingError             a problem's verifier cannot be had (unknown, or it does not start)

Message only, so that they pickle through a cluster.
"""

from __future__ import annotations

from typing import ClassVar


class GuruDataError(Exception):
    """Anything that goes wrong between a source and a stream."""


class UnknownSourceError(GuruDataError):
    """No source of this kind."""


class SourceConfigError(GuruDataError):
    """The config does not fit the source."""


class SourceError(GuruDataError):
    """The source cannot be read, or a row of it is malformed."""


class RowError(GuruDataError):
    """The row cannot become a problem."""

    reason: ClassVar[str] = "malformed_row"


class MissingColumnError(RowError):
    """A column that every row needs is not there."""

    reason = "missing_column"


class UnknownDataSourceError(RowError):
    """No verifier of ours grades this data set."""

    reason = "unknown_data_source"


class MalformedTruthError(RowError):
    """The reference has not the shape that its data set promises."""

    reason = "malformed_ground_truth"


class PrepareError(GuruDataError):
    """The training set cannot be prepared: its config, its folder or its books are not in order."""


class CursorError(GuruDataError):
    """The cursor was saved by a stream over other problems, weights or seed."""


class MalformedReferenceError(GuruDataError):
    """The reference does not have the shape its verifier documents."""


class GradingError(GuruDataError):
    """The verifier that a problem names cannot be had."""
