"""Which problems ask what a benchmark asks.

    benchmark questions --> BenchmarkIndex --find_leaks(fingerprints)--> [(place, Leak)]

A problem is a leak if it has the exact form of a question; if enough of the runs of six tokens of the
shorter text are in the longer one (so a truncated question and one inside a longer text are found);
or if most words and pairs of words are in both. The last two also need the numbers of the shorter
list to be in the longer one: a problem with other numbers is another problem. Runs that many rows of
a data set or several questions share are a template and do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from datasketch import MinHashLSH
from numpy.typing import NDArray

from guru_data.clean.benchmarks import BenchmarkQuestion
from guru_data.clean.duplicates import (
    SEVERAL_NUMBERS,
    SIMILAR,
    SIMILAR_WITH_NUMBERS,
    min_hash,
    new_index,
    similarity,
)
from guru_data.clean.fingerprints import (
    TEMPLATE_SHARE,
    Fingerprint,
    Hashes32,
    Hashes64,
    ngrams,
    shingles,
    templates,
    text_fingerprint,
    without,
)

RUN = 6
"""Tokens in a run."""
OVERLAP, OVERLAP_WITH_NUMBERS = 0.5, 0.3
"""Share of the shorter text's runs in the longer one from which it is a leak; the lower one holds where
the shorter text has several numbers and the longer one has them too."""
_FEWEST_RUNS = 10
"""A text with fewer runs of its own is too short to be recognised by them."""
_FEWEST_SHINGLES = 8
_NUMBERS_IN_COMMON = 0.8
_TEMPLATE_QUESTIONS = 5
"""A run or a pair of words in this many different questions, and in their usual share, is a template."""


@dataclass(frozen=True)
class Leak:
    """What a problem has in common with a benchmark's question."""

    question: str
    """The question's file and row."""
    how: Literal["exact", "runs", "similar"]
    share: float
    """Of the runs, or of the words and pairs of words, in common."""


class BenchmarkIndex:
    """The different questions of all benchmarks, ready to be compared with."""

    def __init__(self, questions: Iterable[BenchmarkQuestion]) -> None:
        self._questions: list[BenchmarkQuestion] = []
        self._prints: list[Fingerprint] = []
        self._exact: dict[bytes, int] = {}
        for question in questions:
            print_ = text_fingerprint(question.text)
            if self._exact.setdefault(print_.exact, len(self._questions)) == len(self._questions):
                self._questions.append(question)
                self._prints.append(print_)
        self._runs, self._owners = _own_members([ngrams(print_.tokens, RUN) for print_ in self._prints])
        self._run_counts = np.bincount(self._owners, minlength=len(self._prints))
        self._sets, self._similar = self._index_similar()

    def __len__(self) -> int:
        return len(self._questions)

    def find(self, print_: Fingerprint, own_runs: Hashes64, own_shingles: Hashes32) -> Leak | None:
        """The question that a problem leaks.

        Args:
            own_runs, own_shingles: the problem's, without those of its data set's template.
        """
        known = self._exact.get(print_.exact)
        if known is not None:
            return self._leak(known, "exact", 1.0)
        for at, share in self._overlaps(own_runs):
            if _leaks(share, OVERLAP, OVERLAP_WITH_NUMBERS, print_.numbers, self._prints[at].numbers):
                return self._leak(at, "runs", share)
        for at, share in self._similarities(own_shingles):
            if _leaks(share, SIMILAR, SIMILAR_WITH_NUMBERS, print_.numbers, self._prints[at].numbers):
                return self._leak(at, "similar", share)
        return None

    def _index_similar(self) -> tuple[list[Hashes32], MinHashLSH]:
        members, owners = _own_members([shingles(print_.tokens) for print_ in self._prints])
        order = np.argsort(owners, kind="stable")  # members stay sorted within each question
        counts = np.bincount(owners, minlength=len(self._prints))
        sets = np.split(members[order], np.cumsum(counts)[:-1]) if self._prints else []
        index = new_index()
        for at, own in enumerate(sets):
            if len(own) >= _FEWEST_SHINGLES:
                index.insert(at, min_hash(own))
        return sets, index

    def _leak(self, at: int, how: Literal["exact", "runs", "similar"], share: float) -> Leak:
        return Leak(self._questions[at].place, how, round(share, 3))

    def _overlaps(self, runs: Hashes64) -> list[tuple[int, float]]:
        """Questions with enough runs in common, most in common first."""
        if len(runs) < _FEWEST_RUNS:
            return []
        first = np.searchsorted(self._runs, runs, "left")
        last = np.searchsorted(self._runs, runs, "right")
        hits = [self._owners[first[at] : last[at]] for at in np.flatnonzero(first < last)]
        if not hits:
            return []
        owners, common = np.unique(np.concatenate(hits), return_counts=True)
        shares = common / np.minimum(len(runs), self._run_counts[owners])
        enough = (shares >= OVERLAP_WITH_NUMBERS) & (self._run_counts[owners] >= _FEWEST_RUNS)
        found = zip(owners[enough].tolist(), shares[enough].tolist(), strict=True)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def _similarities(self, own: Hashes32) -> list[tuple[int, float]]:
        """Questions with enough words in common, most similar first."""
        if len(own) < _FEWEST_SHINGLES:
            return []
        candidates = [(at, similarity(own, self._sets[at])) for at in self._similar.query(min_hash(own))]
        found = [(at, share) for at, share in candidates if share >= SIMILAR_WITH_NUMBERS]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def find_leaks(
    prints: Sequence[Fingerprint], data_sources: Sequence[str], index: BenchmarkIndex
) -> Iterator[tuple[int, Leak]]:
    """The places of the problems that leak a question, in order."""
    pairs = list(zip(prints, data_sources, strict=True))
    runs = templates((source, ngrams(print_.tokens, RUN)) for print_, source in pairs)
    words = templates((source, shingles(print_.tokens)) for print_, source in pairs)
    for place, (print_, source) in enumerate(pairs):
        own_runs = without(ngrams(print_.tokens, RUN), runs[source])
        leak = index.find(print_, own_runs, without(shingles(print_.tokens), words[source]))
        if leak is not None:
            yield place, leak


def _own_members(sets: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """All runs or shingles of all questions, sorted, and which question each is of; templates left out."""
    if not sets:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    members = np.concatenate(sets)
    owners = np.repeat(np.arange(len(sets)), [len(own) for own in sets])
    order = np.argsort(members, kind="stable")
    members, owners = members[order], owners[order]
    _, inverse, counts = np.unique(members, return_inverse=True, return_counts=True)
    own = counts[inverse] < max(_TEMPLATE_QUESTIONS, TEMPLATE_SHARE * len(sets))
    return members[own], owners[own]


def _leaks(share: float, enough: float, with_numbers: float, a_N: Hashes32, b_N: Hashes32) -> bool:
    """Whether enough is in common: nearly all numbers of the shorter list, and a share of the text that
    may be lower where these numbers are several."""
    fewer, more = sorted((Counter(a_N.tolist()), Counter(b_N.tolist())), key=Counter.total)
    if (fewer & more).total() < _NUMBERS_IN_COMMON * fewer.total():
        return False
    return share >= (with_numbers if fewer.total() >= SEVERAL_NUMBERS else enough)
