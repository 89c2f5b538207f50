"""Python values as JSON, for crossing the border between a candidate, a test program and the verifier.

    [1, (2, 3)] <-> [["l", [1, 2]], ["v", 1], ["t", [3, 4]], ["v", 2], ["v", 3]]

A value is a flat table of nodes that refer to each other by index, the value itself first; so deep, shared
and cyclic values (linked lists, trees) need no recursion. Plain types keep their exact type. Instances carry
their class name and attributes and become instances again where `classes` knows the name; everything else
arrives as an `Opaque` that equals nothing. No code of the sender's is ever run by decoding.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any

MAX_NODES = 300_000
MAX_INT_BITS = 60_000
ITERATORS = (types.GeneratorType, map, filter, zip, range, reversed, enumerate)

_SEALED: dict[str, Callable[[list[Any]], Any]] = {"t": tuple, "z": frozenset, "i": iter}
_SEQUENCES: dict[Any, str] = {list: "l", tuple: "t", set: "s", frozenset: "z"}


class Opaque:
    """A value that cannot cross the border; it equals nothing, itself included."""

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{self.type_name}>"


def encode(value: Any) -> list[Any]:
    """The node table of a value.

    Raises:
        ValueError: more than `MAX_NODES` nodes, or an integer over `MAX_INT_BITS`.
    """
    nodes: list[Any] = []
    pending: list[tuple[int, Any]] = []
    mutable_seen: dict[int, int] = {}
    kept_alive: list[Any] = []

    def add(item: Any) -> int:
        if id(item) in mutable_seen:
            return mutable_seen[id(item)]
        if len(nodes) >= MAX_NODES:
            raise ValueError(f"a value of more than {MAX_NODES} parts")
        index = len(nodes)
        nodes.append(None)
        pending.append((index, item))
        if isinstance(item, list | dict | set) or _is_instance(item):
            mutable_seen[id(item)] = index
            kept_alive.append(item)
        return index

    add(value)
    while pending:
        index, item = pending.pop()
        nodes[index] = _node(item, add)
    return nodes


def _node(item: Any, add: Callable[[Any], int]) -> list[Any]:
    if item is None or isinstance(item, bool | str):
        return ["v", item]
    if isinstance(item, int):
        if item.bit_length() > MAX_INT_BITS:
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
        return ["i", [add(part) for _, part in zip(range(MAX_NODES), item, strict=False)]]
    if _is_instance(item):
        return ["o", type(item).__name__, [[name, add(part)] for name, part in vars(item).items()]]
    return ["r", type(item).__name__]


def _is_instance(item: Any) -> bool:
    return hasattr(item, "__dict__") and not isinstance(item, type | types.ModuleType | types.FunctionType)


def decode(nodes: Any, classes: Mapping[str, type] | None = None) -> Any:
    """The value of a node table.

    Raises:
        ValueError: not a node table.
    """
    if not isinstance(nodes, list) or not 0 < len(nodes) <= MAX_NODES:
        raise ValueError("not a node table")
    try:
        built = [_allocate(node, classes or {}) for node in nodes]
        for index in range(len(nodes) - 1, -1, -1):
            _fill(index, nodes[index], built)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"not a node table: {error}") from error
    return built[0]


def _allocate(node: Any, classes: Mapping[str, type]) -> Any:
    """Scalars as they are, mutable containers empty; immutable ones come in the second pass."""
    tag, content = node[0], node[1]
    if tag == "v":
        if content is not None and not isinstance(content, bool | str):
            raise ValueError("not a plain value")
        return content
    if tag == "o":
        known = classes.get(content)
        return Opaque(str(content)) if known is None else object.__new__(known)
    simple: dict[str, Callable[[], Any]] = {
        "n": lambda: int(content, 16),
        "f": lambda: float(content),
        "b": lambda: bytes.fromhex(content),
        "c": lambda: complex(*map(float.fromhex, content)),
        "r": lambda: Opaque(str(content)),
        "l": list, "s": set, "d": dict, "t": tuple, "z": frozenset, "i": tuple,
    }  # fmt: skip
    return simple[tag]()


def _fill(index: int, node: Any, built: list[Any]) -> None:
    tag, content = node[0], node[1]
    if tag in ("t", "z", "i"):
        parts = [_built_part(built, index, ref) for ref in content]
        built[index] = _SEALED[tag](parts)
    elif tag == "l":
        built[index].extend(built[ref] for ref in content)
    elif tag == "s":
        built[index].update(built[ref] for ref in content)
    elif tag == "d":
        built[index].update((built[key], built[value]) for key, value in content)
    elif tag == "o" and not isinstance(built[index], Opaque):
        vars(built[index]).update((name, built[ref]) for name, ref in node[2])


def _built_part(built: list[Any], index: int, ref: int) -> Any:
    """A part of an immutable value: mutable and shared, or behind its owner in the table and so complete."""
    if ref <= index and isinstance(built[ref], tuple | frozenset):
        raise ValueError("an immutable value that is not behind its owner")
    return built[ref]
