"""Cleaning finds what was planted, and leaves what only looks alike."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guru_data import Problem, SourceError, SyntheticConfig, load_problems
from guru_data.clean.benchmarks import read_benchmarks
from guru_data.clean.text import exact_form, tokens
from guru_data.problem import Domain
from tests.guru_data.guru_texts import table_question
from tests.guru_data.measured import duplicates, leaks, planted_duplicates, planted_leaks
from tests.guru_data.planted import REWRITES, corpus, problem


def text_of(found: Problem) -> str:
    return found.prompt[0].content


def test_planted_duplicates_are_found_and_renamed_numbers_are_not_duplicates() -> None:
    found = planted_duplicates(originals=1500, each=60)
    assert found.recall >= 0.95
    assert found.precision >= 0.95


def test_planted_leaks_are_found_and_little_else_is_removed() -> None:
    found = planted_leaks(questions=600, others=2000, each=60)
    assert min(found.recall.values()) >= 0.95, found.recall
    assert found.false_removals <= 0.005


@pytest.mark.parametrize("domain", ["math", "logic", "table", "code", "science", "simulation"])
def test_made_problems_with_their_rigid_templates_are_not_near_each_other(domain: Domain) -> None:
    config = SyntheticConfig(domains=(domain,), levels={domain: 2}, train_per_domain=800)
    problems = load_problems(config, "train")
    assert duplicates(problems) == []
    half = [text_of(made) for made in problems[:400]]
    assert leaks(problems[400:], half) == {}


def test_questions_about_one_table_with_other_answers_are_kept() -> None:
    table, _ = table_question(Random(0))
    names = ("river", "market", "window")
    asked = [problem(name, f"{table}\nwhat about the {name}?", name) for name in names]
    assert duplicates(asked) == []


def test_the_same_question_with_another_reference_is_kept_once() -> None:
    pair = [problem("a", "What is $x$?", "1"), problem("b", "What  is x?", "2")]
    assert [(d.place, d.earlier, d.exact) for d in duplicates(pair)] == [(1, 0, True)]


def test_programming_problems_are_compared_without_their_tests() -> None:
    (original,) = corpus(1)
    pair = [problem("a", text_of(original), '{"inputs": ["1"]}', verifier="code")]
    pair.append(problem("b", REWRITES["reframe"](text_of(original), Random(0)), "{}", verifier="code"))
    assert [d.place for d in duplicates(pair)] == [1]


def test_what_a_whole_data_set_says_is_not_compared() -> None:
    frame = "You are an expert. Think about every step, keep calm, and explain what you do in plain words."
    rng = Random(3)
    rows = [problem(str(at), f"{frame} Is it a {rng.random():.9f}?", "yes") for at in range(40)]
    rows += [
        problem(f"w{at}", f"{frame} Is a {text_of(p)[:40]} nice?", "yes") for at, p in enumerate(corpus(40))
    ]
    assert duplicates(rows) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"Is $\frac{3}{4} \le 1{,}0$?", "is 3/4 <= 1, 0"),
        ("1,000 left-handed men − 5", "1000 left handed men - 5"),
        (r"\textbf{Find} $x^{2} \cdot y$", "find x² * y"),
        ("A) red\nB) blue", "(1) red\n(2) blue"),
        ("Problem 12. Solve it.", "solve it"),
    ],
)
def test_spellings_of_one_text_have_the_same_tokens(one: str, other: str) -> None:
    assert tokens(one) == tokens(other)


@pytest.mark.parametrize(("one", "other"), [("3 + 4", "3 - 4"), ("1.5 m", "15 m"), ("x < 3", "x > 3")])
def test_numbers_and_signs_are_kept_apart(one: str, other: str) -> None:
    assert tokens(one) != tokens(other)


@given(st.text())
def test_any_text_has_a_fingerprint_and_is_its_own_duplicate(text: str) -> None:
    pair = [problem("a", text, "1"), problem("b", f"{text}\n", "1")]  # a backslash and a space are LaTeX
    assert [d.place for d in duplicates(pair)] == [1]


def test_benchmarks_are_read_from_jsonl_and_parquet_by_the_columns_they_use(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"problem": "one?", "answer": 1}\n\n{"Question": "two?"}\n')
    prompt = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "three?"}]
    pq.write_table(pa.Table.from_pylist([{"prompt": prompt}]), tmp_path / "b.parquet")
    found = list(read_benchmarks([tmp_path / "a.jsonl", tmp_path / "b.parquet"]))
    assert found == [("a.jsonl:1", "one?"), ("a.jsonl:3", "two?"), ("b.parquet:0", "three?")]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("b.jsonl", json.dumps({"stem": "?"}), r"b.jsonl:1: no question"),
        ("b.jsonl", "{", "cannot read"),
        ("b.csv", "problem", r"only .jsonl and .parquet"),
    ],
)
def test_a_benchmark_that_cannot_be_read_is_an_error(
    name: str, text: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match=message):
        list(read_benchmarks([tmp_path / name]))


@pytest.mark.parametrize(
    ("text", "other"),
    [("1 12 and 3", "11 2 and 3"), ("2^{1}0", "2^{10}"), ("1 2 3\n4 5 6", "1 2\n3 4\n5 6")],
)
def test_layout_that_parts_numbers_is_no_layout(text: str, other: str) -> None:
    assert exact_form(text) != exact_form(other)


def test_spacing_dollars_and_braces_make_no_difference() -> None:
    assert exact_form("Find $x$ in  $ x^{2} = 4 $ .") == exact_form("Find x in\n$x^2=4$.")
