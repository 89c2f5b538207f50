"""How well cleaning finds what was planted: figures for the tests and the benchmark."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

from guru_data import Problem
from guru_data.clean.benchmarks import BenchmarkQuestion
from guru_data.clean.duplicates import Duplicate, find_duplicates
from guru_data.clean.fingerprints import fingerprint
from guru_data.clean.leaks import BenchmarkIndex, Leak, find_leaks
from tests.guru_data.planted import CHANGES, LEAKS, REWRITES, corpus, problem, question, with_options


def duplicates(problems: list[Problem]) -> list[Duplicate]:
    return find_duplicates([fingerprint(p) for p in problems], [p.data_source for p in problems])


def leaks(problems: list[Problem], questions: list[str]) -> dict[int, Leak]:
    index = BenchmarkIndex(BenchmarkQuestion(f"b:{at}", text) for at, text in enumerate(questions))
    prints = [fingerprint(p) for p in problems]
    return dict(find_leaks(prints, [p.data_source for p in problems], index))


@dataclass(frozen=True)
class Found:
    """Shares in [0, 1]."""

    recall: float
    precision: float


def planted_duplicates(originals: int, each: int) -> Found:
    """Rewritten and changed copies among others.

    Args:
        each: copies of every kind; a changed one (another number, another question) is not a duplicate.
    """
    rng, texts = Random(0), corpus(originals)
    planted: list[tuple[str, Problem]] = []
    for kind, rewrite in (REWRITES | CHANGES).items():
        for original in texts[len(planted) : len(planted) + each]:
            answer = str(original.ground_truth)
            if kind == "turn-round" or (kind == "renumber" and rng.random() < 0.5):
                answer += "1"  # another question often has another answer, but not always
            text = rewrite(original.prompt[0].content, rng)
            planted.append((kind, problem(f"{kind}/{original.id}", text, answer, source="other")))
    everything = texts + [made for _, made in planted]
    found = duplicates(everything)
    right = sum(everything[d.place].id.endswith(f"/{everything[d.earlier].id}") for d in found)
    return Found(right / sum(kind in REWRITES for kind, _ in planted), right / len(found))


@dataclass(frozen=True)
class FoundLeaks:
    """Shares in [0, 1]."""

    recall: dict[str, float]
    """By kind of leak."""
    false_removals: float
    """Of problems that leak nothing: others, and the benchmark's own questions with another number."""


def planted_leaks(questions: int, others: int, each: int) -> FoundLeaks:
    """Leaked questions of every kind among others."""
    rng = Random(1)
    benchmark = [with_options(question(rng), rng) if at % 2 else question(rng) for at in range(questions)]
    planted = [
        (kind, problem(f"{kind}/{at}", rewrite(rng.choice(benchmark), rng), "3", source="other"))
        for kind, rewrite in LEAKS.items()
        for at in range(each)
    ]
    innocent = corpus(others, seed=5) + [
        problem(f"new/{at}", CHANGES["renumber"](text, rng), "3")
        for at, text in enumerate(benchmark[: questions // 3])
    ]
    found = leaks([made for _, made in planted] + innocent, benchmark)
    kinds = Counter(kind for at, (kind, _) in enumerate(planted) if at in found)
    removed = sum(at >= len(planted) for at in found)
    return FoundLeaks({kind: kinds[kind] / each for kind in LEAKS}, removed / len(innocent))
