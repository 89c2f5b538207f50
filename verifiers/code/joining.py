"""Which of a response's code fences make up its program, where there are several.

    imports | helper | main              -> all of them, joined
    a solution | another solution        -> the last one, where a program reads and prints
    a solution | an example of its use   -> the solution

Joined, two whole programs would print twice, and an example that asks for input would end the solution.
Python alone is looked into, and only as text: nothing is run.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Sequence

MAX_SOURCE_CHARS = 200_000

_READING = {"input", "stdin", "fileinput", "open"}
_WRITING = {"print", "write", "writelines", "stdout"}
_KNOWN = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__"}


def join_python(bodies: Sequence[str], *, stdio: bool) -> str:
    """The program that fences hold together; `stdio` where it is judged by what it reads and prints."""
    joined = "\n".join(bodies)
    if len(bodies) < 2 or len(joined) > MAX_SOURCE_CHARS:
        return joined
    trees = {body: tree for body in bodies if (tree := _tree(body)) is not None}
    if stdio:
        whole = [body for body in bodies if body in trees and _stands_alone(trees[body])]
        if whole:
            return whole[-1]
    else:
        solution = [body for body in bodies if body not in trees or not _only_asks(trees[body])]
        bodies = solution or bodies
        joined = "\n".join(bodies)
    if _tree(joined) is not None:
        return joined
    return "\n".join(body for body in bodies if body in trees) or joined


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # not Python, a zero byte, or nested too deep


def _stands_alone(tree: ast.Module) -> bool:
    """Whether a fence is a program of its own: it reads, it prints, and it uses no name of another fence."""
    used, bound = _names(ast.walk(tree))
    return (
        bool(used & _READING)
        and bool(used & _WRITING)
        and ("*" in bound or used <= bound | _KNOWN | _READING | _WRITING)
    )


def _only_asks(tree: ast.Module) -> bool:
    """Whether a fence defines nothing and asks for input: an example of how to use another one."""
    if any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in tree.body):
        return False
    return bool(_names(ast.walk(tree))[0] & _READING)


def _names(nodes: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """The names that a program uses, with what it reads and prints by, and those that it binds anywhere."""
    used: set[str] = set()
    bound: set[str] = set()
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.Attribute(attr=name) if name in _READING | _WRITING:
                used.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=asname):
                bound.add(asname or name.partition(".")[0])
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                bound.add(name)
    return used, bound
