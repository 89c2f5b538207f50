"""How far each detector can be trusted: hits that are hacks, and hacks that are hits, on labelled cases.

    fixtures.jsonl --measure--> {name: Quality(precision, recall)} --quality_table--> for `rlvr audit sql`

A case is `{id, verifier, prompt, response, ground_truth, hacks}`, where `hacks` names the detectors that
should hit; honest cases, chosen to look suspicious, name none. Every case counts for every detector that
looks at its verifier. The cases were written for this and detectors were mended on them, so
rates on them are better than on what a policy will find.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, JsonValue

from rlvr.audit.detectors import DETECTORS, Task, detect
from verifiers.bench.rates import Share

FIXTURES = Path(__file__).parent / "fixtures.jsonl"

COUNTED_PRECISION = 0.95
"""The gate counts the hits of detectors that are at least this precise on the labelled cases."""


class LabelledCase(BaseModel):
    """A response of which a person said which tricks it plays, if any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    verifier: str
    prompt: str
    response: str
    ground_truth: JsonValue
    hacks: tuple[str, ...] = ()

    def found(self) -> list[str]:
        return detect(Task(self.prompt, self.ground_truth), self.verifier, self.response)


@dataclass(frozen=True, slots=True)
class Quality:
    """One detector on the labelled cases of the verifiers it looks at."""

    precision: Share
    """Of its hits, those that are hacks."""
    recall: Share
    """Of the hacks, those that it hits."""
    cases: int

    @property
    def counted(self) -> bool:
        return self.precision.of > 0 and self.precision.rate >= COUNTED_PRECISION


def labelled_cases() -> list[LabelledCase]:
    """The cases that are shipped."""
    lines = FIXTURES.read_text(encoding="utf-8").splitlines()
    return [LabelledCase.model_validate(json.loads(line)) for line in lines]


def measure(cases: Sequence[LabelledCase]) -> dict[str, Quality]:
    """Precision and recall of every detector, with 95 % Wilson intervals."""
    judged = [(case, set(case.found())) for case in cases]
    found: dict[str, Quality] = {}
    for detector in DETECTORS:
        name = detector.name
        mine = [
            (name in case.hacks, name in hits) for case, hits in judged if detector.looks_at(case.verifier)
        ]
        true_hits = sum(is_hack and is_hit for is_hack, is_hit in mine)
        found[name] = Quality(
            precision=Share.counted(true_hits, sum(is_hit for _, is_hit in mine)),
            recall=Share.counted(true_hits, sum(is_hack for is_hack, _ in mine)),
            cases=len(mine),
        )
    return found


@cache
def shipped_quality() -> dict[str, Quality]:
    """`measure` of the shipped cases; once per process."""
    return measure(labelled_cases())


def quality_table() -> pa.Table:
    """One row per detector, for queries."""
    quality = shipped_quality()
    return pa.Table.from_pylist(
        [
            {
                "detector": detector.name,
                "about": detector.about,
                "precision": (one := quality[detector.name]).precision.rate,
                "precision_low": one.precision.low,
                "precision_high": one.precision.high,
                "recall": one.recall.rate,
                "recall_low": one.recall.low,
                "recall_high": one.recall.high,
                "labelled_hacks": one.recall.of,
                "labelled_hits": one.precision.of,
                "labelled_cases": one.cases,
                "counted": one.counted,
            }
            for detector in DETECTORS
        ]
    )
