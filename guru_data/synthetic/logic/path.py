"""Search a directed graph for the next step to a goal.

    wum -> fob, wum -> zor, zor -> pik, fob -> lut. From wum to pik: the next?   ->   <answer>zor</answer>

Of the first place's neighbours exactly one leads to the goal. The level sets how far the goal is, two steps
more each, and how many roads lead astray.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import tagged
from guru_data.synthetic.task import Puzzle

_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"

Edge = tuple[str, str]


class PathTask:
    """The only first step of a way."""

    domain: ClassVar[Domain] = "logic"
    verifier: ClassVar[str] = "graph"
    data_source: ClassVar[str] = "synthetic__path"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        way, edges = _draw_graph(rng, level)
        start, step, goal = way[0], way[1], way[-1]
        others = [end for begin, end in edges if begin == start and end != step]
        rng.shuffle(edges)
        roads = ", ".join(f"{begin} -> {end}" for begin, end in edges)
        return Puzzle(
            content=f"{start} {goal} {sorted(edges)}",
            prompt=f"One-way roads: {roads}.\nOn the way from {start} to {goal}, which place comes directly "
            f"after {start}? Answer with one word in <answer>.",
            ground_truth=step,
            worked=f"{' -> '.join(way)} {tagged(step)}",
            guess=tagged(rng.choice([step, *others])),
            wrong=f"{start} -> {(wrong := rng.choice(others))} {tagged(wrong)}",
        )


def reaches(edges: Sequence[Edge], start: str, goal: str) -> bool:
    """Whether roads lead from one place to another."""
    seen, waiting = {start}, [start]
    while waiting:
        place = waiting.pop()
        for begin, end in edges:
            if begin == place and end not in seen:
                seen.add(end)
                waiting.append(end)
    return goal in seen


def _draw_graph(rng: Random, level: Level) -> tuple[list[str], list[Edge]]:
    """A way and the roads around it; only the way's first road leads from its start to its goal."""
    while True:
        way, astray = _names(rng, 2 * level + 1), _names(rng, 3 * level + 1)
        if set(way) & set(astray):
            continue
        edges = {*pairwise(way), (way[0], astray[0]), (way[0], astray[1])}
        for at, place in enumerate(astray[1:], start=1):
            edges.add((rng.choice([*astray[:at], *way[1:-1]]), place))
        for _ in range(level):
            edges.add((rng.choice(astray), rng.choice([*astray, way[0]])))
        roads = sorted(edge for edge in edges if edge[0] != edge[1])
        from_start = [end for begin, end in roads if begin == way[0]]
        away = [edge for edge in roads if edge[1] != way[0]]
        if [end for end in from_start if reaches(away, end, way[-1])] == [way[1]]:
            return way, roads


def _names(rng: Random, count: int) -> list[str]:
    """Different made-up words of two syllables."""
    names: dict[str, None] = {}
    while len(names) < count:
        syllables = [rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(2)]
        names["".join(syllables) + rng.choice(_CONSONANTS)] = None
    return list(names)
