"""Which tests of a programming problem are kept, always the same ones.

    {"inputs", "outputs"} | {"functional"} --evenly spaced, then without the longest--> fewer tests

Guru ships every test of every problem: thousands for one problem, tens of megabytes for another.
Evenly spaced ones keep the mixture of small and large cases. Where they are still too long
together, the longest go first: they are mostly stress tests, so a slow solution may then pass.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LISTS = re.compile(r"^(_inputs|_outputs) = (\[.*\])[ \t]*$", re.MULTILINE)
"""TACO's programs hold their cases in two list literals, one line each."""
_TOKEN = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[\[\](){},]""")


def kept_places(sizes: Sequence[int], *, max_tests: int, max_chars: int) -> list[int]:
    """Places of the tests to keep, in order; at least one.

    Args:
        sizes: characters of each test.
    """
    count = len(sizes)
    places = list(range(count))
    if count > max_tests:
        step = (count - 1) / max(1, max_tests - 1)
        places = [round(at * step) for at in range(max_tests)]
    total = sum(sizes[place] for place in places)
    for place in sorted(places, key=lambda at: (-sizes[at], -at))[: len(places) - 1]:
        if total <= max_chars:
            break
        total -= sizes[place]
        places.remove(place)
    return places


def shortened_program(program: str, *, max_tests: int, max_chars: int) -> str:
    """A test program with fewer cases; unchanged where it holds its cases in another way."""
    found = {match.group(1): match for match in _LISTS.finditer(program)}
    if set(found) != {"_inputs", "_outputs"}:
        return program
    inputs, outputs = (_items(found[name].group(2)) for name in ("_inputs", "_outputs"))
    if not inputs or len(inputs) != len(outputs):
        return program
    sizes = [len(given) + len(wanted) for given, wanted in zip(inputs, outputs, strict=True)]
    rest = len(program) - sum(sizes)
    places = kept_places(sizes, max_tests=max_tests, max_chars=max_chars - rest)
    if len(places) == len(sizes):
        return program
    kept = {"_inputs": [inputs[at] for at in places], "_outputs": [outputs[at] for at in places]}
    return _LISTS.sub(lambda match: f"{match.group(1)} = [{', '.join(kept[match.group(1)])}]", program)


def _items(literal: str) -> list[str]:
    """The texts of a list literal's items, found by counting brackets outside quotes."""
    items, depth, start = [], 0, 1
    for match in _TOKEN.finditer(literal):
        token = match.group()
        if token in "[({":
            depth += 1
        elif token in "])}":
            depth -= 1
        if (token == "," and depth == 1) or depth == 0:
            items.append(literal[start : match.start()].strip())
            start = match.end()
    return [item for item in items if item]
