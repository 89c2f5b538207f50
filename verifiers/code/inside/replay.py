"""Inside a forked process of the candidate's: load its program, do the steps of a script, tell the results.

Steps are described in `history.py`. A frame per wanted step goes to `send`: `{"ok": nodes}` for the result
together with the arguments as they are afterwards, or `{"raised": [names of the type and its bases,
message]}`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection
from types import CodeType
from typing import Any

from values import decode, encode_with_parts  # type: ignore[import-not-found]

_OPERATIONS: dict[str, Callable[..., Any]] = {
    "call": lambda subject, *args, **kwargs: subject(*args, **kwargs),
    "get": getattr, "set": setattr, "item": operator.getitem, "set_item": operator.setitem,
    "len": len, "list": list, "bool": bool, "str": str, "repr": repr,
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le, "gt": operator.gt,
    "ge": operator.ge, "add": operator.add, "sub": operator.sub, "mul": operator.mul,
    "has_instance": lambda subject, item: isinstance(item, subject),
}  # fmt: skip


class Replay:
    """One script in one process."""

    def __init__(self, namespace: dict[str, Any], carried: Collection[str]) -> None:
        self._namespace = namespace
        self._classes = _Classes(namespace)
        self._carried = frozenset(carried)
        self._parts: list[list[Any]] = []
        """For each step, what the nodes of its result were made from."""

    def run(
        self, code: CodeType, script: dict[str, Any], send: Callable[[dict[str, Any]], None],
        before_step: Callable[[], None],
    ) -> None:  # fmt: skip
        wanted = frozenset(script["wanted"])
        broken = self._load(code, script["steps"])
        for at, step in enumerate(script["steps"]):
            before_step()
            frame = broken or self._frame(step)
            if at in wanted:
                send(frame)

    def _load(self, code: CodeType, steps: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Load the program; a name that is asked of it is not taken from the imports before it."""
        for step in steps:
            if step["on"][0] == "name":
                self._namespace.pop(step["on"][1], None)
        try:
            exec(code, self._namespace)
        except BaseException as error:  # noqa: BLE001 - SystemExit and what it invents are its result
            return {"raised": _told(error)}
        return None

    def _frame(self, step: dict[str, Any]) -> dict[str, Any]:
        try:
            args, kwargs = decode(step["args"], self._classes, self._foreign)
            value = _OPERATIONS[step["do"]](self._subject(step["on"]), *args, **kwargs)
            nodes, parts = encode_with_parts((value, args, kwargs), self._special)
        except BaseException as error:  # noqa: BLE001 - as above
            self._parts.append([])
            return {"raised": _told(error)}
        self._parts.append(parts)
        return {"ok": nodes}

    def _subject(self, on: list[Any]) -> Any:
        if on[0] != "name":
            return self._parts[on[0]][on[1]]
        if on[1] in self._namespace:
            return self._namespace[on[1]]
        if "Solution" in self._namespace:
            return getattr(self._namespace["Solution"](), on[1])
        raise NameError(f"the program does not define {on[1]}")

    def _foreign(self, _: int, node: list[Any]) -> Any:
        """An argument that is the candidate's own: a part of an earlier result, or a name."""
        if node[0] == "x":
            return self._parts[node[1][0]][node[1][1]]
        return self._subject(["name", node[1]])

    def _special(self, item: Any) -> list[Any] | None:
        """Only instances that the tests can make again travel as such; the others stay here."""
        return None if type(item).__name__ in self._carried else ["r", type(item).__name__]


class _Classes:
    """The program's classes; for one that only the tests have, a bare class that holds its attributes."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._bare: dict[str, type] = {}

    def get(self, name: str) -> type:
        known = self._namespace.get(name)
        return known if isinstance(known, type) else self._bare.setdefault(name, type(name, (), {}))


def _told(error: BaseException) -> list[Any]:
    return [[kind.__name__ for kind in type(error).__mro__], str(error)[:300]]
