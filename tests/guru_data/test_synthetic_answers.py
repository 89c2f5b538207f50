"""References computed a second time, from nothing but the prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from math import sqrt

import pytest

from guru_data.config import Level, TaskName
from guru_data.grading import ProblemGrader
from guru_data.synthetic.science.laws import CHAINS, LAWS, Law
from guru_data.synthetic.science.substances import ELEMENTS
from tests.guru_data.synthetic_sets import LEVELS, drawn, task_config
from tests.guru_data.test_synthetic_programs import holds_in_python

MASSES = {element.symbol: element.mass for element in ELEMENTS}


@pytest.fixture(scope="module")
def grader() -> Iterator[ProblemGrader]:
    with ProblemGrader() as opened:
        yield opened


def asked(name: TaskName, level: Level, count: int = 40) -> list[tuple[str, str]]:
    """Prompts without their last line, and references."""
    pairs = drawn(task_config(name, level, train=count))
    return [
        (problem.prompt[0].content.rpartition("\n")[0], str(problem.ground_truth)) for problem, _ in pairs
    ]


def python(text: str) -> str:
    """`3x^2 - 2(x + 1)` as Python writes it, its numbers exact."""
    text = re.sub(r"(?<=\d)\s*(?=[a-z(])", "*", text.replace("^", "**"))
    return re.sub(r"(?<![\w*])(\d+)", r"Fraction(\1)", text)


def test_arithmetic_fractions_and_equations_hold_in_python(grader: ProblemGrader) -> None:
    asserts = ["from fractions import Fraction"]
    for level in LEVELS:
        for name in ("arithmetic", "fraction"):
            asserts += [
                f"assert {python(text.removesuffix(' = ?'))} == {python(f'({value})')}"
                for text, value in asked(name, level)
            ]
        for text, value in asked("linear_equation", level):
            left, right = text.removeprefix("Solve ").removesuffix(" for x.").split(" = ")
            asserts += [f"x = {python(f'({value})')}", f"assert {python(left)} == {python(right)}"]
        for text, value in asked("linear_system", level):
            equations = text.removeprefix("Solve ").removesuffix(".").split(", ")
            asserts.append(f"{'x, y, z' if level == 3 else 'x, y'} = {value}")
            asserts += [
                f"assert {python(left)} == {python(right)}" for left, right in map(split_equation, equations)
            ]
    asserts.append("assert asked() == 0")  # tests that ask nothing of a program are refused
    assert holds_in_python(grader, "def asked(): return 0", asserts)


def split_equation(text: str) -> tuple[str, str]:
    left, right = text.split(" = ")
    return left, right


@pytest.mark.parametrize("level", LEVELS)
def test_the_larger_solution_of_a_quadratic_is_by_the_formula(level: Level) -> None:
    for text, value in asked("quadratic", level):
        left = text.removeprefix("What is the larger solution of ").removesuffix(" = 0?")
        powers = {"x^2": 0.0, "x": 0.0, "": 0.0}
        for sign, size, power in re.findall(r"(^|-|\+)\s*(-?\d*)(x\^2|x|)(?=\s|$)", left):
            number = {"": 1.0, "-": -1.0}.get(size) or float(size)
            powers[power] += -number if sign == "-" else number
        a, b, c = powers.values()
        assert as_float(value) == pytest.approx((-b + sqrt(b * b - 4 * a * c)) / (2 * a))


def as_float(value: str) -> float:
    match = re.fullmatch(r"(?:\\frac\{)?(-?\d+)?\s*(\+|-)?\s*(\d*)\\sqrt\{(\d+)\}(?:\}\{(\d+)\})?", value)
    if match is None:
        return float(Fraction(value))
    outside, sign, factor, inside, below = match.groups()
    root = float(factor or 1) * sqrt(float(inside)) * (-1 if sign == "-" else 1)
    return (float(outside or 0) + root) / float(below or 1)


@pytest.mark.parametrize("level", LEVELS)
def test_terms_follow_from_the_rule(level: Level) -> None:
    for text, value in asked("sequence", level):
        terms = {int(n): int(term) for n, term in re.findall(r"a\((\d+)\) = (-?\d+)", text)}
        rule = re.search(r"a\(n\+\d\) = ([^.]*)\.", text)
        last = re.search(r"What is a\((\d+)\)", text)
        assert rule
        assert last
        for at in range(len(terms) + 1, int(last[1]) + 1):
            total = 0
            for sign, size, index in re.findall(r"(^|[+-])\s*(-?\d*)(?:a\((n\+1|n)\))?(?=\s|$)", rule[1]):
                number = int(size) if size not in ("", "-") else int(f"{size}1")
                before = at - (2 if level == 3 and index == "n" else 1)
                total += (-number if sign == "-" else number) * (terms[before] if index else 1)
            terms[at] = total
        assert terms[int(last[1])] == int(value)


@pytest.mark.parametrize("level", LEVELS)
def test_divisors_multiples_and_remainders_are_found_by_counting(level: Level) -> None:
    for text, value in asked("divisibility", level):
        numbers = [int(number) for number in re.findall(r"\d+", text)]
        if level == 1:
            large, small = numbers
            assert int(value) == max(n for n in range(1, small + 1) if large % n == small % n == 0)
        elif level == 2:
            large, small = numbers
            assert int(value) == next(n for n in range(large, large * small + 1, large) if n % small == 0)
        else:
            base, exponent, modulus = numbers
            assert int(value) == base**exponent % modulus


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.equation)
def test_a_law_solved_for_each_quantity_gives_back_what_went_in(law: Law) -> None:
    values = {one.symbol: (one.low + one.high) / 3 for one in law.quantities}
    values[law.result] = law.solve(law.result, values)
    for one in law.quantities:
        assert law.solve(one.symbol, values) == pytest.approx(values[one.symbol])


def test_chained_laws_share_one_quantity_in_one_unit() -> None:
    for first, second in CHAINS:
        assert first.units().keys() & second.units().keys() == {first.result}
        assert first.unit == second.units()[first.result]


def test_masses_of_salts_are_the_sums_of_their_atoms() -> None:
    for problem, _ in drawn(task_config("multiple_choice", 3, train=100)):
        question, *options, _ = problem.prompt[0].content.splitlines()
        ((amount, formula),) = re.findall(r"of ([\d.]+) mol of (\S+)\?", question)
        group = re.search(r"\((\w+)\)(\d)", formula)
        plain = formula.replace(group[0], group[1] * int(group[2])) if group else formula
        mass = sum(
            MASSES[symbol] * int(count or 1) for symbol, count in re.findall(r"([A-Z][a-z]?)(\d?)", plain)
        )
        (right,) = [option for option in options if option.startswith(f"{problem.ground_truth})")]
        assert float(right.split()[1]) == pytest.approx(mass * float(amount), abs=0.06)


@pytest.mark.parametrize("level", LEVELS)
def test_tables_are_added_compared_and_divided_row_by_row(level: Level) -> None:
    for name in ("table_sum", "table_comparison", "table_percent"):
        for problem, _ in drawn(task_config(name, level, train=40)):
            _, header, _, *lines, question = problem.prompt[0].content.splitlines()
            years = [int(year) for year in re.findall(r"\d{4}", header)]
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            assert problem.ground_truth == answer_from(question, years, rows)


def answer_from(question: str, years: list[int], rows: list[list[str]]) -> str:
    named = [years.index(int(year)) + 2 for year in re.findall(r"\b\d{4}\b", question)]
    if found := re.match(r"How many were sold in (?:the (\w+) in )?", question):
        columns = named or range(2, len(rows[0]))
        return str(sum(int(row[at]) for row in rows for at in columns if found[1] in (None, row[1])))
    if found := re.match(r"Which city sold the (most|fewest)", question):
        pick = max if found[1] == "most" else min
        return pick(rows, key=lambda row: int(row[named[0]]))[0]
    if found := re.match(r"Which cities sold more than (\d+) in", question):
        return "|".join(row[0] for row in rows if int(row[named[-1]]) > int(found[1]))
    if found := re.match(r"Which cities sold (more|fewer) in", question):
        later, earlier = named
        more = found[1] == "more"
        return "|".join(row[0] for row in rows if (int(row[later]) > int(row[earlier])) == more)
    if found := re.match(r"What share of the \d+ sales is from (\w+)\?", question):
        part = sum(int(row[named[0]]) for row in rows if row[0] == found[1])
        return f"{100 * part / sum(int(row[named[0]]) for row in rows):.2f}%"
    found = re.match(r"By how many percent did sales in (?:the )?(\w+) change", question)
    assert found
    old, new = (sum(int(row[at]) for row in rows if found[1] in row[:2]) for at in named)
    return f"{100 * (new - old) / old:.2f}%"
