"""Which problems ask what an earlier one asks already.

    fingerprints --same exact form--> exact duplicates
                 --same numbers and reference, similar words--> near duplicates

A near duplicate shares its numbers, in order, and its reference with an earlier problem, and most of
its words and pairs of words: a problem with other numbers is another problem. Phrases that
a whole data set repeats (instructions, templates) do not count. Candidates come from MinHash and
locality-sensitive hashing (datasketch); each is then checked exactly. Tests are no part of the
comparison, because two data sets test one programming problem in two ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from datasketch import MinHash, MinHashLSH

from guru_data.clean.fingerprints import Fingerprint, Hashes32, shingles, templates, without

SIMILAR = 0.7
"""Share of words and pairs of words in common (Jaccard) from which two texts are near duplicates."""
SIMILAR_WITH_NUMBERS, SEVERAL_NUMBERS = 0.5, 3
"""The same for texts that also share at least so many numbers, in order."""
_FEWEST_SHINGLES = 8
"""Texts with fewer are too short to be similar; they are duplicates when they are the same."""
_PERMUTATIONS = 64
_BANDS = (21, 3)
"""21 bands of 3: a pair at similarity 0.7 becomes a candidate with probability 0.9999, at 0.5 with 0.94."""


@dataclass(frozen=True)
class Duplicate:
    """A problem, by its place, and the earlier one it repeats."""

    place: int
    earlier: int
    exact: bool
    similarity: float


def find_duplicates(prints: Sequence[Fingerprint], data_sources: Sequence[str]) -> list[Duplicate]:
    """The problems to remove, in order of place; what is kept comes first.

    Args:
        prints: one per problem, earlier sources first.
        data_sources: each problem's data set, whose repeated phrases are not compared.
    """
    exact = _exact_duplicates(prints)
    removed = {duplicate.place for duplicate in exact}
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    for place, print_ in enumerate(prints):
        if place not in removed:
            groups.setdefault((print_.numbers.tobytes(), print_.reference), []).append(place)
    repeated = templates(
        (source, shingles(print_.tokens)) for print_, source in zip(prints, data_sources, strict=True)
    )
    near = []
    for places in groups.values():
        if len(places) > 1:
            template = np.unique(np.concatenate([repeated[data_sources[at]] for at in places]))
            own = {at: without(shingles(prints[at].tokens), template) for at in places}
            enough = SIMILAR_WITH_NUMBERS if len(prints[places[0]].numbers) >= SEVERAL_NUMBERS else SIMILAR
            near += _near_duplicates(places, own, enough)
    return sorted([*exact, *near], key=lambda duplicate: duplicate.place)


def min_hash(shingles_S: Hashes32) -> MinHash:
    """The signature of a set of shingles."""
    signature = MinHash(_PERMUTATIONS, seed=1, scheme="affine32", hashfunc=int)
    signature.update_batch(shingles_S)
    return signature


def new_index() -> MinHashLSH:
    """An empty index of signatures that finds those of similar sets."""
    return MinHashLSH(num_perm=_PERMUTATIONS, params=_BANDS)


def similarity(a_S: Hashes32, b_S: Hashes32) -> float:
    """Jaccard similarity of two sorted sets."""
    common = len(np.intersect1d(a_S, b_S, assume_unique=True))
    return common / max(1, len(a_S) + len(b_S) - common)


def _exact_duplicates(prints: Sequence[Fingerprint]) -> list[Duplicate]:
    first: dict[bytes, int] = {}
    found = []
    for place, print_ in enumerate(prints):
        earlier = first.setdefault(print_.exact, place)
        if earlier != place:
            found.append(Duplicate(place, earlier, exact=True, similarity=1.0))
    return found


def _near_duplicates(places: Sequence[int], sets: dict[int, Hashes32], enough: float) -> list[Duplicate]:
    """Among problems with equal numbers and references."""
    index, found = new_index(), []
    for place in places:
        if len(sets[place]) < _FEWEST_SHINGLES:
            continue
        signature = min_hash(sets[place])
        candidates = [(similarity(sets[place], sets[at]), -at) for at in index.query(signature)]
        best, earlier = max(candidates, default=(0.0, 0))
        if best >= enough:
            found.append(Duplicate(place, -earlier, exact=False, similarity=best))
        else:
            index.insert(place, signature)
    return found
