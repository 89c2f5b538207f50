"""Does a verifier say the same every time: again, in threads, and in worker processes?

Cases and the verdicts of a first run go in; the ids of those that came out otherwise come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from pydantic import BaseModel, ConfigDict

from verifiers.bench.cases import LabelledCase
from verifiers.bench.judging import REFUSED, Judged, Signature, same_verdict, sign, signature_of
from verifiers.errors import GroundTruthError
from verifiers.grading import Grader
from verifiers.workers.pool import WorkerPool

THREADS = WORKERS = 2


class Determinism(BaseModel):
    """Ids of cases whose verdict was not always the same, by how they were graded again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repeats: list[str]
    threads: list[str]
    processes: list[str]


def check_determinism(
    table: Mapping[str, str], grader: Grader, judged: Sequence[Judged], *, runs: int
) -> Determinism:
    """Grade all cases again: `runs - 1` times with the same verifiers, in threads and in worker processes."""
    cases = [one.case for one in judged]
    wanted = [one.signature for one in judged]
    again: set[str] = set()
    for _ in range(runs - 1):
        again.update(_changed(cases, wanted, [sign(grader, case.request()) for case in cases]))
    return Determinism(
        repeats=sorted(again),
        threads=_in_threads(table, cases, wanted),
        processes=_changed(cases, wanted, asyncio.run(_in_processes(table, cases))),
    )


def _in_threads(
    table: Mapping[str, str], cases: list[LabelledCase], wanted: Sequence[Signature]
) -> list[str]:
    """Each thread grades everything at the same time as the others, with verifiers of its own, because a
    verifier is called from one thread at a time."""

    def grade_all(_: int) -> list[str]:
        grader = Grader(table)
        try:
            return _changed(cases, wanted, [sign(grader, case.request()) for case in cases])
        finally:
            grader.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return sorted({case_id for changed in pool.map(grade_all, range(THREADS)) for case_id in changed})


async def _in_processes(table: Mapping[str, str], cases: Sequence[LabelledCase]) -> list[Signature]:
    async with WorkerPool(table, workers=WORKERS) as pool:

        async def one(case: LabelledCase) -> Signature:
            try:
                return signature_of(await pool.grade(case.request()))
            except GroundTruthError:
                return REFUSED

        return await asyncio.gather(*(one(case) for case in cases))


def _changed(
    cases: Sequence[LabelledCase], wanted: Sequence[Signature], found: Sequence[Signature]
) -> list[str]:
    pairs = zip(cases, wanted, found, strict=True)
    return [case.id for case, first, other in pairs if not same_verdict(first, other)]
