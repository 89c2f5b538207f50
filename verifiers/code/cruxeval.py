"""Grade a predicted input or output of a short function (CRUXEval, Guru's `simulation__cruxeval`).

    "assert f(1) == 2" --read as data--> arguments, claimed result --f runs in a sandbox--> compare -->
    Verdict

Ground truth: `{"functional": "def f(...): ..."}`, as an object or a JSON string. The answer is never
executed: it must be one call with literal arguments compared with a literal, which rules out `assert f(1) ==
f(1)`. Where the prompt shows the question (`assert f(??) == 2`, `assert f(1) == ??`), the given side must be
the one asked; a question whose given side is no literal cannot be answered so, and is an error of the data.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import JsonValue

from verifiers.base import Example, Verifier
from verifiers.code.calls import Budget, CallRunner, one_call
from verifiers.code.inside.values import decode
from verifiers.code.prelude import prelude_for
from verifiers.code.runner import SandboxFailedError, SandboxRunner
from verifiers.code.source import Program
from verifiers.errors import GroundTruthError
from verifiers.extract import after_think, fences, last_tag
from verifiers.types import Verdict, VerifyRequest

MAX_CLAIM_CHARS = 5_000
"""Python's parser is only given this much of what a model wrote."""
MAX_CLAIM_LINES = 40
BUDGET = Budget(time_limit_s=3.0, memory_limit_mb=256)

_QUESTION = re.compile(r"assert\s+(f\(.*\))\s*==\s*(.+)")


@dataclass(frozen=True)
class Claim:
    """`f(*args, **kwargs) == result`."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any


class CruxEvalVerifier(Verifier):
    name: ClassVar[str] = "cruxeval"
    wall_limit_s: ClassVar[float] = 60.0
    examples: ClassVar[Sequence[Example]] = (
        Example("```python\nassert f(1) == 2\n```", {"functional": "def f(x):\n    return x + 1"}, 1.0),
        Example("```python\nassert f(1) == 3\n```", {"functional": "def f(x):\n    return x + 1"}, 0.0),
        Example("```python\nassert f(1) == f(1)\n```", {"functional": "def f(x):\n    return x + 1"}, 0.0),
    )

    def __init__(self) -> None:
        self._runner = SandboxRunner()

    def verify(self, request: VerifyRequest) -> Verdict:
        function = _function_source(request.ground_truth)
        text = _claim_text(request.response)
        claim = read_claim(text)
        if claim is None:
            return Verdict.no_answer("no_assertion", text)
        if not _answers_the_question(claim, request.prompt or ""):
            return Verdict.graded(0.0, "other_question", text)
        try:
            returned = self._call(function, claim)
        except SandboxFailedError as error:
            return Verdict.undecided("sandbox_failed", text, detail=str(error))
        return Verdict.compared(returned is not None and returned[0] == claim.result, text)

    def close(self) -> None:
        self._runner.close()

    def _call(self, function: str, claim: Claim) -> tuple[Any] | None:
        """What the function returns, in a tuple because None is a result; None where it does not return."""
        calls = CallRunner(
            self._runner, Program("python", function), prelude_for([function], {}).source, BUDGET
        )
        frame = calls.call([one_call("f", claim.args, claim.kwargs)], keep_going=False)[0]
        return (decode(frame["ok"])[0],) if "ok" in frame else None


def read_claim(text: str) -> Claim | None:
    """Read one `assert f(<literals>) == <literal>`; None for anything else."""
    body = _statements(text)
    if body is None or len(body) != 1 or not isinstance(body[0], ast.Assert | ast.Expr):
        return None
    try:
        return _read_comparison(body[0].test if isinstance(body[0], ast.Assert) else body[0].value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None  # not made of literals


def _statements(text: str) -> list[ast.stmt] | None:
    """What a text consists of, where it is Python and not too long."""
    if len(text) > MAX_CLAIM_CHARS:
        return None
    try:
        return ast.parse(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _read_comparison(condition: ast.expr) -> Claim | None:
    if (
        not isinstance(condition, ast.Compare)
        or len(condition.ops) != 1
        or not isinstance(condition.ops[0], ast.Eq)
    ):
        return None
    call, result = condition.left, condition.comparators[0]
    if not isinstance(call, ast.Call):
        call, result = result, call
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "f":
        return None
    return Claim(_arguments(call.args), _keywords(call.keywords), ast.literal_eval(result))


def _arguments(nodes: list[ast.expr]) -> tuple[Any, ...]:
    """`1, *[2, 3]` is three arguments."""
    values: list[Any] = []
    for node in nodes:
        values += ast.literal_eval(node.value) if isinstance(node, ast.Starred) else [ast.literal_eval(node)]
    return tuple(values)


def _keywords(nodes: list[ast.keyword]) -> dict[str, Any]:
    """`x=1, **{"y": 2}` is two of them.

    Raises:
        ValueError: no names, or one of them twice.
    """
    values: dict[str, Any] = {}
    for node in nodes:
        value = ast.literal_eval(node.value)
        new = value if node.arg is None else {node.arg: value}
        if not all(isinstance(name, str) for name in new) or values.keys() & new.keys():
            raise ValueError(f"{ast.unparse(node)} is no keyword argument, or not the first of its name")
        values |= new
    return values


def _answers_the_question(claim: Claim, prompt: str) -> bool:
    """The side of the assertion that the prompt gives must come back unchanged; without a question anything
    goes.

    Raises:
        GroundTruthError: there is a question, and what it gives is not made of literals.
    """
    questions = [match.groups() for match in _QUESTION.finditer(prompt) if "??" in match.group()]
    for call, result in reversed(questions):
        of_input = "??" in result
        asked = read_claim(f"assert {call} == 0" if of_input else f"assert f() == {result}")
        if asked is not None:
            return (
                (asked.args, asked.kwargs) == (claim.args, claim.kwargs)
                if of_input
                else asked.result == claim.result
            )
    if questions:
        raise GroundTruthError(f"cruxeval: no literals answer {' == '.join(questions[-1])!r:.200}")
    return True


def _claim_text(response: str) -> str:
    """The last assertion about `f`, with the lines over which it runs on."""
    text = after_think(response)
    blocks = [body for language, body in fences(text) if language in ("python", "py", "")]
    tagged = last_tag(text)
    stated = blocks[-1] if blocks else (tagged if tagged is not None else text)
    lines = stated.splitlines()
    starts = [at for at, line in enumerate(lines) if re.match(r"\s*assert\s+f\(", line)]
    if not starts:
        return stated.strip()
    last = lines[starts[-1] : starts[-1] + MAX_CLAIM_LINES]
    claims = ("\n".join(last[:count]).strip() for count in range(1, len(last) + 1))
    return next((claim for claim in claims if _statements(claim) is not None), last[0].strip())


def _function_source(ground_truth: JsonValue) -> str:
    value = ground_truth
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise GroundTruthError(f"cruxeval: the reference is text but not JSON: {error}") from error
    source = value.get("functional") if isinstance(value, dict) else None
    if not isinstance(source, str) or "def f(" not in source:
        raise GroundTruthError(
            f"cruxeval expects {{'functional': 'def f(...): ...'}}, got {ground_truth!r:.200}"
        )
    return source
