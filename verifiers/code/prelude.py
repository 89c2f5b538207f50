"""Imports that stand before a candidate's functions, as the judges of the datasets have them.

LeetCode and LiveCodeBench solutions are written for a judge that has imported half the standard library; a
missing `List` is not the model's fault. A dataset's own prefix (`extra_info.prefix`) comes after these.
Programs that read stdin get no prelude: they are complete.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

PRELUDE = """\
import bisect, collections, copy, functools, heapq, itertools, math, operator, random, re, string, sys
from bisect import bisect_left, bisect_right, insort
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from functools import cache, cmp_to_key, lru_cache, reduce
from heapq import heapify, heappop, heappush, heappushpop, heapreplace, nlargest, nsmallest
from itertools import accumulate, chain, combinations, count, cycle, groupby, islice, permutations, product
from math import ceil, comb, floor, gcd, inf, sqrt
from typing import *
"""


def prelude_of(extra: Mapping[str, JsonValue]) -> str:
    """The prelude, with the dataset's own prefix where it has one."""
    info = extra.get("extra_info")
    prefix = info.get("prefix") if isinstance(info, Mapping) else None
    return PRELUDE + (prefix if isinstance(prefix, str) else "")
