"""Steps on lists of integers: choose, change, order and accumulate."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, pairwise
from random import Random

from guru_data.synthetic.pipelines.pipeline import Grammar, Step

_Numbers = list[int]

_PLAIN: tuple[Step[_Numbers], ...] = (
    Step("keep the even numbers", "[x for x in xs if x % 2 == 0]", lambda xs: [x for x in xs if x % 2 == 0]),
    Step("keep the odd numbers", "[x for x in xs if x % 2 == 1]", lambda xs: [x for x in xs if x % 2 == 1]),
    Step("keep every second number, beginning with the first", "xs[::2]", lambda xs: xs[::2]),
    Step("reverse the list", "xs[::-1]", lambda xs: xs[::-1]),
    Step("sort in ascending order", "sorted(xs)", sorted),
    Step("sort in descending order", "sorted(xs, reverse=True)", lambda xs: sorted(xs, reverse=True)),
    Step(
        "remove repeated numbers, keeping the first of each",
        "list(dict.fromkeys(xs))",
        lambda xs: list(dict.fromkeys(xs)),
    ),
    Step(
        "replace each number by the sum of all up to and including it",
        "[sum(xs[: i + 1]) for i in range(len(xs))]",
        lambda xs: list(accumulate(xs)),
    ),
    Step(
        "replace the list by the differences of neighbours, right minus left",
        "[b - a for a, b in zip(xs, xs[1:])]",
        lambda xs: [b - a for a, b in pairwise(xs)],
    ),
    Step("square each number", "[x * x for x in xs]", lambda xs: [x * x for x in xs]),
    Step("replace negative numbers by 0", "[max(x, 0) for x in xs]", lambda xs: [max(x, 0) for x in xs]),
)


def _greater(k: int) -> Step[_Numbers]:
    return Step(
        f"keep the numbers greater than {k}",
        f"[x for x in xs if x > {k}]",
        lambda xs: [x for x in xs if x > k],
    )


def _smaller(k: int) -> Step[_Numbers]:
    return Step(
        f"keep the numbers smaller than {k}",
        f"[x for x in xs if x < {k}]",
        lambda xs: [x for x in xs if x < k],
    )


def _added(k: int) -> Step[_Numbers]:
    return Step(f"add {k} to each number", f"[x + {k} for x in xs]", lambda xs: [x + k for x in xs])


def _subtracted(k: int) -> Step[_Numbers]:
    return Step(f"subtract each number from {k}", f"[{k} - x for x in xs]", lambda xs: [k - x for x in xs])


def _multiplied(k: int) -> Step[_Numbers]:
    return Step(f"multiply each number by {k}", f"[x * {k} for x in xs]", lambda xs: [x * k for x in xs])


def _remainder(k: int) -> Step[_Numbers]:
    return Step(
        f"replace each number by its remainder modulo {k} (not negative)",
        f"[x % {k} for x in xs]",
        lambda xs: [x % k for x in xs],
    )


def _multiples(k: int) -> Step[_Numbers]:
    return Step(
        f"remove the multiples of {k}", f"[x for x in xs if x % {k}]", lambda xs: [x for x in xs if x % k]
    )


def _dropped(k: int) -> Step[_Numbers]:
    count = "number" if k == 1 else f"{k} numbers"
    return Step(f"remove the first {count}", f"xs[{k}:]", lambda xs: xs[k:])


def _appended(k: int) -> Step[_Numbers]:
    return Step(f"append {k} at the end", f"xs + [{k}]", lambda xs: [*xs, k])


_WITH_NUMBER: tuple[tuple[Callable[[int], Step[_Numbers]], range], ...] = (
    (_greater, range(-5, 20)),
    (_smaller, range(5, 30)),
    (_added, range(2, 30)),
    (_subtracted, range(5, 40)),
    (_multiplied, range(2, 10)),
    (_remainder, range(5, 20)),
    (_multiples, range(3, 8)),
    (_dropped, range(1, 3)),
    (_appended, range(1, 30)),
)


def _draw_step(rng: Random) -> Step[_Numbers]:
    if rng.random() < 0.4:
        return rng.choice(_PLAIN)
    make, numbers = rng.choice(_WITH_NUMBER)
    return make(rng.choice(numbers))


def _draw_value(rng: Random) -> _Numbers:
    return [rng.randint(-20, 40) for _ in range(rng.randint(4, 8))]


_PROBES = Random("lists")

LISTS = Grammar(
    variable="xs",
    draw_step=_draw_step,
    draw_value=_draw_value,
    probes=tuple(_draw_value(_PROBES) for _ in range(16)),
)
