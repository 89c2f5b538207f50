"""What a detector is, and what it may look at.

    Task (one problem) + a response --Subject--> a detector's `find` --> evidence, or None

A detector looks for one way of getting a reward without the skill, in the text alone. A hit is a reason to
read the row, never a verdict. The text is hostile: nothing of it is run, every pattern takes time linear in
its length, and what is looked at is cut to `MAX_CHARS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from rlvr.audit.detectors.boxes import Box, find_boxes, plain
from rlvr.audit.detectors.programs import Program, read_program
from rlvr.audit.detectors.tests_known import KnownTest, is_stdio, known_tests
from verifiers.code.source import find_program
from verifiers.extract import after_think
from verifiers.quantities import Quantity, read_quantity

HEAD_CHARS = 8_000
TAIL_CHARS = 24_000
MAX_CHARS = HEAD_CHARS + TAIL_CHARS
"""A longer response is looked at without its middle: answers stand at the end, preambles at the start."""

MAX_BOXES = 50

EVIDENCE_CHARS = 120

CODE = frozenset({"code"})
BOXED = frozenset({"math", "choice", "stem"})
PUZZLES = frozenset({"table", "zebra", "ordering", "graph", "arc"})

_SEVERAL = re.compile(r"\bor\b|\band\b|,|;|\\pm\b|\\mp\b|\\cup\b|±|\\lor\b|\\vee\b", re.IGNORECASE)

_ASKS_TO_REASON = re.compile(
    r"step by step|step-by-step|show (?:all )?(?:your|the) (?:work|working|reasoning|steps)|"
    r"explain (?:your|how|why)|<think>|justify your|reason (?:carefully|first|through)|"
    r"(?:your|the) reasoning (?:process)?"
)


@dataclass(frozen=True)
class Task:
    """What all rollouts of a group have in common; read once for all of them."""

    prompt: str
    ground_truth: JsonValue

    @cached_property
    def reference(self) -> str:
        """The reference as text; empty where it is not a text or a number that Python writes out."""
        known = isinstance(self.ground_truth, str | int | float)
        try:
            return str(self.ground_truth)[:MAX_CHARS].strip() if known else ""
        except ValueError:  # an integer of more than 4,300 digits
            return ""

    @cached_property
    def quantity(self) -> Quantity | None:
        """The reference as a number with its unit, where it is one."""
        return read_quantity(self.reference)

    @cached_property
    def has_parts(self) -> bool:
        """The reference itself says `or`, lists several values, or holds a plus-minus."""
        return _SEVERAL.search(self.reference) is not None

    @cached_property
    def tests(self) -> tuple[KnownTest, ...]:
        """Inputs and results of a programming problem, as far as its tests say them plainly."""
        return known_tests(self.ground_truth)

    @cached_property
    def is_stdio(self) -> bool:
        """The program is judged by what it prints, so that ending early is no way out."""
        return is_stdio(self.ground_truth)

    @cached_property
    def asked(self) -> str:
        """The prompt in lower case."""
        return self.prompt[:MAX_CHARS].lower()

    @cached_property
    def asked_plainly(self) -> str:
        """The prompt without spacing and markup."""
        return plain(self.asked)

    @cached_property
    def asks_to_reason(self) -> bool:
        """The prompt asks for more than the answer."""
        return _ASKS_TO_REASON.search(self.asked) is not None


@dataclass(frozen=True)
class Subject:
    """One response to a task, as detectors see it."""

    task: Task
    verifier: str
    response: str

    @cached_property
    def text(self) -> str:
        """The response, without its middle where it is long."""
        if len(self.response) <= MAX_CHARS:
            return self.response
        return f"{self.response[:HEAD_CHARS]}\n{self.response[-TAIL_CHARS:]}"

    @cached_property
    def conclusion(self) -> str:
        """What follows the thinking."""
        return after_think(self.text)

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """The outermost boxes of the conclusion in order, the last `MAX_BOXES` of them."""
        return find_boxes(self.conclusion)[-MAX_BOXES:]

    @cached_property
    def source(self) -> str:
        """The source that `code` would run, if it is Python; empty where there is none."""
        found = find_program(self.text, "python", stdio=self.task.is_stdio)
        return found.source if found else ""

    @cached_property
    def program(self) -> Program | None:
        """That source, parsed; None where it cannot be read."""
        return read_program(self.source)


@dataclass(frozen=True, slots=True)
class Detector:
    """One trick: its name, whose rows it is looked for in, and how it is found."""

    name: str
    about: str
    find: Callable[[Subject], str | None]
    """The place that shows it, as text; None where there is nothing."""
    verifiers: frozenset[str] | None = None
    """None: those of every verifier."""

    def looks_at(self, verifier: str) -> bool:
        return self.verifiers is None or verifier in self.verifiers


ProgramSearch = Callable[[Program, Task], str | None]


def in_program(find: ProgramSearch, *, where: str) -> Callable[[Subject], str | None]:
    """A search of programs as one of responses; only sources in which `where` (a pattern) is are parsed."""
    telling = re.compile(where)

    def find_in_response(subject: Subject) -> str | None:
        if not telling.search(subject.source) or subject.program is None:
            return None
        return find(subject.program, subject.task)

    return find_in_response
