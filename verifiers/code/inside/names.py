"""Whose is a name in a test program: the tests', Python's or the candidate's?

    the tests, their setup and prefix > the name under test > builtins > our conveniences > the candidate

The candidate owns only what is asked of it, and the tests alone say what that is: by an entry point, by
`check(NAME)`, by a name that nobody else defines, and, only where the tests use no such name, by the
convenience import or the builtin they call (`assert max([4, 6]) == 6` asks for a `max`). So a candidate's
`abs` or `sorted` never judges a test, and an empty program never passes by what Python has anyway. A
convenience, which a dataset's judge does not have, yields to what the candidate defines by that name.
"""

from __future__ import annotations

import ast
import builtins
import symtable
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

MALFORMED = "tests_malformed"
SOLUTION = "solution"
"""The module that tests import the candidate from, where they do."""


class TestsFaultError(BaseException):
    """`(kind, message)`: the tests cannot be run, or do not say what they test, whatever the candidate is.

    `tests_malformed` is the dataset's fault; the other kinds are what we cannot do.
    """


class Namespace(dict[str, Any]):
    """The globals of a test program; a name that the tests define is an item, every other is looked up."""

    candidate: Callable[[str], Any]
    under_test: Collection[str] = ()

    def __init__(self, conveniences: Mapping[str, Any], defined: Collection[str]) -> None:
        """
        Args:
            conveniences: what our own imports put there.
            defined: names that the candidate defines.
        """
        super().__init__(__name__="__main__")
        self.conveniences = {
            name: value
            for name, value in conveniences.items()
            if isinstance(value, ModuleType) or name not in defined
        }

    def __missing__(self, name: str) -> Any:
        if is_reserved(name):
            raise KeyError(name)  # Python's own business, such as `__annotations__`
        if name in self.under_test:
            return self.candidate(name)
        if hasattr(builtins, name):
            return getattr(builtins, name)
        if name in self.conveniences:
            return self.conveniences[name]
        return self.candidate(name)


class OwnClasses:
    """The classes that the tests define, looked up as a mapping is."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace

    def get(self, name: str) -> type | None:
        known = self._namespace.get(name)
        return known if isinstance(known, type) and known.__module__ == "__main__" else None

    def names(self) -> list[str]:
        return [name for name in self._namespace if self.get(name) is not None]


def stand_for_modules(namespace: Namespace, candidate: Callable[[str], Any]) -> None:
    """Make `from solution import f` find the candidate and `unittest.main()` find the tests."""
    solution = ModuleType(SOLUTION)
    tests = ModuleType("__main__")

    def of_solution(name: str) -> Any:
        if is_reserved(name):
            raise AttributeError(name)
        return candidate(name)

    def of_tests(name: str) -> Any:
        if name not in namespace:
            raise AttributeError(name)
        return namespace[name]

    vars(solution)["__getattr__"] = of_solution
    vars(tests).update(__getattr__=of_tests, __dir__=lambda: list(namespace))
    sys.modules[SOLUTION], sys.modules["__main__"] = solution, tests


def is_reserved(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def names_under_test(
    sources: Iterable[str], owned: Collection[str], conveniences: Mapping[str, Any]
) -> set[str]:
    """The names that are the candidate's although Python or a convenience import has them.

    Args:
        sources: the setup and the parts of the tests.
        owned: what the tests' prefix and setup define.
        conveniences: what our own imports would put there.

    Raises:
        TestsFaultError: a source is not Python, or several builtins could be meant.
    """
    texts = list(sources)
    trees = _parsed(texts)
    free = _free_names(texts) - set(owned)
    if any(
        isinstance(node, ast.ImportFrom) and node.module == SOLUTION
        for tree in trees
        for node in ast.walk(tree)
    ):
        return set()
    checked = {name for tree in trees for name in _checked(tree)} & free
    if checked or any(not hasattr(builtins, name) and name not in conveniences for name in free):
        return checked
    called = [name for tree in trees for name in _called(tree) if name in free]
    ours = {
        name for name in called if name in conveniences and not isinstance(conveniences[name], ModuleType)
    }
    return ours or _one_builtin(called)


def _parsed(texts: list[str]) -> list[ast.Module]:
    try:
        return [ast.parse(text) for text in texts]
    except (SyntaxError, ValueError, RecursionError) as error:
        raise TestsFaultError(MALFORMED, f"the tests are not Python: {error}") from error


def _free_names(sources: Iterable[str]) -> set[str]:
    """Names that some scope of the sources reads as globals and no top level of theirs binds."""
    used: set[str] = set()
    bound: set[str] = set()
    for source in sources:
        top = symtable.symtable(source, "tests.py", "exec")
        bound |= {
            symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()
        }
        used |= {name for table in _tables(top) for name in _global_reads(table)}
    return {name for name in used - bound if not is_reserved(name)}


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _global_reads(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    return (
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (top or symbol.is_global())
    )


def _checked(tree: ast.Module) -> Iterator[str]:
    """`NAME` of a `check(NAME)` at the top level, as HumanEval's programs end."""
    for statement in tree.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            if isinstance(call.func, ast.Name) and call.func.id == "check":
                given = [*call.args, *(keyword.value for keyword in call.keywords)]
                yield from (item.id for item in given if isinstance(item, ast.Name))


def caught_names(sources: Iterable[str]) -> set[str]:
    """Names of exception classes that nobody but the candidate can have, as `except NAME` wants them."""
    texts = list(sources)
    kinds = [
        kind
        for tree in _parsed(texts)
        for handler in ast.walk(tree)
        if isinstance(handler, ast.ExceptHandler) and handler.type is not None
        for kind in ast.walk(handler.type)
    ]
    caught = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    return {name for name in caught & _free_names(texts) if not hasattr(builtins, name)}


def _called(tree: ast.Module) -> list[str]:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [call.func.id for call in calls if isinstance(call.func, ast.Name)]


def _one_builtin(called: Collection[str]) -> set[str]:
    """A builtin function rather than a type, which mostly dresses a result (`set(...)`) or an argument."""
    kinds = {name: getattr(builtins, name, None) for name in called}
    types = {
        name for name, kind in kinds.items() if isinstance(kind, type) and not issubclass(kind, BaseException)
    }
    functions = {name for name, kind in kinds.items() if kind is not None and not isinstance(kind, type)}
    meant = functions - {"print"} or types
    if len(meant) > 1:
        raise TestsFaultError(
            MALFORMED, f"any of {', '.join(sorted(meant))} may be what is tested; name an entry_point"
        )
    return meant
