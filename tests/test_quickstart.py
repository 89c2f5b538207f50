from __future__ import annotations

from pathlib import Path

from rlvr.audit.books.metrics import MetricsLog
from rlvr.cli.quickstart import set_aside, summary
from rlvr.evaluate import Evaluation, ProblemResult, paired_difference, read_evaluations


def evaluation(*rates: int) -> Evaluation:
    """Four samples per problem, so many of them right; all in form."""
    results = (ProblemResult(f"p{i}", "math", samples=4, correct=c, in_form=4) for i, c in enumerate(rates))
    return Evaluation(tuple(results), unscored=0)


def test_an_earlier_run_is_set_aside_and_not_lost(tmp_path: Path) -> None:
    run = tmp_path / "quickstart"
    run.mkdir()
    (run / "report.html").write_text("kept")
    set_aside(run)
    assert not run.exists()
    (aside,) = tmp_path.glob("quickstart-*")
    assert (aside / "report.html").read_text() == "kept"


def test_pass_at_k_is_the_unbiased_estimate() -> None:
    # One problem with 2 right of 4: pass@2 = 1 - C(2, 2) / C(4, 2) = 5 / 6.
    assert evaluation(2).pass_at(2) == 5 / 6
    assert evaluation(4, 0).pass_at(4) == 0.5
    assert evaluation(1, 1).pass_at(1) == evaluation(1, 1).pass_at_1 == 0.25


def test_evaluations_are_compared_problem_by_problem() -> None:
    change = paired_difference(evaluation(0, 2, 4, 0), evaluation(2, 4, 4, 0))
    assert (change.mean, change.problems) == (0.25, 4)
    assert round(change.stderr, 6) == round((1 / 12) ** 0.5 / 2, 6)


def test_a_kept_evaluation_reads_back_as_it_was(tmp_path: Path) -> None:
    evaluation(1, 3).write(tmp_path, 20)
    assert read_evaluations(tmp_path) == {20: evaluation(1, 3)}


def test_a_quickstart_stopped_before_its_first_step_says_so_and_no_more(tmp_path: Path) -> None:
    assert summary(tmp_path, 0, 30) == "stopped after 0 of 30 steps"
    evaluation(1, 3).write(tmp_path, 0)
    assert summary(tmp_path, 0, 30) == "stopped after 0 of 30 steps"


def test_a_quickstart_tells_what_each_finished_step_gave(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path, attempt=0)
    for step in range(2):
        log.log(step, {"reward/mean": 0.25 + 0.5 * step, "policy/logprob_diff": 0.001})
    log.close()
    evaluation(1, 3).write(tmp_path, 0)
    stopped = summary(tmp_path, 2, 30).splitlines()
    assert [line.split("  ")[0] for line in stopped] == [
        "stopped after 2 of 30 steps",
        "reward",
        "|log p(vLLM) - log p(learner)|",
    ]
    assert stopped[1].endswith("first 2 steps 0.500  last 2 steps 0.500  +0.000")

    evaluation(2, 4).write(tmp_path, 2)
    finished = summary(tmp_path, 2, 2)
    assert "pass@1 0.500 -> 0.750  +0.250" in finished
    assert "stopped" not in finished
