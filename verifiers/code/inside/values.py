"""Python values as JSON, for crossing the border between a candidate, a test program and the verifier.

    [1, (2, 3)] <-> [["l", [1, 2]], ["v", 1], ["t", [3, 4]], ["v", 2], ["v", 3]]

A value is a flat table of nodes that refer to each other by index, the value itself first; so deep, shared
and cyclic values (linked lists, trees) need no recursion. Plain types keep their exact type. Instances carry
their class name and attributes and become instances again where `classes` knows the name; everything else
becomes what `foreign` makes of it, by default an `Opaque` that equals nothing. No code of the sender's is
ever run by decoding, and whatever the sender wrote, decoding ends soon with a value or with a `ValueError`.
"""

from __future__ import annotations

import types
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any, Protocol

MAX_NODES = 300_000
MAX_INT_BITS = 2**20
MAX_HASH_STEPS = 4 * MAX_NODES
"""Hashing a tuple walks all of it, shared parts once for each owner: 40 pairs can unfold to 2^40 steps."""
MAX_HASH_DEPTH = 500
"""Python hashes tuples in tuples by recursion in C, which deep enough ends the process."""
MAX_SAME_HASH = 100
"""A set of numbers with one and the same hash takes quadratic time to build."""
ITERATORS: tuple[Any, ...] = (
    types.GeneratorType, map, filter, zip, range, reversed, enumerate,
    type(iter([])), type(iter(())), type(iter("")), type(iter(set())), type(iter({})), type(reversed([])),
    type({}.keys()), type({}.values()), type({}.items()),
)  # fmt: skip
"""These arrive as an iterator over their parts."""

_SEALED: dict[str, Callable[[list[Any]], Any]] = {"t": tuple, "z": frozenset, "i": iter}
_SEQUENCES: dict[Any, str] = {list: "l", tuple: "t", set: "s", frozenset: "z"}


class Classes(Protocol):
    """By name, the classes whose instances may be made."""

    def get(self, name: str, /) -> type | None: ...


class Opaque:
    """A value that cannot cross the border; it equals nothing, itself included."""

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{self.type_name}>"


def encode(value: Any, special: Callable[[Any], list[Any] | None] | None = None) -> list[Any]:
    """The node table of a value; see `encode_with_parts`."""
    return encode_with_parts(value, special)[0]


def encode_with_parts(
    value: Any, special: Callable[[Any], list[Any] | None] | None = None
) -> tuple[list[Any], list[Any]]:
    """The node table of a value, and beside each node what it was made from.

    Args:
        special: asked for the node of everything that is not plain; None leaves it to the usual rules.

    Raises:
        ValueError: more than `MAX_NODES` nodes, or an integer over `MAX_INT_BITS`.
    """
    nodes: list[Any] = []
    parts: list[Any] = []
    pending: list[int] = []
    mutable_seen: dict[int, int] = {}

    def add(item: Any) -> int:
        if id(item) in mutable_seen:
            return mutable_seen[id(item)]
        if len(nodes) >= MAX_NODES:
            raise ValueError(f"a value of more than {MAX_NODES} parts")
        index = len(nodes)
        nodes.append(None)
        parts.append(item)
        pending.append(index)
        if isinstance(item, list | dict | set) or _is_instance(item):
            mutable_seen[id(item)] = index
        return index

    add(value)
    while pending:
        index = pending.pop()
        nodes[index] = _plain_node(parts[index], add) or _other_node(parts[index], add, special)
    return nodes, parts


def _plain_node(item: Any, add: Callable[[Any], int]) -> list[Any] | None:
    if item is None or isinstance(item, bool | str):
        return ["v", item if item is None or isinstance(item, bool) else str.__str__(item)]
    if isinstance(item, int):
        if int.bit_length(item) > MAX_INT_BITS:
            raise ValueError(f"an integer of more than {MAX_INT_BITS} bits")
        return ["n", hex(item)]
    if isinstance(item, float):
        return ["f", float.__repr__(item)]
    for kind, tag in _SEQUENCES.items():
        if isinstance(item, kind):
            return [tag, [add(part) for part in kind.__iter__(item)]]
    if isinstance(item, dict):
        return ["d", [[add(key), add(part)] for key, part in dict.items(item)]]
    if isinstance(item, bytes | bytearray):
        return ["b", bytes(item).hex()]
    if isinstance(item, complex):
        return ["c", [item.real.hex(), item.imag.hex()]]
    if isinstance(item, ITERATORS):
        return ["i", [add(part) for part in islice(item, MAX_NODES)]]
    return None


def _other_node(
    item: Any, add: Callable[[Any], int], special: Callable[[Any], list[Any] | None] | None
) -> list[Any]:
    node = special(item) if special is not None else None
    if node is not None:
        return node
    if _is_instance(item):
        return ["o", type(item).__name__, [[name, add(part)] for name, part in vars(item).items()]]
    return ["r", type(item).__name__]


def _is_instance(item: Any) -> bool:
    return hasattr(item, "__dict__") and not isinstance(item, type | types.ModuleType | types.FunctionType)


def decode(
    nodes: Any,
    classes: Classes | None = None,
    foreign: Callable[[int, list[Any]], Any] | None = None,
) -> Any:
    """The value of a node table.

    Args:
        classes: without, no instances are made.
        foreign: given the index and the node of everything else, makes what stands for it.

    Raises:
        ValueError: not a node table, or one that would take too long.
    """
    if not isinstance(nodes, list) or not 0 < len(nodes) <= MAX_NODES:
        raise ValueError("not a node table")
    try:
        known = {} if classes is None else classes
        built = [_allocate(index, node, known, foreign or _opaque) for index, node in enumerate(nodes)]
        shape = _Shape(len(nodes))
        for index in range(len(nodes) - 1, -1, -1):
            _fill(index, nodes[index], built, shape)
            _fill_instance(built[index], nodes[index], known, built)
    except (KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a node table: {error}") from error
    return built[0]


def _opaque(_: int, node: list[Any]) -> Opaque:
    if node[0] not in ("o", "r"):
        raise ValueError("not a node")
    return Opaque(str(node[1])[:100])


def _allocate(index: int, node: Any, classes: Classes, foreign: Callable[[int, list[Any]], Any]) -> Any:
    """Scalars as they are, mutable containers empty; immutable ones come in the second pass."""
    tag, content = node[0], node[1]
    if tag == "v":
        if content is not None and not isinstance(content, bool | str):
            raise ValueError("not a plain value")
        return content
    if tag == "o" and (known := classes.get(content)) is not None:
        return object.__new__(known)
    if tag not in _ALLOCATE:
        return foreign(index, node)
    return _ALLOCATE[tag](content)


def _integer(content: str) -> int:
    if len(content) > MAX_INT_BITS // 4 + 3:
        raise ValueError(f"an integer of more than {MAX_INT_BITS} bits")
    return int(content, 16)


_ALLOCATE: dict[str, Callable[[Any], Any]] = {
    "n": _integer, "f": float, "b": bytes.fromhex,
    "c": lambda content: complex(*map(float.fromhex, content)),
    "l": lambda _: [], "s": lambda _: set(), "d": lambda _: {},
    "t": lambda _: (), "z": lambda _: frozenset(), "i": lambda _: (),
}  # fmt: skip


class _Shape:
    """How far each immutable value unfolds, and how much of the work of hashing is spent."""

    def __init__(self, count: int) -> None:
        self._size, self._depth = [1] * count, [0] * count
        self._spent = 0

    def note(self, index: int, refs: list[int]) -> None:
        self._size[index] = min(MAX_HASH_STEPS + 1, 1 + sum(self._size[ref] for ref in refs))
        self._depth[index] = 1 + max((self._depth[ref] for ref in refs), default=0)

    def allow_hashing(self, refs: list[int], built: list[Any]) -> None:
        self._spent += sum(self._size[ref] for ref in refs)
        if self._spent > MAX_HASH_STEPS or any(self._depth[ref] > MAX_HASH_DEPTH for ref in refs):
            raise ValueError("a set or a mapping that takes too long to hash")
        same = Counter(hash(built[ref]) for ref in refs)
        if same and max(same.values()) > MAX_SAME_HASH:
            raise ValueError("a set or a mapping of values with one hash")


def _fill(index: int, node: Any, built: list[Any], shape: _Shape) -> None:
    tag, content = node[0], node[1]
    if tag in ("s", "z"):
        shape.allow_hashing(content, built)
    if tag in _SEALED:
        shape.note(index, content)
        built[index] = _SEALED[tag]([_built_part(built, index, ref) for ref in content])
    elif tag == "l":
        built[index].extend(built[ref] for ref in content)
    elif tag == "s":
        built[index].update(built[ref] for ref in content)
    elif tag == "d":
        shape.allow_hashing([key for key, _ in content], built)
        built[index].update((built[key], built[value]) for key, value in content)


def _fill_instance(made: Any, node: Any, classes: Classes, built: list[Any]) -> None:
    if node[0] == "o" and type(made) is classes.get(node[1]):
        vars(made).update((name, built[ref]) for name, ref in node[2])


def _built_part(built: list[Any], index: int, ref: int) -> Any:
    """A part of an immutable value: mutable and shared, or behind its owner in the table and so complete."""
    if ref <= index and isinstance(built[ref], tuple | frozenset):
        raise ValueError("an immutable value that is not behind its owner")
    return built[ref]
