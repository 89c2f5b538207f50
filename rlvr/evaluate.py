"""Evaluation: how often the policy is right on problems it was not trained on.

    problems --groups (generate, verify)--> Evaluation: pass@1 with its standard error, pass@k

An undecided or lost sample counts neither as right nor as wrong; a problem without any graded
sample is left out and counted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from guru_data import Problem
from rlvr.outcomes import is_right
from rlvr.rollouts import RolloutGroup
from rlvr.together import together
from verifiers import VerdictStatus

if TYPE_CHECKING:  # it brings transformers, which those who only read evaluations need not load
    from rlvr.groups import GroupMaker

EVALUATIONS = "evals"


@dataclass(frozen=True, slots=True)
class ProblemResult:
    """One problem's samples: how many were graded, how many right, how many gave an answer in form."""

    problem_id: str
    domain: str
    samples: int
    correct: int
    in_form: int

    @property
    def pass_rate(self) -> float:
        return self.correct / self.samples


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results by problem. `unscored` problems had no graded sample, through no fault of the model."""

    results: tuple[ProblemResult, ...]
    unscored: int

    @property
    def pass_at_1(self) -> float:
        return _mean([result.pass_rate for result in self.results])

    @property
    def stderr(self) -> float:
        """Standard error of `pass_at_1` over problems."""
        return _stderr([result.pass_rate for result in self.results])

    @property
    def form_share(self) -> float:
        """Share of samples with an answer in the asked form."""
        return sum(r.in_form for r in self.results) / max(1, sum(r.samples for r in self.results))

    @property
    def pass_given_form(self) -> float:
        """Share of right ones among the samples with an answer in the asked form."""
        return sum(r.correct for r in self.results) / max(1, sum(r.in_form for r in self.results))

    def pass_at(self, k: int) -> float:
        """Mean over problems of the chance that one of k samples is right, without bias.

        1 - C(n - c, k) / C(n, k) for n samples of which c are right (Chen et al. 2021,
        arXiv:2107.03374, equation 1). Problems with fewer than k graded samples are left out.
        """
        enough = [result for result in self.results if result.samples >= k]
        return _mean([1.0 - math.comb(r.samples - r.correct, k) / math.comb(r.samples, k) for r in enough])

    def of_domain(self, domain: str) -> Evaluation:
        return Evaluation(tuple(r for r in self.results if r.domain == domain), unscored=0)

    @property
    def domains(self) -> list[str]:
        return sorted({result.domain for result in self.results})

    def metrics(self, split: str) -> dict[str, float]:
        """For `metrics.jsonl`."""
        return {
            f"eval/pass@1/{split}": self.pass_at_1,
            f"eval/stderr/{split}": self.stderr,
            f"eval/form_share/{split}": self.form_share,
            f"eval/pass_given_form/{split}": self.pass_given_form,
            f"eval/unscored/{split}": float(self.unscored),
            **{f"eval/pass@1/{split}/{domain}": self.of_domain(domain).pass_at_1 for domain in self.domains},
        }

    def write(self, directory: Path, step: int) -> Path:
        """Keep every problem's result, as JSON, under the run's directory; returns the path below it."""
        from rlvr.audit.books.storage import write_whole  # the audit reads evaluations, and imports this

        file = Path(EVALUATIONS) / f"step_{step:06d}.json"
        write_whole(directory / file, json.dumps(asdict(self)).encode())
        return file


def read_evaluations(directory: Path) -> dict[int, Evaluation]:
    """What `Evaluation.write` kept of a run, by the number of steps done."""
    found: dict[int, Evaluation] = {}
    for path in sorted((directory / EVALUATIONS).glob("step_*.json")):
        found[int(path.stem.removeprefix("step_"))] = read_evaluation(path)
    return found


def read_evaluation(path: Path) -> Evaluation:
    """One that `Evaluation.write` kept."""
    stored = json.loads(path.read_text())
    results = tuple(ProblemResult(**result) for result in stored["results"])
    return Evaluation(results, stored["unscored"])


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Mean change of the pass rate over the problems both evaluations scored."""

    mean: float
    stderr: float
    problems: int


def paired_difference(before: Evaluation, after: Evaluation) -> PairedDifference:
    """Compare two evaluations problem by problem."""
    earlier = {result.problem_id: result.pass_rate for result in before.results}
    changes = [r.pass_rate - earlier[r.problem_id] for r in after.results if r.problem_id in earlier]
    return PairedDifference(_mean(changes), _stderr(changes), len(changes))


async def evaluate(maker: GroupMaker, problems: Sequence[Problem], version: int) -> Evaluation:
    """Generate and verify the maker's number of samples for every problem."""
    made = await together(maker.make(version, place, problem) for place, problem in enumerate(problems))
    return summarise(group for group, _ in made)


def summarise(groups: Iterable[RolloutGroup]) -> Evaluation:
    """Count what became of each problem's samples."""
    results: list[ProblemResult] = []
    unscored = 0
    for group in groups:
        verdicts = [sample.verdict for sample in group.samples if sample.verdict is not None]
        graded = [verdict for verdict in verdicts if verdict.score is not None]
        if not graded:
            unscored += 1
            continue
        results.append(
            ProblemResult(
                problem_id=group.problem.id,
                domain=group.problem.domain,
                samples=len(graded),
                correct=sum(map(is_right, graded)),
                in_form=sum(verdict.status is VerdictStatus.GRADED for verdict in graded),
            )
        )
    return Evaluation(tuple(results), unscored)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _stderr(values: Sequence[float]) -> float:
    if len(values) < 2:
        return math.nan
    mean = _mean(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return math.sqrt(variance / len(values))
