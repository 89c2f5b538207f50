"""What reading and evaluating an answer can come to. Stays inside this package.

MathError
  UnreadableError      not in the language of the bounded parser; another stage may know it
  OverBudgetError      over a deterministic bound on size or work
  UndefinedError       has no value: 1/0, log 0, infinity minus infinity
"""


class MathError(Exception):
    """Base of the outcomes below."""


class UnreadableError(MathError):
    """Not in the language of the bounded parser."""


class OverBudgetError(MathError):
    """Over a deterministic bound on size or work."""


class UndefinedError(MathError):
    """The expression has no value."""
