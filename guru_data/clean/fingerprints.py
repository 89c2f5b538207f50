"""What cleaning remembers of a problem: a few hundred bytes instead of its text.

    Problem --fingerprint--> digest of the exact form, token hashes, numbers, reference

With fingerprints all problems are compared at once while their texts and tests stay on disk.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from guru_data.clean.text import exact_form, numbers, tokens
from guru_data.problem import Problem
from guru_data.references import PROGRAM_VERIFIERS

Hashes32 = NDArray[np.uint32]
Hashes64 = NDArray[np.uint64]

TEMPLATE_SHARE, TEMPLATE_ROWS = 0.05, 20
"""A phrase in this share of a data set's rows, and in this many, is part of its template."""

_FACTOR_32 = np.uint32(0x9E3779B1)
_FACTOR_64 = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """One problem's text, for comparison with others."""

    exact: bytes
    """Digest of the text without layout."""
    tokens: Hashes32
    """Shape (T,): the tokens in order, hashed."""
    numbers: Hashes32
    """Shape (N,): the numbers among them, in order."""
    reference: bytes
    """Digest of the reference's tokens; empty where the reference is tests."""


def fingerprint(problem: Problem) -> Fingerprint:
    """The fingerprint of a problem's messages, system prompts aside, and its reference."""
    text = "\n".join(message.content for message in problem.prompt if message.role != "system")
    return text_fingerprint(text, _reference(problem))


def text_fingerprint(text: str, reference: bytes = b"") -> Fingerprint:
    """The fingerprint of a text, such as a benchmark's question."""
    words = tokens(text)
    return Fingerprint(
        exact=_digest(exact_form(text)),
        tokens=hashed(words),
        numbers=hashed(numbers(words)),
        reference=reference,
    )


def hashed(words: list[str]) -> Hashes32:
    return np.fromiter((crc32(word.encode()) for word in words), np.uint32, len(words))


def shingles(tokens_T: Hashes32) -> Hashes32:
    """The distinct words and pairs of neighbouring words, hashed; shape (S,), sorted."""
    pairs = tokens_T[:-1] * _FACTOR_32 + tokens_T[1:]
    return np.unique(np.concatenate([tokens_T, pairs]))


def ngrams(tokens_T: Hashes32, n: int) -> Hashes64:
    """The distinct runs of n tokens, hashed; shape (R,), sorted, empty where T < n."""
    count = len(tokens_T) - n + 1
    if count < 1:
        return np.empty(0, np.uint64)
    runs = np.zeros(count, np.uint64)
    for place in range(n):
        runs = runs * _FACTOR_64 + tokens_T[place : place + count].astype(np.uint64)
    return np.unique(runs)


def templates(sets: Iterable[tuple[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """What the rows of each data set repeat: instructions, and the frame that questions are put in.

    Args:
        sets: (data set, one row's shingles or runs), in any order.
    """
    rows: dict[str, list[NDArray[Any]]] = {}
    for data_source, members in sets:
        rows.setdefault(data_source, []).append(members)
    found = {}
    for data_source, members_of_rows in rows.items():
        occurring, counts = np.unique(np.concatenate(members_of_rows), return_counts=True)
        found[data_source] = occurring[counts >= max(TEMPLATE_ROWS, TEMPLATE_SHARE * len(members_of_rows))]
    return found


def without(members: NDArray[Any], template: NDArray[Any]) -> NDArray[Any]:
    """A row's shingles or runs that are its own."""
    return np.setdiff1d(members, template, assume_unique=True)


def _reference(problem: Problem) -> bytes:
    if problem.verifier in PROGRAM_VERIFIERS:
        return b""  # two data sets test the same problem differently
    truth = problem.ground_truth
    text = truth if isinstance(truth, str) else json.dumps(truth, sort_keys=True)
    return _digest(" ".join(tokens(text)) or text)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
