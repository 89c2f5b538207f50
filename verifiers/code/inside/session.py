"""One run of a test program: what it asks of the candidate, what is known of that, and what it checks.

A step without an answer yet makes the run *speculative*: it gives an `Unknown`, checks hold, and the run goes
on only to find out which steps come next. The verifier has those done and starts the program again, until a
run needs nothing more; only such a run passes or fails.
"""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Callable, Collection
from typing import Any

from history import History, Place, Step  # type: ignore[import-not-found]
from names import OwnClasses  # type: ignore[import-not-found]
from stand_ins import Name, Thing, Unknown  # type: ignore[import-not-found]
from values import decode, encode  # type: ignore[import-not-found]

MAX_NEEDS = 500
VALUE_NODE = 1
"""A frame holds `(value, args, kwargs)`; this is the place of the value in its table."""
MAX_GUESSES = 20_000
"""How often a run may ask something of unknown results; a loop that waits for one would never end."""


_STEERING = frozenset({"StopIteration", "StopAsyncIteration"})


class SpeculationOverError(BaseException):
    """This run can find out no more steps."""


class BeyondBorderError(BaseException):
    """The tests hand over what cannot cross: a function of theirs, a file, a module."""


class CandidateError(Exception):
    """An exception of the candidate's that is no builtin one, or that would steer the tests' own loops."""


class _NotKnownError(Exception):
    """An argument is not known yet."""


class Session:
    def __init__(
        self, answers: dict[str, dict[str, Any]], classes: Collection[str], carried: OwnClasses
    ) -> None:
        """
        Args:
            answers: frames by the keys of their steps.
            classes: names that are probably the candidate's classes; a guess for speculation only.
            carried: the tests' own classes, whose instances cross as values.
        """
        self._answers, self._classes, self._carried = answers, frozenset(classes), carried
        self._guesses = 0
        self._needed = 0
        self.history = History()
        self.exceptions: dict[str, type[CandidateError]] = {}
        """The candidate's exception classes that the tests name in an `except`."""
        self.made = self.checks = 0
        self.nan = False
        """A result held a NaN, which `not abs(x - 4) > 1e-6` takes for a 4."""
        self.ended = ""
        """Why the last step that gave no result ended."""

    @property
    def speculative(self) -> bool:
        return self._needed > 0

    def check(self, condition: Callable[[], Any]) -> bool:
        self.checks += 1
        try:
            held = bool(condition())
        except Exception:
            if not self.speculative:
                raise
            return True  # speculation only collects steps; nothing it meets says anything
        return held or self.speculative

    def candidate(self, name: str) -> Any:
        return self.exceptions[name] if name in self.exceptions else Name(self, name)

    def guess(self) -> None:
        self._guesses += 1
        if self._guesses > MAX_GUESSES:
            raise SpeculationOverError

    def make(self, on: str | Place, do: str, *args: Any, **kwargs: Any) -> Any:
        try:
            nodes = encode((args, kwargs), self._special)
        except _NotKnownError:
            self.guess()
            return Unknown(self)
        except ValueError as error:  # too large: the tests' own value only where nothing else can be in it
            raise CandidateError(str(error)) if self.made else BeyondBorderError(str(error)) from error
        step = self.history.add(on, do, nodes)
        frame = self._answers.get(step.key)
        if frame is None:
            return self._speculate(step)
        step.answered = True
        self.made += 1
        if "ok" in frame:
            return self._result(step, frame["ok"], args, kwargs)
        if "ended" in frame:
            self.ended = frame["ended"]
            raise CandidateError(f"the call ended: {frame['ended']}")
        raise self._exception(*frame["raised"])

    def _speculate(self, step: Step) -> Any:
        self._needed += 1
        if self._needed > MAX_NEEDS:
            raise SpeculationOverError
        place = Place(step, VALUE_NODE)
        if step.do == "call" and step.on in self._classes:
            return Thing(self, place)
        if step.do != "get":
            return Unknown(self)
        return Unknown(self, lambda *args, **kwargs: self.make(place, "call", *args, **kwargs))

    def _result(self, step: Step, nodes: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            value, after = _taken_apart(
                decode(nodes, self._carried, lambda at, _: Thing(self, Place(step, at)))
            )
        except ValueError as error:
            raise CandidateError(f"no value: {error}") from error
        self.nan = self.nan or any(node[0] == "f" and "nan" in str(node[1]).lower() for node in nodes)
        given = [*args, *kwargs.values()]
        for before, now in zip(given, after, strict=False):
            _copy_back(before, now)
        return value

    def _special(self, item: Any) -> list[Any] | None:
        if isinstance(item, Unknown):
            raise _NotKnownError
        if isinstance(item, Thing):
            return ["x", Thing.place_of(item)]
        if isinstance(item, Name):
            return ["q", item.__name__]
        if type(item) is self._carried.get(type(item).__name__):
            return None
        raise BeyondBorderError(f"a {type(item).__name__} as an argument")

    def _exception(self, kinds: list[str], message: str) -> BaseException:
        """By the first of its classes that the tests can know; none that would end a loop of theirs."""
        error: BaseException = CandidateError(message)
        for kind in () if _STEERING.intersection(kinds) else kinds:
            known = self.exceptions.get(kind) or getattr(builtins, kind, None)
            if isinstance(known, type) and issubclass(known, Exception) and known is not Exception:
                with contextlib.suppress(TypeError):  # some want more than a message
                    error = known(message)
                    break
        error.of_candidate = True  # type: ignore[attr-defined]
        error.kind = kinds[0] if kinds else ""  # type: ignore[attr-defined]
        return error


def _taken_apart(result: Any) -> tuple[Any, list[Any]]:
    """What a step gave, and its arguments as they are now."""
    if not isinstance(result, tuple) or len(result) != 3:
        raise ValueError("not a result with its arguments")
    value, args, kwargs = result
    if not isinstance(args, tuple) or not isinstance(kwargs, dict):
        raise ValueError("not a result with its arguments")
    return value, [*args, *kwargs.values()]


def _copy_back(before: Any, now: Any) -> None:
    """What the candidate changed in place."""
    if isinstance(before, list | bytearray) and isinstance(now, list | bytes):
        before[:] = now
    elif isinstance(before, dict | set) and type(now) in (dict, set) and isinstance(before, type(now)):
        before.clear()
        before.update(now)
    elif type(before) is type(now) and hasattr(before, "__dict__"):
        vars(before).clear()
        vars(before).update(vars(now))
