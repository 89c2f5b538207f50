"""Grade a predicted input or output of a short function (CRUXEval, Guru's `simulation__cruxeval`).

    "assert f(1) == 2" --read as data--> arguments, claimed result --f runs in a sandbox--> compare -->
    Verdict

Ground truth: `{"functional": "def f(...): ..."}`, as an object or a JSON string. The answer is never
executed: it must be one call with literal arguments compared with a literal, which rules out `assert f(1) ==
f(1)`. Where the prompt shows the question (`assert f(??) == 2`, `assert f(1) == ??`), the given side must be
the one asked.
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
from verifiers.code.calls import Budget, CallRunner
from verifiers.code.inside.values import decode, encode
from verifiers.code.prelude import prelude_for
from verifiers.code.runner import SandboxFailedError, SandboxRunner
from verifiers.code.source import Program
from verifiers.errors import GroundTruthError
from verifiers.extract import after_think, fences, last_tag
from verifiers.types import Verdict, VerifyRequest

MAX_CLAIM_CHARS = 5_000
"""Python's parser is only given this much of what a model wrote."""
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
        calls = CallRunner(self._runner, Program("python", function), prelude_for([function], {}), BUDGET)
        chain = {"name": "f", "steps": [["call", encode(claim.args), encode(claim.kwargs)]]}
        frame = calls.call([chain], keep_going=False)[0]
        if "ok" not in frame:
            return None
        return (decode(frame["ok"])[0],)


def read_claim(text: str) -> Claim | None:
    """Read one `assert f(<literals>) == <literal>`; None for anything else."""
    if len(text) > MAX_CLAIM_CHARS:
        return None
    try:
        body = ast.parse(text.strip()).body
        if len(body) != 1 or not isinstance(body[0], ast.Assert | ast.Expr):
            return None
        condition = body[0].test if isinstance(body[0], ast.Assert) else body[0].value
        return _read_comparison(condition)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None  # not Python, or not made of literals


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
    kwargs = {
        keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg is not None
    }
    return Claim(tuple(map(ast.literal_eval, call.args)), kwargs, ast.literal_eval(result))


def _answers_the_question(claim: Claim, prompt: str) -> bool:
    """The side of the assertion that the prompt gives must come back unchanged; without a question anything
    goes."""
    questions = [match.groups() for match in _QUESTION.finditer(prompt) if "??" in match.group()]
    if not questions:
        return True
    call, result = questions[-1]
    if "??" in result:
        asked = read_claim(f"assert {call} == 0")
        return asked is None or (asked.args, asked.kwargs) == (claim.args, claim.kwargs)
    asked = read_claim(f"assert f() == {result}")
    return asked is None or asked.result == claim.result


def _claim_text(response: str) -> str:
    text = after_think(response)
    blocks = [body for language, body in fences(text) if language in ("python", "py", "")]
    tagged = last_tag(text)
    stated = blocks[-1] if blocks else (tagged if tagged is not None else text)
    lines = [line for line in stated.splitlines() if re.match(r"\s*assert\s+f\(", line)]
    return lines[-1].strip() if lines else stated.strip()


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
