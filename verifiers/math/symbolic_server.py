"""The fork server of the symbolic stage: `python -m verifiers.math.symbolic_server`.

    stdin   frame {"reference", "answer", "deadline_s"}
    stdout  frame {"outcome": "equal" | "different" | "over_budget" | "timeout"}

It loads sympy and math-verify once and then forks one child per question. The child has a CPU and a memory
limit, which do not depend on how busy the machine is, answers by its exit code, and is killed at the wall
deadline, which does. When stdin ends, so does this process.
"""

from __future__ import annotations

import logging
import os
import resource
import select
import signal
import sys
from typing import Any

from math_verify import parse, verify
from math_verify.parser import LatexExtractionConfig

from verifiers.workers.frames import encode, read_frame

MEMORY_LIMIT_BYTES = 1 << 30
CPU_LIMIT_S = 1
EQUAL, DIFFERENT = 17, 18
"""Exit codes that no crash produces by itself."""
CONFIGS = (LatexExtractionConfig(),)
"""Only the LaTeX grammar: the one for plain expressions ends in sympy's `parse_expr`, which evaluates
Python."""

WARM_UP = (
    r"\int_0^1 \frac{x^2}{\sqrt{2}} dx", r"\sum_{k=1}^{n} k", r"\lim_{x \to 3} \sin x",
    r"(-\infty,3] \cup \{5\}", r"x \in \mathbb{R}", r"\begin{pmatrix} 1 & 2 \end{pmatrix}",
    r"\frac{d}{dx} e^x", r"a = b",
)  # fmt: skip
"""The grammar's tables fill while it reads; children inherit them."""


def main() -> None:
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    logging.disable(logging.WARNING)  # math-verify warns at each call that it sets no alarm, as it must not
    for text in WARM_UP:
        verify(_parsed(text), _parsed(text), timeout_seconds=None)
    replies.write(encode({"outcome": "ready"}))
    while (question := read_frame(sys.stdin.buffer)) is not None:
        replies.write(encode({"outcome": _ask_child(question)}))


def _ask_child(question: dict[str, Any]) -> str:
    child = os.fork()
    if child == 0:
        _answer(question)
    return _outcome(child, question["deadline_s"])


def _answer(question: dict[str, Any]) -> None:
    """The child: compare and exit. It never returns."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    reference, answer = (_parsed(question[side]) for side in ("reference", "answer"))
    equal = bool(reference and answer) and verify(reference, answer, timeout_seconds=None)
    os._exit(EQUAL if equal else DIFFERENT)


def _parsed(text: str) -> list[Any]:
    return parse(f"\\boxed{{{text}}}", extraction_config=CONFIGS, parsing_timeout=None)


def _outcome(child: int, deadline_s: float) -> str:
    ended = os.pidfd_open(child)
    in_time = bool(select.select([ended], [], [], deadline_s)[0])
    os.close(ended)
    if not in_time:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not in_time:
        return "timeout"
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return "over_budget"
    # any other end (of memory, of recursion) says that the two could not be brought together
    return "equal" if os.WIFEXITED(status) and os.WEXITSTATUS(status) == EQUAL else "different"


if __name__ == "__main__":
    main()
