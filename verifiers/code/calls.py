"""Have a candidate's functions called in a sandbox: scripts go in, one frame for each wanted step comes out.

All scripts of one candidate share one sandbox, but not a process: inside, each is forked from a clean parent
(see `inside/call_server.py`). A sandbox per script would cost a start of some 20 ms each and add nothing,
since scripts share no state either way and no expected value ever goes in; what a candidate can do at most is
read the arguments of other calls, which its author has seen or could try out. What comes out are the words of
the candidate: a line that is not a frame of the documented form counts as no answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandboxes import Limits, Outcome
from verifiers.code.inside.values import encode
from verifiers.code.runner import PYTHON_STARTUP_S, SandboxRunner
from verifiers.code.source import Program

MAX_TOTAL_CPU_S = 60.0
OUTPUT_BYTES = 64 * 2**20
HARNESS_MEMORY_MB = 32

Script = dict[str, Any]
"""`{"steps", "wanted"}`; see `inside/history.py`."""
Frame = dict[str, Any]
"""`{"ok": nodes}`, `{"raised": [names of the type and its bases, message]}` or `{"ended": why}`."""


ENDED = {"timeout": "candidate_timeout", "memory": "candidate_memory"}
"""Reasons for why a call ended; every other way is a crash."""
UNMADE: Frame = {"ended": "unmade"}
BAD: Frame = {"ended": "bad_frame"}


def one_call(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Script:
    """The script of a single call of a function with plain arguments."""
    step = {"on": ["name", name], "do": "call", "args": encode((tuple(args), dict(kwargs)))}
    return {"steps": [step], "wanted": [0]}


@dataclass(frozen=True)
class Budget:
    """What one call may use."""

    time_limit_s: float
    memory_limit_mb: int


class CallRunner:
    """Calls the functions of one program."""

    def __init__(self, runner: SandboxRunner, program: Program, prelude: str, budget: Budget) -> None:
        self.program = program
        self._runner = runner
        self._prelude = prelude
        self._budget = budget

    def call(
        self, scripts: Sequence[Script], *, keep_going: bool, carried: Sequence[str] = ()
    ) -> list[Frame]:
        """One frame per wanted step, in order.

        Without `keep_going`, a step that ends without a result ends the rest unmade, and their frames say so.

        Args:
            carried: names of the classes whose instances cross as values; others stay with the candidate.

        Raises:
            SandboxFailedError: the sandbox failed; says nothing about the program.
        """
        job = {
            "prelude": self._prelude, "source": self.program.source, "scripts": list(scripts),
            "carried": list(carried), "time_limit_s": self._budget.time_limit_s, "keep_going": keep_going,
        }  # fmt: skip
        wanted = sum(len(script["wanted"]) for script in scripts)
        steps = sum(len(script["steps"]) for script in scripts)
        result = self._runner.run_inside("call_server", job, self._limits(steps))
        frames = [_frame(line) for line in result.stdout.splitlines()[:wanted]]
        if frames and "broken" in frames[0]:
            return [{"raised": [["SyntaxError"], frames[0]["broken"]]}] * wanted
        if len(frames) < wanted and result.outcome is not Outcome.OK:
            frames.append({"ended": _why(result.outcome)})
        missing = UNMADE if any("ended" in frame for frame in frames) else {"ended": "exit"}
        return frames + [missing] * (wanted - len(frames))

    def _limits(self, steps: int) -> Limits:
        """The whole sandbox gets what its steps get together, up to a bound that no honest program meets."""
        cpu_s = min(self._budget.time_limit_s * steps, max(MAX_TOTAL_CPU_S, self._budget.time_limit_s))
        return Limits(
            cpu_s=cpu_s + PYTHON_STARTUP_S,
            memory_mb=self._budget.memory_limit_mb + HARNESS_MEMORY_MB,
            output_bytes=OUTPUT_BYTES,
        )


def _frame(line: str) -> Frame:
    """A line as the frame it is: one key, and under it what belongs there."""
    try:
        frame = json.loads(line)
    except (ValueError, RecursionError):
        return BAD
    if not isinstance(frame, dict) or len(frame) != 1:
        return BAD
    ((kind, content),) = frame.items()
    return frame if kind in _CONTENTS and _CONTENTS[kind](content) else BAD


def _is_raised(content: Any) -> bool:
    """Names of types and a message."""
    return (
        isinstance(content, list)
        and len(content) == 2
        and isinstance(content[0], list)
        and all(isinstance(text, str) for text in [*content[0], content[1]])
    )


def _is_text(content: Any) -> bool:
    return isinstance(content, str)


_CONTENTS: dict[str, Callable[[Any], bool]] = {
    "ok": lambda content: isinstance(content, list),
    "raised": _is_raised,
    "ended": _is_text,
    "broken": _is_text,
}


def _why(outcome: Outcome) -> str:
    if outcome is Outcome.TIME_LIMIT:
        return "timeout"
    return "memory" if outcome is Outcome.MEMORY_LIMIT else "exit"
