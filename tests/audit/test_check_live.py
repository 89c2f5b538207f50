"""A run that is still going passes the check at any moment: what was read late is not missing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rlvr.audit import Audit, step_metrics
from rlvr.audit.books.check import check_run
from rlvr.audit.books.check_chain import read_chain
from rlvr.audit.books.check_files import check_files, look
from rlvr.audit.opinions.stored import write_opinions
from tests.audit.sample_runs import RunMaker, origin

EVALUATION = Path("evals/step_000000.json")


def begun(run_dir: Path) -> Audit:
    """A run of two steps and an evaluation that is going on."""
    audit = Audit(run_dir, "live", origin())
    evaluate(audit, 1)
    RunMaker(groups=1, size=2).train(audit, range(2), total=4)
    return audit


def evaluate(audit: Audit, unscored: int) -> None:
    path = audit.run_dir / EVALUATION
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"results": [], "unscored": unscored}))
    audit.seal(EVALUATION)


def goes_on(audit: Audit) -> None:
    RunMaker(groups=1, size=2).train(audit, range(2, 4), total=4)


def evaluates_again(audit: Audit) -> None:
    evaluate(audit, 2)


@pytest.mark.parametrize("meanwhile", [goes_on, evaluates_again, Audit.close])
def test_what_a_run_writes_after_its_chain_was_read_is_no_fault(
    meanwhile: Callable[[Audit], None], tmp_path: Path
) -> None:
    audit = begun(tmp_path)
    present, links = look(tmp_path), read_chain(tmp_path).links
    meanwhile(audit)
    faults: list[str] = []
    check_files(tmp_path, present, links, faults)
    audit.close()
    assert faults == []


def test_a_file_is_no_stranger_if_its_line_comes_while_the_check_goes_on(tmp_path: Path) -> None:
    audit = begun(tmp_path)
    file = write_opinions(tmp_path, "other", [])
    present, links = look(tmp_path), read_chain(tmp_path).links
    faults: list[str] = []
    check_files(tmp_path, present, links, faults)
    assert len(faults) == 1
    audit.seal(file)
    faults.clear()
    check_files(tmp_path, present, links, faults)
    audit.close()
    assert faults == []


def test_a_line_may_come_a_moment_after_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = begun(tmp_path)
    file = write_opinions(tmp_path, "other", [])
    monkeypatch.setattr(time, "sleep", lambda _: audit.seal(file))  # which is when a run goes on
    assert check_run(tmp_path).faults == []
    audit.close()


def test_checks_beside_a_writing_run_find_nothing(tmp_path: Path) -> None:
    audit, maker, stop = Audit(tmp_path, "live", origin()), RunMaker(groups=1, size=2), threading.Event()

    def take(step: int) -> None:
        scored = maker.step(step, 0.5)
        audit.record(step, scored)
        audit.log(step, step_metrics(scored, step))

    def write() -> None:
        for step in range(30, 2_000):
            if stop.is_set():
                return
            take(step)

    for step in range(30):  # so that a check takes longer than a step
        take(step)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        faults = [fault for _ in range(6) for fault in check_run(tmp_path).faults]
    finally:
        stop.set()
        writer.join()
        audit.close()
    assert faults == []
    assert check_run(tmp_path).faults == []
