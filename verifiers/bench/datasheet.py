"""The datasheet of the verifiers: build it, and say where a later one is worse.

    cases --judge--> rates, latencies --determinism, metamorphic checks--> Datasheet, one row per verifier

Written as JSON it is `{"machine", "rows": [{...}]}`; the fields of a row are those of `Row`. A right answer
called wrong is a false negative, a wrong one called right a false positive, and `undecided` is neither.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from verifiers.bench.cases import LabelledCase
from verifiers.bench.determinism import Determinism, check_determinism
from verifiers.bench.judging import Judged, judge
from verifiers.bench.metamorphic import MetamorphicCheck, check_metamorphic
from verifiers.bench.rates import Share, percentile
from verifiers.grading import Grader


class KindRates(BaseModel):
    """One kind of case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    cases: int
    as_labelled: int


class Rates(BaseModel):
    """What follows from verdicts and labels alone; the same on every machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    cases: int
    accuracy: Share
    """Cases judged as labelled, of all."""
    false_positive: Share
    """Wrong answers called right, of all wrong answers."""
    false_negative: Share
    """Right answers called wrong, of all right answers."""
    undecided: Share
    kinds: list[KindRates]
    misses: list[str]
    """One line per case that was not judged as labelled."""


class Row(Rates):
    """One verifier."""

    version: str
    digest: str
    latency_p50_ms: float
    latency_p99_ms: float
    cases_per_s: float
    """In one process, one after the other."""
    determinism: Determinism
    metamorphic: list[MetamorphicCheck]


class Datasheet(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    machine: str
    rows: list[Row]


def make_datasheet(table: Mapping[str, str], cases: Sequence[LabelledCase], *, runs: int) -> Datasheet:
    """Grade the cases in every way; verifiers without a case get no row.

    Args:
        table: name -> `module:Class`.
        runs: how often each case is graded in the first process.
    """
    rows = []
    for name in table:
        mine = [case for case in cases if case.verifier == name]
        if mine:
            rows.append(_row({name: table[name]}, mine, runs=runs))
    return Datasheet(machine=_machine(), rows=rows)


def _row(table: Mapping[str, str], cases: list[LabelledCase], *, runs: int) -> Row:
    grader = Grader(table)
    try:
        [name] = table
        grader.verifier(name).warm_up()
        judged = judge(grader, cases)
        elapsed_ms = [one.elapsed_ms for one in judged]
        return Row(
            **rates_of(name, judged).model_dump(),
            version=grader.verifier(name).version,
            digest=grader.digest(name),
            latency_p50_ms=round(percentile(elapsed_ms, 0.5), 3),
            latency_p99_ms=round(percentile(elapsed_ms, 0.99), 3),
            cases_per_s=round(1e3 * len(judged) / sum(elapsed_ms), 1),
            determinism=check_determinism(table, grader, judged, runs=runs),
            metamorphic=check_metamorphic(grader, judged),
        )
    finally:
        grader.close()


def rates_of(name: str, judged: Sequence[Judged]) -> Rates:
    """Count verdicts against labels."""
    right = [one for one in judged if one.case.expected == "right"]
    wrong = [one for one in judged if one.case.expected == "wrong"]
    kinds = {one.case.kind: [0, 0] for one in judged}
    for one in judged:
        kinds[one.case.kind][0] += 1
        kinds[one.case.kind][1] += one.as_labelled
    return Rates(
        name=name,
        cases=len(judged),
        accuracy=Share.counted(sum(one.as_labelled for one in judged), len(judged)),
        false_positive=Share.counted(sum(one.called_right for one in wrong), len(wrong)),
        false_negative=Share.counted(
            sum(not one.called_right and not one.undecided for one in right), len(right)
        ),
        undecided=Share.counted(sum(one.undecided for one in judged), len(judged)),
        kinds=[KindRates(kind=kind, cases=n, as_labelled=good) for kind, (n, good) in sorted(kinds.items())],
        misses=[one.miss for one in judged if not one.as_labelled],
    )


def committed_datasheet() -> Datasheet:
    """The datasheet that comes with the package, made by `python -m verifiers bench`."""
    return Datasheet.model_validate_json((files("verifiers.bench") / "datasheet.json").read_text("utf-8"))


def worse_than(before: Rates, now: Rates) -> list[str]:
    """What got worse from one datasheet to another, in sentences; the new misses are named."""
    found = []
    if now.accuracy.rate < before.accuracy.rate:
        found.append(f"{now.name}: accuracy {now.accuracy.rate:.4f}, was {before.accuracy.rate:.4f}")
    for what in ("false_positive", "false_negative", "undecided"):
        share: Share = getattr(now, what)
        was: Share = getattr(before, what)
        if share.rate > was.rate:
            found.append(f"{now.name}: {what} rate {share.rate:.4f}, was {was.rate:.4f}")
    known = {miss.partition(" ")[0] for miss in before.misses}
    return found and found + [miss for miss in now.misses if miss.partition(" ")[0] not in known]


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"
