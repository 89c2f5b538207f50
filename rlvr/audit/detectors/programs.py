"""A Python program as facts to ask about: which names it uses for what, and where.

    source --read_program--> Program(nodes, calls, imports, name_of)

The program is parsed, never compiled or run. One that is longer than `MAX_SOURCE_CHARS`, or no Python, is
not read.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

MAX_SOURCE_CHARS = 20_000
MAX_CHAIN = 20
"""Attributes in a row that are followed: `a.b.c` has three links."""


@dataclass(frozen=True)
class Program:
    """A parsed program."""

    tree: ast.Module

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes, outer ones first."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def calls(self) -> tuple[tuple[str, ast.Call], ...]:
        """Calls of something that has a name, each with that name."""
        named = ((self.name_of(node.func), node) for node in self.nodes if isinstance(node, ast.Call))
        return tuple((name, node) for name, node in named if name)

    @cached_property
    def imports(self) -> dict[str, str]:
        """What imported names stand for: `import os as o` gives `o: os`, `from os import _exit` `_exit:
        os._exit`."""
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.split(".")[0]] = (
                        alias.name if alias.asname else alias.name.split(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return found

    @cached_property
    def prints(self) -> bool:
        """Whether it writes anything anywhere."""
        return any(
            name == "print" or name.endswith((".write", ".writelines", ".print")) for name, _ in self.calls
        )

    def imported_modules(self) -> Iterator[tuple[str, ast.AST]]:
        """Every module imported, dotted, `__import__("x")` and the like among them."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, node) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module, node
                yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)
            elif isinstance(node, ast.Call) and (module := self._imported_by_call(node)):
                yield module, node

    def name_of(self, node: ast.AST) -> str:
        """The dotted name of an expression by its origin; empty where it has none.

        `o._exit` after `import os as o`, `__import__("os")._exit` and `getattr(os, "_exit")` are all
        `os._exit`; `f(x).y` is `f().y` and `a[0]` is `a[]`.
        """
        links: list[str] = []
        while len(links) < MAX_CHAIN:
            if isinstance(node, ast.Name):
                return "".join([self.imports.get(node.id, node.id), *reversed(links)])
            if isinstance(node, ast.Attribute):
                links.append(f".{node.attr}")
                node = node.value
            elif isinstance(node, ast.Subscript):
                links.append("[]")
                node = node.value
            elif not isinstance(node, ast.Call):
                return ""
            elif module := self._imported_by_call(node):
                return "".join([module, *reversed(links)])
            elif (attribute := _got_attribute(node)) is not None:
                links.append(f".{attribute}")
                node = node.args[0]
            else:
                links.append("()")
                node = node.func
        return ""

    def _imported_by_call(self, call: ast.Call) -> str | None:
        """`__import__("os")` is `os`."""
        by_name = isinstance(call.func, ast.Name) and call.func.id in ("__import__", "import_module")
        by_module = isinstance(call.func, ast.Attribute) and call.func.attr == "import_module"
        return text_of(call.args[0]) if (by_name or by_module) and call.args else None


def read_program(source: str) -> Program | None:
    """The program of a source; None where it is too long, or no Python."""
    if len(source) > MAX_SOURCE_CHARS:
        return None
    try:
        with warnings.catch_warnings():  # odd escapes in a model's text are no business of ours
            warnings.simplefilter("ignore")
            return Program(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def text_of(node: ast.AST | None) -> str | None:
    """The text of a string literal; of an f-string or a sum, that of its beginning."""
    while isinstance(node, ast.JoinedStr | ast.BinOp):
        node = node.left if isinstance(node, ast.BinOp) else next(iter(node.values), None)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def place(node: ast.AST, what: str) -> str:
    """Evidence: what stands in which line of the program."""
    return f"line {getattr(node, 'lineno', 0)}: {what}"


def _got_attribute(call: ast.Call) -> str | None:
    """`getattr(x, "y")` is `x.y`."""
    if isinstance(call.func, ast.Name) and call.func.id == "getattr" and len(call.args) >= 2:
        return text_of(call.args[1])
    return None
