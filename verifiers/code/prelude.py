"""Imports that stand before a candidate's functions, as the judges of the datasets have them.

LeetCode and LiveCodeBench solutions are written for a judge that has imported half the standard library; a
missing `List` is not the model's fault. Only the lines whose names occur in the sources are used, because
importing all of them would double the time of a grading. A dataset's own prefix (`extra_info.prefix`) comes
after these. Programs that read stdin get no prelude: they are complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

IMPORTS: tuple[str, ...] = (
    *(f"import {module}" for module in ("bisect", "collections", "copy", "functools", "heapq", "itertools")),
    *(f"import {module}" for module in ("math", "operator", "random", "re", "string", "sys")),
    "from bisect import bisect, bisect_left, bisect_right, insort",
    "from collections import Counter, OrderedDict, defaultdict, deque, namedtuple",
    "from functools import cache, cmp_to_key, lru_cache, partial, reduce",
    "from heapq import heapify, heappop, heappush, heappushpop, heapreplace, nlargest, nsmallest",
    "from itertools import accumulate, chain, combinations, count, cycle, groupby, islice",
    "from itertools import permutations, product",
    "from math import ceil, comb, floor, gcd, inf, sqrt",
    "from typing import Any, Callable, DefaultDict, Deque, Dict, FrozenSet, Generator, Generic, Iterable, "
    "Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple, TypeVar, Union",
)  # fmt: skip

_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Prelude:
    imports: str
    """Ours; whoever defines one of these names himself goes before them."""
    prefix: str
    """The dataset's own, a part of its tests."""

    @property
    def source(self) -> str:
        return f"{self.imports}\n{self.prefix}"


def prelude_for(sources: Iterable[str], extra: Mapping[str, JsonValue]) -> Prelude:
    """The imports that the sources may need, and the dataset's own prefix where it has one."""
    info = extra.get("extra_info")
    given = info.get("prefix") if isinstance(info, Mapping) else None
    prefix = given if isinstance(given, str) else ""
    words = {word for source in (*sources, prefix) for word in _WORD.findall(source)}
    needed = [line for line in IMPORTS if not words.isdisjoint(_names(line))]
    return Prelude("\n".join(needed), prefix)


def _names(line: str) -> list[str]:
    return _WORD.findall(line.partition("import ")[2])
