"""The puzzles' answers are the only ones: checked by trying all arrangements, not by z3."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from itertools import permutations, product

import pytest

from guru_data.config import Level
from guru_data.synthetic.logic.clues import Clue, true_clues
from guru_data.synthetic.logic.grid import rules_of
from guru_data.synthetic.logic.uniqueness import enough_clues
from tests.guru_data.synthetic_sets import drawn, task_config

Holds = Callable[[int, int], bool]

BIRD_CLUES: dict[str, Holds] = {
    r"The (\w+) is somewhere to the left of the (\w+)\.": lambda a, b: a < b,
    r"The (\w+) is directly to the left of the (\w+)\.": lambda a, b: b - a == 1,
    r"The (\w+) is beside the (\w+)\.": lambda a, b: abs(a - b) == 1,
    r"The (\w+) is not beside the (\w+)\.": lambda a, b: abs(a - b) != 1,
}
HOUSE_CLUES: dict[str, Holds] = {
    r"(.+) lives in the same house as (.+)\.": lambda a, b: a == b,
    r"(.+) does not live in the same house as (.+)\.": lambda a, b: a != b,
    r"(.+) lives somewhere to the left of (.+)\.": lambda a, b: a < b,
    r"(.+) lives directly to the left of (.+)\.": lambda a, b: b - a == 1,
    r"(.+) lives next to (.+)\.": lambda a, b: abs(a - b) == 1,
    r"(.+) lives neither next to (.+) nor in the same house\.": lambda a, b: abs(a - b) > 1,
}


def read(line: str, clues: dict[str, Holds]) -> tuple[str, str, Holds]:
    ((match, holds),) = [(m, holds) for form, holds in clues.items() if (m := re.fullmatch(form, line))]
    return match[1], match[2], holds


@pytest.mark.parametrize("level", [1, 2, 3])
def test_one_order_of_the_birds_fits_and_every_clue_is_needed(level: Level) -> None:
    for problem, _ in drawn(task_config("arrangement", level, train=10)):
        first, *lines, _ = problem.prompt[0].content.splitlines()
        birds = first.split(": ")[1].rstrip(".").split(", ")
        numbered = [re.fullmatch(r"The (\w+) is number (\d) from the left\.", line) for line in lines]
        fixed = [(match[1], int(match[2]) - 1) for match in numbered if match]
        relations = [read(line, BIRD_CLUES) for line, match in zip(lines, numbered, strict=True) if not match]
        clues: list[Callable[[list[str]], bool]] = [
            *(lambda order, b=bird, at=at: order[at] == b for bird, at in fixed),
            *(lambda order, a=a, b=b, h=h: h(order.index(a), order.index(b)) for a, b, h in relations),
        ]
        orders = [list(order) for order in permutations(birds)]
        assert [order for order in orders if all(clue(order) for clue in clues)] == [problem.ground_truth]
        for left_out in clues:
            assert sum(all(clue(o) for clue in clues if clue is not left_out) for o in orders) > 1


@pytest.mark.parametrize("level", [1, 2])
def test_one_table_of_houses_fits(level: Level) -> None:
    for problem, _ in drawn(task_config("zebra", level, train=10)):
        _, *lines, _ = problem.prompt[0].content.splitlines()
        listed = [line.split(": ") for line in lines if re.match(r"\w+: ", line)]
        fixed = [re.fullmatch(r"(.+) lives in house (\d)\.", line) for line in lines]
        numbers = [(match[1].split()[-1], int(match[2]) - 1) for match in fixed if match]
        sentences = lines[len(listed) :]
        relations = [read(line, HOUSE_CLUES) for line in sentences if not re.search(r"in house \d", line)]
        pairs = [(a.split()[-1], b.split()[-1], holds) for a, b, holds in relations]

        found = []
        for columns in product(*(permutations(values.split(", ")) for _, values in listed)):
            at = {item: place for column in columns for place, item in enumerate(column)}
            if all(h(at[a], at[b]) for a, b, h in pairs) and all(at[item] == n for item, n in numbers):
                found.append(
                    [[str(n), *cells] for n, cells in enumerate(zip(*columns, strict=True), start=1)]
                )
        assert isinstance(problem.ground_truth, dict)
        assert problem.ground_truth["header"] == ["Position", *(name for name, _ in listed)]
        assert found == [problem.ground_truth["rows"]]


def test_clues_that_leave_two_orders_are_not_enough() -> None:
    positions = {"owl": 0, "wren": 1, "crow": 2}
    beside = [Clue("beside", "owl", "wren"), Clue("beside", "wren", "crow")]
    with pytest.raises(ValueError, match="more than one"):
        enough_clues((("owl", "wren", "crow"),), positions, beside)


def test_z3_and_the_clues_themselves_agree_on_what_they_mean() -> None:
    categories = (("a", "b", "c"), ("x", "y", "z"))
    everything = list(product(permutations(range(3)), repeat=2))
    for first, second in everything[::5]:
        positions = dict(zip("abcxyz", first + second, strict=True))
        clues = list(true_clues(categories, positions))
        for start in range(0, len(clues), 9):
            enough = enough_clues(categories, positions, clues[start:] + clues[:start])
            fitting = [
                (one, two)
                for one, two in everything
                if all(clue.holds(dict(zip("abcxyz", one + two, strict=True))) for clue in enough)
            ]
            assert fitting == [(first, second)]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_one_of_the_first_roads_leads_to_the_goal(level: Level) -> None:
    for problem, _ in drawn(task_config("path", level, train=50)):
        text = problem.prompt[0].content
        roads = re.findall(r"(\w+) -> (\w+)", text)
        ((start, goal),) = re.findall(r"from (\w+) to (\w+),", text)

        def leads(place: str, goal: str, roads: list[tuple[str, str]], seen: frozenset[str]) -> bool:
            if place == goal:
                return True
            onward = [end for begin, end in roads if begin == place and end not in seen]
            return any(leads(end, goal, roads, seen | {end}) for end in onward)

        starts = [end for begin, end in roads if begin == start]
        assert len(starts) > 1
        assert [end for end in starts if leads(end, goal, roads, frozenset({start, end}))] == [
            problem.ground_truth
        ]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_every_rule_that_explains_the_examples_gives_the_answer(level: Level) -> None:
    for problem, _ in drawn(task_config("grid", level, train=10)):
        _, *shown, asked, _ = problem.prompt[0].content.splitlines()
        pairs = [tuple(map(ast.literal_eval, line.split(" -> "))) for line in shown]
        given = ast.literal_eval(asked.removesuffix(" -> ?"))
        answers = [
            [list(row) for row in rule.apply(tuple(map(tuple, given)))]
            for rule in rules_of(level)
            if all(
                [list(row) for row in rule.apply(tuple(map(tuple, before)))] == after
                for before, after in pairs
            )
        ]
        assert answers
        assert all(answer == problem.ground_truth for answer in answers)
