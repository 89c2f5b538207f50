"""Of a run that was killed, too, references, accuracies and rewards cannot be changed unseen."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rlvr.audit import Audit
from rlvr.audit.books.check import check_run
from rlvr.audit.books.problems import JOURNAL_FILE
from rlvr.audit.books.rows import problem_row
from rlvr.audit.books.schema import problem_hash
from rlvr.evaluate import Evaluation, ProblemResult
from tests.audit.sample_runs import RunMaker, origin, problem
from tests.audit.test_adoption import release

Values = dict[str, Any]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was killed after two steps, without its last lines: nothing is sealed that need not be."""
    run_dir = tmp_path_factory.mktemp("runs") / "killed"
    audit = Audit(run_dir, "killed", origin())
    RunMaker(groups=8, size=2).train(audit, range(2), total=4)
    release(audit)
    return run_dir


@pytest.fixture
def run(killed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(killed, tmp_path / "copy"))


def rewrite(path: Path, change: Callable[[Values], Values]) -> None:
    lines = [change(json.loads(line)) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_the_run_passes_as_it_was_left(run: Path) -> None:
    assert check_run(run).faults == []


def test_a_changed_reference_is_named(run: Path) -> None:
    rewrite(run / JOURNAL_FILE, lambda row: row | {"ground_truth": '"666"'})
    faults = check_run(run).faults
    assert len(faults) == len((run / JOURNAL_FILE).read_text().splitlines())
    assert all("is not what its hash says: prompt, reference or extra were changed" in one for one in faults)


def test_a_changed_reference_with_a_hash_made_to_fit_is_not_the_one_that_was_trained_on(run: Path) -> None:
    def forge(row: Values) -> Values:
        forged = row | {"ground_truth": '"666"'}
        return forged | {"hash": problem_hash(forged)}

    rewrite(run / JOURNAL_FILE, forge)
    [fault] = check_run(run).faults
    assert fault.startswith("problems.parquet lacks 1")


@pytest.mark.parametrize(
    "name", ["reward/mean", "reward/mean/math", "eval/pass@1/heldout", "eval/pass@1/heldout/math"]
)
@pytest.mark.parametrize("value", [0.99, None])
def test_a_metric_that_was_changed_is_named(name: str, value: float | None, run: Path) -> None:
    rewrite(run / "metrics.jsonl", lambda line: line | ({name: value} if name in line else {}))
    faults = check_run(run).faults
    assert faults
    assert all(fault.startswith(f"metrics.jsonl says {name} {value} at step ") for fault in faults)


def test_an_accuracy_without_its_evaluation_is_named(run: Path) -> None:
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "attempt": 1, "eval/pass@1/heldout": 0.99}\n')
    assert check_run(run).faults == [
        "metrics.jsonl says how an evaluation at step 2 went, and evals/step_000002.json is not sealed"
    ]


def test_an_evaluation_made_anew_by_a_later_attempt_replaces_what_was_logged(run: Path) -> None:
    audit = Audit(run, "killed", origin(), resume=True)
    anew = Evaluation((ProblemResult("heldout/math/0", "math", 4, 1, 4),), unscored=0)
    audit.seal(anew.write(run, 0))
    assert check_run(run).faults == []  # killed now, before its line of metrics
    audit.log(0, anew.metrics("heldout"))
    audit.close()
    assert check_run(run).faults == []


def test_what_is_no_evaluation_is_named(tmp_path: Path) -> None:
    audit = Audit(tmp_path, "odd", origin())
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals/step_000000.json").write_text("[]")
    audit.seal(Path("evals/step_000000.json"))
    audit.log(0, {"eval/pass@1/heldout": 0.5})
    audit.close()
    [fault] = check_run(tmp_path).faults
    assert fault.startswith("evals/step_000000.json is no evaluation: ")


def test_a_problems_hash_is_that_of_its_row() -> None:

    asked = problem(3, text="Ünïcode?").model_copy(update={"extra": {"b": [1.5, None], "a": {"z": True}}})
    assert problem_hash(problem_row(asked)) == asked.content_hash


def test_evaluations_can_be_imported_before_the_audit_that_reads_them() -> None:
    subprocess.run([sys.executable, "-c", "import rlvr.evaluate"], check=True, timeout=120)
