"""How fast is `math` beside math-verify, and how much memory do hostile answers take?

Speed: both in this process, in turns, on distinct pairs of reference and model output that neither has seen.
Memory: peak resident size of a worker with all that it starts while it grades hostile answers, and of the
service with its workers under the same load.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
from math_verify import parse, verify

from tests.benchmarks.record import Measurement, publish
from verifiers import Grader, VerifyRequest
from verifiers.bench.cases import packaged_cases
from verifiers.bench.rates import percentile
from verifiers.client import VerifierClient
from verifiers.registry import VERIFIERS
from verifiers.workers.worker import Worker

SEED = 20_260
PAIRS, ROUNDS = 1_000, 3
WORKER_BAR_MIB, SERVICE_BAR_MIB = 512.0, 1024.0
HOSTILE_KINDS = ("over-budget", "junk", "code", "injection", "nan-infinity", "homoglyph")
COMMAND = "python -m tests.benchmarks verifiers"

Pair = tuple[str, str]
"""Reference, model output."""


def pairs(count: int, seed: int) -> list[Pair]:
    """Distinct references with model outputs of the MATH kind, four in ten of them wrong."""
    rng = random.Random(seed)
    found: dict[str, str] = {}
    while len(found) < count:
        reference, answer = rng.choice(_KINDS)(rng, int(rng.random() < 0.4))
        found[reference] = f"{_solution(rng)} Therefore, the answer is $\\boxed{{{answer}}}$."
    return list(found.items())


def _solution(rng: random.Random) -> str:
    a, b = rng.randint(2, 99), rng.randint(2, 99)
    steps = [
        f"We start by noting that $x^2 + {a}x = {b}$.",
        f"Substituting gives\n\\[ \\frac{{{a}}}{{{b}}} \\cdot {b} = {a}. \\]",
        f"Since ${a} + {b} = {a + b}$, we may divide both sides by ${a}$.",
        "This can be checked by substitution.",
    ]
    return "\n\n".join(rng.sample(steps, k=rng.randint(1, len(steps))))


def _integer(rng: random.Random, error: int) -> Pair:
    n = rng.randint(2, 10**6)
    return str(n), rng.choice([str(n + error), f"{n + error:,}"])


def _fraction(rng: random.Random, error: int) -> Pair:
    a, b = rng.randint(1, 999), rng.randint(2, 999)
    return rf"\frac{{{a}}}{{{b}}}", rng.choice(
        [rf"\frac{{{a + error}}}{{{b}}}", f"{a + error}/{b}", rf"\dfrac{{{2 * a + error}}}{{{2 * b}}}"]
    )


def _radical(rng: random.Random, error: int) -> Pair:
    a, b = rng.randint(2, 99), rng.randint(2, 999)
    return rf"{a}\sqrt{{{b}}}", rng.choice([rf"{a + error}\sqrt{{{b}}}", rf"\sqrt{{{a * a * b + error}}}"])


def _polynomial(rng: random.Random, error: int) -> Pair:
    a, b, c = (rng.randint(2, 99) for _ in range(3))
    return f"{a}x^2+{b}x-{c}", rng.choice([f"-{c}+{b + error}x+{a}x^2", f"{a}x^2+{b}x-{c + error}"])


def _point(rng: random.Random, error: int) -> Pair:
    a, b = rng.randint(-99, 99), rng.randint(-99, 99)
    return f"({a},{b})", rf"\left({a}, {b + error}\right)"


def _interval(rng: random.Random, error: int) -> Pair:
    a = rng.randint(-999, 999)
    return rf"[{a},\infty)", rng.choice([rf"x \geq {a + error}", rf"\left[{a + error}, \infty\right)"])


def _circle(rng: random.Random, error: int) -> Pair:
    a = rng.randint(2, 9_999)
    return rf"{a}\pi", rng.choice([rf"{a + error}\pi", rf"\frac{{{2 * a + error}\pi}}{{2}}"])


def _set(rng: random.Random, error: int) -> Pair:
    a, b, c = rng.sample(range(1, 999), 3)
    return rf"\{{{a},{b},{c}\}}", f"{c}, {b}, {a + error * 1_000}"


def _length(rng: random.Random, error: int) -> Pair:
    a = rng.randint(2, 9_999)
    return rf"{a}\text{{ cm}}^2", rng.choice([str(a + error), rf"{a + error}\text{{ cm}}^2"])


_KINDS: tuple[Callable[[random.Random, int], Pair], ...] = (
    _integer, _integer, _integer, _fraction, _fraction, _radical, _polynomial, _point, _interval, _circle,
    _set, _length,
)  # fmt: skip


def _timed(grade: Callable[[Pair], object], todo: Sequence[Pair]) -> list[float]:
    """Milliseconds of each grading."""
    gc.collect()
    found = []
    for pair in todo:
        began = time.perf_counter()
        grade(pair)
        found.append((time.perf_counter() - began) * 1e3)
    return found


def _speed() -> list[Measurement]:
    logging.disable(logging.WARNING)  # math-verify warns at each call that no alarm is set
    grader = Grader({"math": VERIFIERS["math"]})

    def ours(pair: Pair) -> object:
        return grader.grade(VerifyRequest(verifier="math", response=pair[1], ground_truth=pair[0]))

    def theirs(pair: Pair) -> object:
        reference, answer = parse(f"${pair[0]}$", parsing_timeout=None), parse(pair[1], parsing_timeout=None)
        return verify(reference, answer, timeout_seconds=None)

    for grade in (ours, theirs):
        _timed(grade, pairs(20, SEED - 1))  # imports, and the grammar's tables
    our_ms, their_ms = [], []
    for turn in range(ROUNDS):
        our_ms += _timed(ours, pairs(PAIRS, SEED + turn))
        their_ms += _timed(theirs, pairs(PAIRS, SEED + turn))
    grader.close()
    rate = [1e3 * len(ms) / sum(ms) for ms in (our_ms, their_ms)]
    tails = [percentile(ms, 0.99) for ms in (our_ms, their_ms)]
    n = len(our_ms)
    return [
        Measurement("math, one process", "pairs/s", rate[0], "math-verify", rate[1], n, COMMAND),
        Measurement("math, p99", "ms", tails[0], "math-verify", tails[1], n, COMMAND),
        Measurement("math, p99", "ms", tails[0], "bar", 5.0, n, COMMAND),
    ]


def _hostile() -> list[VerifyRequest]:
    cases = [case for case in packaged_cases(["math"]) if case.kind in HOSTILE_KINDS]
    return [case.request() for case in cases]


def _resident_mib(pid: int) -> float:
    """Resident size of a process and all it has started; pages they share count for each of them."""
    total = 0.0
    for process in _family(pid):
        try:
            status = Path(f"/proc/{process}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # a child that ended meanwhile
        total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024
    return total


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in children:
            yield from _family(int(child))


async def _peak_while(pid: int, work: asyncio.Task[None]) -> float:
    peak = 0.0
    while not work.done():
        peak = max(peak, await asyncio.to_thread(_resident_mib, pid))
        await asyncio.sleep(0.02)
    await work
    return peak


async def _worker_peak_mib() -> float:
    worker = Worker({"math": VERIFIERS["math"]})
    await worker.start()

    async def grade_all() -> None:
        for request in _hostile():
            await worker.ask({"op": "grade", "request": request.model_dump(mode="json")}, 30.0)

    try:
        assert worker.pid is not None
        return await _peak_while(worker.pid, asyncio.create_task(grade_all()))
    finally:
        await worker.stop()


async def _service_peak_mib(workers: int) -> float:
    port = 18_473
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "verifiers", "serve", "--port", str(port), "--workers", str(workers)
    )
    try:
        async with VerifierClient(f"http://127.0.0.1:{port}", deadline_s=300.0) as client:
            await _until_ready(port)

            async def grade_all() -> None:
                await client.verify_batch(_hostile())

            return await _peak_while(process.pid, asyncio.create_task(grade_all()))
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 60)


async def _until_ready(port: int) -> None:
    async with asyncio.timeout(120), httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)


def run() -> None:
    workers = os.cpu_count() or 1
    measurements = _speed()
    worker = asyncio.run(_worker_peak_mib())
    service = asyncio.run(_service_peak_mib(workers))
    measurements += [
        Measurement("worker on hostile answers, peak", "MiB", worker, "bar", WORKER_BAR_MIB, 1, COMMAND),
        Measurement(
            f"service with {workers} workers, peak", "MiB", service, "bar", SERVICE_BAR_MIB, 1, COMMAND
        ),
    ]
    publish("verifiers", measurements)
