"""Inside the sandbox: run a dataset's free-form test program against answers that a candidate gave elsewhere.

    stdin  {"prelude", "parts": [source...], "classes": [name...], "functions": [name...], "answers": {chain:
    frame}} stdout {"needs": [chain...], "checks", "parts_passed", "message"}

No line of the candidate's code is here. A name that the test program does not define itself is the
candidate's: calling it looks up the answer of that call. A call without an answer yet makes the run
*speculative*: it returns an `Unknown`, asserts hold, and the run goes on only to find out which calls come
next. The verifier has those calls made and starts the program again, until a run needs nothing more; only
such a run passes or fails.

Every `assert` is rewritten to go through `_Session.check`, so that it counts and so that speculation survives
it.
"""

from __future__ import annotations

import ast
import builtins
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from values import decode, encode  # type: ignore[import-not-found]

CHECK = "__check__"
MAX_NEEDS = 500


class Unknown:
    """Stands for a result that is not known yet; whatever is done with it is unknown too, and true."""

    def __getattr__(self, _: str) -> Unknown:
        return self

    def __call__(self, *_: Any, **__: Any) -> Unknown:
        return self

    def _unknown(self, *_: Any) -> Unknown:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def _true(self, *_: Any) -> bool:
        return True

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _unknown
    __mod__ = __neg__ = __abs__ = __getitem__ = __round__ = __pow__ = _unknown
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __bool__ = _true  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


class CandidateError(Exception):
    """An exception class of the candidate's own."""


class _Session:
    def __init__(self, answers: dict[str, dict[str, Any]], namespace: dict[str, Any]) -> None:
        self._answers = answers
        self._namespace = namespace
        self.needs: dict[str, dict[str, Any]] = {}
        self.checks = 0

    def check(self, condition: Callable[[], Any]) -> bool:
        self.checks += 1
        try:
            held = bool(condition())
        except Exception:
            if not self.needs:
                raise
            return True  # speculation only collects calls; nothing it meets says anything
        return held or bool(self.needs)

    def result(self, name: str, steps: list[Any], args: Any, kwargs: Any) -> Any:
        chain = {"name": name, "steps": steps}
        key = json.dumps(chain)
        frame = self._answers.get(key)
        if frame is None:
            if len(self.needs) < MAX_NEEDS:
                self.needs[key] = chain
            return Unknown()
        if "raised" in frame:
            raise _exception(*frame["raised"])
        if "ended" in frame:
            raise CandidateError(f"the call ended: {frame['ended']}")
        value, args_after, kwargs_after = decode(frame["ok"], self._namespace)
        for before, after in [
            *zip(args, args_after, strict=False),
            *((kwargs[k], kwargs_after[k]) for k in kwargs),
        ]:
            if isinstance(before, list) and isinstance(after, list):
                before[:] = after  # what the candidate changed in place
        return value


class Function:
    """A function of the candidate's."""

    def __init__(self, session: _Session, name: str) -> None:
        self._session, self._name = session, name
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._session.result(self._name, [["call", encode(args), encode(kwargs)]], args, kwargs)


class Class:
    """A class of the candidate's: calling it makes an object that remembers what was done with it."""

    def __init__(self, session: _Session, name: str) -> None:
        self._session, self._name = session, name

    def __call__(self, *args: Any, **kwargs: Any) -> Instance:
        return Instance(self._session, self._name, [["call", encode(args), encode(kwargs)]])


class Instance:
    """An object of the candidate's. Each method call replays everything before it in a fresh process."""

    def __init__(self, session: _Session, name: str, history: list[Any]) -> None:
        self._session, self._name, self._history = session, name, history

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._history.append(["method", method, encode(args), encode(kwargs)])
            return self._session.result(self._name, list(self._history), args, kwargs)

        return call


class _Namespace(dict[str, Any]):
    """Globals in which every name that nobody defined is the candidate's."""

    session: _Session
    classes: frozenset[str]
    functions: frozenset[str]

    def __missing__(self, name: str) -> Any:
        if name in self.classes:
            return Class(self.session, name)
        if name not in self.functions and hasattr(builtins, name):
            return getattr(builtins, name)
        return Function(self.session, name)


class _Rewrite(ast.NodeTransformer):
    """`assert X, M` -> `if not __check__(lambda: X): raise AssertionError(M)`."""

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        self.generic_visit(node)
        thunk = ast.Lambda(ast.arguments([], [], None, [], [], None, []), node.test)
        failed = ast.UnaryOp(ast.Not(), ast.Call(ast.Name(CHECK, ast.Load()), [thunk], []))
        message = [node.msg] if node.msg is not None else []
        error = ast.Raise(ast.Call(ast.Name("AssertionError", ast.Load()), message, []), None)
        return ast.fix_missing_locations(ast.copy_location(ast.If(failed, [error], []), node))


def main() -> None:
    job = json.load(sys.stdin)
    replies, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps(run(job)), file=replies, flush=True)


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run the parts of a test program, each as far as it gets.

    A part is a whole program, or one assert of a list; a part that fails does not keep the next from running.
    """
    namespace = _Namespace({"__name__": "tests"})
    session = _Session(job["answers"], namespace)
    namespace.session = session
    namespace.classes, namespace.functions = frozenset(job["classes"]), frozenset(job["functions"])
    namespace[CHECK] = session.check
    exec(compile(job["prelude"], "prelude.py", "exec"), namespace)
    for name in namespace.classes | namespace.functions:
        namespace.pop(name, None)  # the candidate's `merge` goes before the prelude's
    parts_passed = 0
    message = ""
    for part in job["parts"]:
        try:
            exec(compile(_Rewrite().visit(ast.parse(part)), "tests.py", "exec"), namespace)
            parts_passed += 1
        except BaseException as error:  # noqa: BLE001 - however a part ends, it is that part's failure
            message = message or f"{type(error).__name__}: {error}"[:300]
    return {
        "needs": list(session.needs.values()), "checks": session.checks, "parts_passed": parts_passed,
        "message": message,
    }  # fmt: skip


def _exception(type_name: str, message: str) -> BaseException:
    known = getattr(builtins, type_name, None)
    if isinstance(known, type) and issubclass(known, Exception):
        return known(message)
    return CandidateError(f"{type_name}: {message}")


if __name__ == "__main__":
    main()
