"""Ten thousand synthetic problems of each domain before their verifiers: references, mutants, repetitions.

All tasks of a domain in turn, at the highest level. Programs run in the sandboxes of as many worker
processes as there are cores. Bars: every reference accepted, 99.9 % of the mutants refused, fewer than 1 %
exact duplicates. Exact and near duplicates are what `prepare` would remove (`guru_data.clean.duplicates`).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from rich.console import Console
from rich.table import Table

from guru_data import Domain, Problem
from guru_data.clean.duplicates import find_duplicates
from guru_data.clean.fingerprints import fingerprint
from guru_data.references import reference_response
from tests.benchmarks.record import Measurement, publish
from tests.guru_data.synthetic_sets import drawn, hardest_of
from verifiers import LocalVerifierClient, Verdict, VerifyRequest

PROBLEMS = 10_000
COMMAND = "python -m tests.benchmarks synthetic"
_AT_ONCE = 200
"""Requests that wait for a worker; a request has 300 s from when it is sent."""


@dataclass(frozen=True)
class Found:
    """Shares of one domain's problems, in [0, 1]."""

    domain: Domain
    problems: int
    accepted: float
    refused: float
    exact_duplicates: float
    near_duplicates: float
    making_s: float
    grading_s: float


def run(problems: int = PROBLEMS, domains: Sequence[Domain] = get_args(Domain)) -> None:
    """Measure so many problems of each domain, and write what was found."""
    found = asyncio.run(_measure_all(problems, domains))
    Console().print(_table(found))
    publish("synthetic", [measured for one in found for measured in _measurements(one)])


async def _measure_all(problems: int, domains: Sequence[Domain]) -> list[Found]:
    async with LocalVerifierClient(workers=os.cpu_count() or 1) as client:
        return [await measure(client, domain, problems) for domain in domains]


async def measure(client: LocalVerifierClient, domain: Domain, count: int) -> Found:
    """Make a domain's problems, grade their references and mutants, and look for repetitions."""
    began = time.perf_counter()
    pairs = drawn(hardest_of(domain, count))
    made = time.perf_counter()
    problems = [problem for problem, _ in pairs]
    references = [(problem, reference_response(problem) or "") for problem in problems]
    accepted = [verdict.score == 1.0 for verdict in await _graded(client, references)]
    mutants = [(problem, puzzle.wrong) for problem, puzzle in pairs]
    refused = [
        verdict.score is not None and verdict.score < 1.0 for verdict in await _graded(client, mutants)
    ]
    graded = time.perf_counter()
    repeated = find_duplicates(
        [fingerprint(problem) for problem in problems], [problem.data_source for problem in problems]
    )
    exact = sum(duplicate.exact for duplicate in repeated)
    return Found(
        domain, count, sum(accepted) / count, sum(refused) / count, exact / count,
        (len(repeated) - exact) / count, made - began, graded - made,
    )  # fmt: skip


async def _graded(client: LocalVerifierClient, answers: Sequence[tuple[Problem, str]]) -> list[Verdict]:
    verdicts: list[Verdict] = []
    requests = [
        VerifyRequest(
            verifier=problem.verifier,
            response=response,
            ground_truth=problem.ground_truth,
            prompt=problem.prompt[0].content,
            extra=problem.extra,
        )
        for problem, response in answers
    ]
    for start in range(0, len(requests), _AT_ONCE):
        for result in await client.verify_batch(requests[start : start + _AT_ONCE]):
            if not isinstance(result, Verdict):
                raise result
            verdicts.append(result)
    return verdicts


def _measurements(found: Found) -> list[Measurement]:
    figures = [
        ("references accepted", "", found.accepted, "at least", 1.0),
        ("mutants refused", "", found.refused, "at least", 0.999),
        ("exact duplicates", "", found.exact_duplicates, "below", 0.01),
        ("near duplicates", "", found.near_duplicates, "below", 0.01),
    ]
    figures.append(("all answers graded", "s", found.grading_s, "problems made", found.making_s))
    return [
        Measurement(f"{found.domain}, {name}", unit, value, bar, limit, found.problems, COMMAND)
        for name, unit, value, bar, limit in figures
    ]


def _table(found: Sequence[Found]) -> Table:
    table = Table(
        "domain", "problems", "references accepted", "mutants refused", "exact duplicates", "near", "made, s",
        "graded, s", title="synthetic problems",
    )  # fmt: skip
    for one in found:
        shares = (one.accepted, one.refused, one.exact_duplicates, one.near_duplicates)
        seconds = (f"{one.making_s:.0f}", f"{one.grading_s:.0f}")
        table.add_row(one.domain, str(one.problems), *(f"{share:.2%}" for share in shares), *seconds)
    return table
