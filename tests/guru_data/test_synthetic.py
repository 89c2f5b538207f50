"""The synthetic source: deterministic, distinct, disjoint, short, and right by arithmetic of our own."""

from __future__ import annotations

import re
from collections import Counter
from itertools import permutations
from typing import get_args

import pytest

from guru_data import Domain, Problem, SourceConfigError, SyntheticConfig, demonstrations, load_problems
from guru_data.config import Level

DOMAINS: tuple[Domain, ...] = get_args(Domain)
LEVELS: tuple[Level, ...] = get_args(Level)
EVERY_TASK = [pytest.param(domain, level, id=f"{domain}-{level}") for domain in DOMAINS for level in LEVELS]


def config(
    domain: Domain, level: Level, train: int = 200, heldout: int = 50, seed: int = 0
) -> SyntheticConfig:
    return SyntheticConfig(
        seed=seed,
        domains=(domain,),
        levels={domain: level},
        train_per_domain=train,
        heldout_per_domain=heldout,
    )


def test_turned_round_operands_are_one_content() -> None:
    pairs: dict[str, set[frozenset[str]]] = {"train": set(), "heldout": set()}
    for split in ("train", "heldout"):
        for problem in load_problems(config("math", 2, 500, 500), split):
            pairs[split].add(frozenset(re.findall(r"\d+", problem.prompt[0].content)))
    assert pairs["train"].isdisjoint(pairs["heldout"])


@pytest.mark.parametrize("level", LEVELS)
def test_sums_are_right(level: Level) -> None:
    for problem in load_problems(config("math", level), "train"):
        first, second = map(int, re.findall(r"\d+", problem.prompt[0].content))
        assert problem.ground_truth == str(first + second)


@pytest.mark.parametrize(
    ("first", "second", "working"),
    [
        (47, 38, "7+8=15 4+3+1=8"),
        (42, 35, "2+5=7 4+3=7"),
        (87, 56, "7+6=13 8+5+1=14"),
        (47, 8, "7+8=15 4+1=5"),
        (20, 3, "0+3=3 2=2"),
        (205, 307, "5+7=12 0+0+1=1 2+3=5"),
    ],
)
def test_additions_are_worked_column_by_column(first: int, second: int, working: str) -> None:
    from guru_data.synthetic.math.addition import column_working

    assert column_working(first, second) == working


@pytest.mark.parametrize("level", LEVELS)
def test_exactly_one_order_satisfies_the_comparisons(level: Level) -> None:
    for problem in load_problems(config("logic", level, train=50), "train"):
        text = problem.prompt[0].content
        larger = [(a, b) if sign == ">" else (b, a) for a, sign, b in re.findall(r"(\w) ([<>]) (\w)", text)]
        items = sorted({item for pair in larger for item in pair})
        orders = [
            list(order)
            for order in permutations(items)
            if all(order.index(high) < order.index(low) for high, low in larger)
        ]
        assert orders == [problem.ground_truth]


@pytest.mark.parametrize("level", LEVELS)
def test_the_asked_cell_is_in_the_table(level: Level) -> None:
    for problem in load_problems(config("table", level), "train"):
        *table, question = problem.prompt[0].content.splitlines()
        header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
        (column, name), *_ = re.findall(r"(\w+) (?:of|on) (\w+)\?", question)
        (row,) = [row for row in rows if row[0] == name]
        assert row[header.index(column)] == problem.ground_truth


@pytest.mark.parametrize("level", LEVELS)
def test_code_outputs_are_those_of_the_described_function(level: Level) -> None:
    for problem in load_problems(config("code", level), "train"):
        words = problem.prompt[0].content.split("# ")[1].splitlines()[0]
        assert isinstance(problem.ground_truth, dict)
        for (a, b), output in zip(
            problem.ground_truth["inputs"], problem.ground_truth["outputs"], strict=True
        ):
            assert output == value_of(words, a, b)


def value_of(words: str, a: int, b: int) -> int:
    """By splitting: products bind tighter, so split at the sums first."""
    total = 0
    for sign, product in re.findall(r"(plus|minus|^) ?((?:\w+ times )*\w+)", words):
        factors = [{"a": a, "b": b}.get(factor) or int(factor) for factor in product.split(" times ")]
        value = 1
        for factor in factors:
            value *= factor
        total += -value if sign == "minus" else value
    return total


def test_asking_for_more_problems_than_there_are_names_domain_level_and_fix() -> None:
    with pytest.raises(SourceConfigError, match=r"math at level 1 has about \d+ .* raise levels.math"):
        load_problems(config("math", 1, train=5000), "train")


@pytest.mark.parametrize("domain", DOMAINS)
def test_texts_are_short(domain: Domain) -> None:
    for demonstration in demonstrations(config(domain, 1), seed=0, count=200):
        assert len(demonstration.prompt[0].content) <= 120
        assert len(demonstration.response) <= 80


def test_demonstrations_are_deterministic_and_of_the_asked_mixture() -> None:
    source = SyntheticConfig()
    made = list(demonstrations(source, seed=3, count=400, worked_share=0.25, evasive_share=0.5))
    assert made == list(demonstrations(source, seed=3, count=400, worked_share=0.25, evasive_share=0.5))
    assert made != list(demonstrations(source, seed=4, count=400, worked_share=0.25, evasive_share=0.5))
    kinds = Counter(demonstration.kind for demonstration in made)
    assert 60 < kinds["worked"] < 140
    assert 160 < kinds["evasive"] < 240
    assert dict.fromkeys(source.domains, 100) == {
        domain: sum(demonstration.domain == domain for demonstration in made) for domain in source.domains
    }


@pytest.mark.parametrize(("domain", "level"), EVERY_TASK)
def test_demonstrations_show_no_heldout_problem(domain: Domain, level: Level) -> None:
    heldout = {prompt(problem) for problem in load_problems(config(domain, level), "heldout")}
    shown = {made.prompt[0].content for made in demonstrations(config(domain, level), seed=0, count=500)}
    assert heldout.isdisjoint(shown)


def prompt(problem: Problem) -> str:
    return problem.prompt[0].content
