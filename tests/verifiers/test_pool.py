"""Worker processes: what a verifier does to its process never reaches another request."""

import asyncio
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.verifiers.service_tools import ECHO_TABLE, echo
from verifiers.errors import GroundTruthError, UnknownVerifierError, VerifierError, VerifierUnavailableError
from verifiers.local_client import LocalVerifierClient
from verifiers.types import Verdict, VerdictStatus, VerifyRequest
from verifiers.workers.pool import WorkerPool


def test_a_verdict_says_who_gave_it() -> None:
    async def grade() -> Verdict:
        async with WorkerPool(ECHO_TABLE, workers=1) as pool:
            return await pool.grade(echo("a"))

    verdict = asyncio.run(grade())
    assert (verdict.status, verdict.score, verdict.verifier) == (VerdictStatus.GRADED, 1.0, "echo")
    assert len(verdict.digest) == 12


def test_a_crash_is_tried_once_more(tmp_path: Path) -> None:
    async def grade() -> Verdict:
        async with WorkerPool(ECHO_TABLE, workers=1) as pool:
            return await pool.grade(echo("crash once", "crash once", marker=str(tmp_path / "crashed")))

    assert asyncio.run(grade()).score == 1.0


@pytest.mark.parametrize(
    ("response", "reason"), [("crash", "grader_crashed"), ("sleep 60", "grader_timeout")]
)
def test_a_grader_that_fails_twice_is_undecided_and_the_next_request_is_graded(
    response: str, reason: str
) -> None:
    async def grade() -> list[Verdict]:
        async with WorkerPool(ECHO_TABLE, workers=1) as pool:
            return [await pool.grade(echo(response)), await pool.grade(echo("a"))]

    failed, graded = asyncio.run(grade())
    assert (failed.status, failed.score, failed.reason) == (VerdictStatus.UNDECIDED, None, reason)
    assert graded.score == 1.0


def test_waiting_is_bounded_by_number() -> None:
    async def grade() -> list[Verdict | BaseException]:
        async with WorkerPool(ECHO_TABLE, workers=1, max_waiting=1) as pool:
            busy = [asyncio.create_task(pool.grade(echo("sleep 0.3"))) for _ in range(2)]
            await asyncio.sleep(0.05)
            third = asyncio.create_task(pool.grade(echo("a")))
            return await asyncio.gather(*busy, third, return_exceptions=True)

    *accepted, refused = asyncio.run(grade())
    assert all(isinstance(verdict, Verdict) for verdict in accepted)
    assert isinstance(refused, VerifierUnavailableError)


def test_work_whose_deadline_passed_is_not_started() -> None:
    async def grade() -> None:
        async with WorkerPool(ECHO_TABLE, workers=1) as pool:
            busy = asyncio.create_task(pool.grade(echo("sleep 0.3")))
            await asyncio.sleep(0.05)
            with pytest.raises(VerifierUnavailableError, match="deadline"):
                await pool.grade(echo("a"), deadline=time.monotonic() + 0.05)
            await busy

    asyncio.run(grade())


def test_a_cancelled_request_does_not_give_its_answer_to_the_next() -> None:
    async def grade() -> Verdict:
        async with WorkerPool(ECHO_TABLE, workers=1) as pool:
            abandoned = asyncio.create_task(pool.grade(echo("sleep 0.5", "sleep 0.5")))
            await asyncio.sleep(0.1)
            abandoned.cancel()
            await asyncio.gather(abandoned, return_exceptions=True)
            return await pool.grade(echo("b"))

    verdict = asyncio.run(grade())
    assert (verdict.score, verdict.answer) == (0.0, "b")


def test_a_cancelled_request_that_still_waits_is_not_started(tmp_path: Path) -> None:
    marker = tmp_path / "started"

    async def grade() -> int:
        async with WorkerPool(ECHO_TABLE, workers=1) as pool:
            before = pool.worker_pids
            busy = asyncio.create_task(pool.grade(echo("sleep 0.3")))
            abandoned = asyncio.create_task(pool.grade(echo("touch", marker=str(marker))))
            await asyncio.sleep(0.1)
            abandoned.cancel()
            await asyncio.gather(busy, abandoned, return_exceptions=True)
            await pool.grade(echo("a"))
            assert pool.worker_pids == before
            return pool.in_flight

    assert asyncio.run(grade()) == 0
    assert not marker.exists()


def test_a_failed_grading_is_not_tried_again_for_nobody() -> None:
    async def grade() -> Verdict:
        async with WorkerPool(ECHO_TABLE, workers=1) as pool:
            return await pool.grade(echo("sleep 60"), deadline=time.monotonic() + 0.5)

    assert asyncio.run(grade()).evidence == {"attempts": 1}


def test_a_worker_that_the_machine_cannot_start_again_fails_its_request_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def grade() -> None:
        async with WorkerPool(ECHO_TABLE, workers=2) as pool:
            with monkeypatch.context() as machine:
                machine.setattr(sys, "executable", "/nowhere/python")
                with pytest.raises(VerifierUnavailableError, match="cannot be replaced"):
                    await pool.grade(echo("crash"))
                assert (await pool.grade(echo("a"))).score == 1.0
            assert [(await pool.grade(echo("a"))).score for _ in range(2)] == [1.0, 1.0]

    asyncio.run(grade())


def test_closing_in_the_middle_of_work_leaves_no_process_behind() -> None:
    async def grade() -> list[int]:
        async with WorkerPool(ECHO_TABLE, workers=2) as pool:
            pids = pool.worker_pids
            busy = [asyncio.create_task(pool.grade(echo("sleep 0.9"))) for _ in range(3)]
            await asyncio.sleep(0.1)
        await asyncio.wait(busy, timeout=5)
        assert all(isinstance(task.exception(), VerifierUnavailableError) for task in busy)
        return pids

    assert not any(Path(f"/proc/{pid}").exists() for pid in asyncio.run(grade()))


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def test_a_start_that_is_cancelled_leaves_no_process_behind() -> None:
    async def start() -> None:
        pool = WorkerPool(ECHO_TABLE, workers=2)
        starting = asyncio.create_task(pool.start())
        await asyncio.sleep(0.2)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)

    before = children()
    asyncio.run(start())
    assert children() <= before


def test_closing_the_local_client_while_it_starts_leaves_no_process_behind() -> None:
    async def close() -> list[VerifierError | Verdict | BaseException]:
        client = LocalVerifierClient(ECHO_TABLE)
        asking = asyncio.create_task(client.verify(echo("a")))
        await asyncio.sleep(0)
        await client.close()
        return await asyncio.gather(asking, return_exceptions=True)

    before = children()
    assert isinstance(asyncio.run(close())[0], VerifierUnavailableError)
    assert children() <= before


def test_a_batch_for_the_local_client_may_be_of_any_length() -> None:
    async def grade() -> list[Verdict | VerifierError]:
        async with LocalVerifierClient(ECHO_TABLE) as client:
            return await client.verify_batch([echo("a")] * 10_050)

    assert all(isinstance(outcome, Verdict) for outcome in asyncio.run(grade()))


def test_the_local_client_puts_each_items_error_in_its_place() -> None:
    async def grade() -> list[Verdict | VerifierError]:
        bad_reference = VerifyRequest(verifier="choice", response="A", ground_truth="maybe A")
        unknown = VerifyRequest(verifier="nobody", response="A", ground_truth="A")
        async with LocalVerifierClient(ECHO_TABLE) as client:
            return await client.verify_batch([echo("a"), bad_reference, unknown, echo("b")])

    right, bad_reference, unknown, wrong = asyncio.run(grade())
    assert isinstance(right, Verdict)
    assert right.score == 1.0
    assert isinstance(bad_reference, GroundTruthError)
    assert isinstance(unknown, UnknownVerifierError)
    assert isinstance(wrong, Verdict)
    assert wrong.score == 0.0
