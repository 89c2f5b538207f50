"""Inside the sandbox: run a dataset's free-form test program against answers that a candidate gave elsewhere.

    stdin  {"conveniences", "prefix", "setup": sources, "parts": [source...], "entry_point": name or null,
            "functions", "classes": [names that the candidate defines], "answers": {key: frame}, "go_on"}
    stdout {"needs": [script...], "carried": [class name...], "made", "checks", "nan",
            "passed", "failures": [[part, message, why a call ended]...]} | {"fault": [kind, message]}

No line of the candidate's code is here. `names.py` says which names are the candidate's; doing something with
them looks up the answer of that step (`session.py`). Every `assert` is rewritten to go through
`Session.check`, under a name that no program can write, so that it counts and so that speculation survives
it. A fault says that the tests cannot tell anything about any candidate, or not here.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import random
import sys
from typing import Any

from names import (  # type: ignore[import-not-found]
    Namespace,
    OwnClasses,
    TestsFaultError,
    caught_names,
    names_under_test,
    stand_for_modules,
)
from session import BeyondBorderError, CandidateError, Session  # type: ignore[import-not-found]

HOOK = "the check of an assert"


class _Rewrite(ast.NodeTransformer):
    """`assert X, M` -> `if not HOOK(lambda: X): raise AssertionError(M)`."""

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        self.generic_visit(node)
        thunk = ast.Lambda(ast.arguments([], [], None, [], [], None, []), node.test)
        failed = ast.UnaryOp(ast.Not(), ast.Call(ast.Name(HOOK, ast.Load()), [thunk], []))
        message = [node.msg] if node.msg is not None else []
        error = ast.Raise(ast.Call(ast.Name("AssertionError", ast.Load()), message, []), None)
        return ast.fix_missing_locations(ast.copy_location(ast.If(failed, [error], []), node))


def main() -> None:
    job = json.load(sys.stdin)
    replies, sys.stdout = sys.stdout, sys.stderr
    sys.set_int_max_str_digits(0)  # the tests' own numbers may be long
    try:
        report = run(job)
    except TestsFaultError as fault:
        report = {"fault": fault.args}
    print(json.dumps(report), file=replies, flush=True)


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run the setup and the parts of a test program, each as far as it gets.

    A part is a whole program, or one assert of a list. With `go_on`, a part that fails does not keep the next
    from running; a setup that fails does.
    """
    namespace, session = _prepared(job)
    passed = 0
    failures: list[list[Any]] = []
    message = _run_part(job["setup"], namespace, session)
    if message is not None and not session.speculative:
        failures.append([0, f"the setup failed: {message}", session.ended])
    for at, part in enumerate(job["parts"]):
        if failures and not job["go_on"] and not session.speculative:
            break
        session.ended = ""
        message = _run_part(part, namespace, session)
        if message is None:
            passed += 1
        else:
            failures.append([at, message, session.ended])
    return {
        "needs": session.history.needs(), "carried": OwnClasses(namespace).names(), "made": session.made,
        "checks": session.checks, "nan": session.nan, "passed": passed, "failures": failures,
    }  # fmt: skip


def _prepared(job: dict[str, Any]) -> tuple[Namespace, Session]:
    """The namespace as the setup finds it, with the same random numbers in every run."""
    conveniences: dict[str, Any] = {}
    exec(compile(job["conveniences"], "conveniences.py", "exec"), conveniences)
    namespace = Namespace(conveniences, [*job["functions"], *job["classes"]])
    session = Session(job["answers"], job["classes"], OwnClasses(namespace))
    namespace.candidate = session.candidate
    namespace[HOOK] = session.check
    stand_for_modules(namespace, session.candidate)
    _seed_random_numbers(job)
    exec(compile(job["prefix"], "prefix.py", "exec"), namespace)

    sources = [job["setup"], *job["parts"]]
    for name in caught_names(sources) - namespace.keys():
        session.exceptions[name] = type(name, (CandidateError,), {})
    if job["entry_point"] is None:
        namespace.under_test = names_under_test(sources, namespace, conveniences)
    else:
        namespace.under_test = {job["entry_point"]}
        namespace.pop(job["entry_point"], None)  # a prefix that has it does not answer for the candidate
    return namespace, session


def _seed_random_numbers(job: dict[str, Any]) -> None:
    """Other numbers in each run would ask for other calls, and never come to an end."""
    random.seed(0)
    if any("numpy" in text for text in [job["prefix"], job["setup"], *job["parts"]]):
        with contextlib.suppress(ImportError):
            importlib.import_module("numpy").random.seed(0)


def _run_part(source: str, namespace: Namespace, session: Session) -> str | None:
    """Why the part failed; None where it did not."""
    try:
        exec(compile(_Rewrite().visit(ast.parse(source)), "tests.py", "exec"), namespace)
    except SystemExit as end:  # the tests' own: the candidate's arrives as another error
        return f"exit {end.code}" if end.code else None
    except BaseException as error:  # noqa: BLE001 - however else a part ends, it is that part's failure
        if not session.speculative:
            _refuse(error)
        message = f"{getattr(error, 'kind', type(error).__name__)}: {error}"[:300]
        return message.encode("utf-8", "backslashreplace").decode()
    return None


def _refuse(error: BaseException) -> None:
    """Some ends say nothing about any candidate. What the candidate raised is never one of them."""
    if isinstance(error, BeyondBorderError):
        raise TestsFaultError("tests_beyond_border", str(error)) from error
    if isinstance(error, ImportError) and not hasattr(error, "of_candidate"):
        raise TestsFaultError("tests_need_import", str(error)) from error


if __name__ == "__main__":
    main()
