"""What Ray Serve costs beside uvicorn in a supervised actor: one step's groups through the batch route."""

from __future__ import annotations

import asyncio
import time
from statistics import median

from rlvr.cluster.session import cluster
from rlvr.cluster.verifier_service import start_verifiers
from rlvr.config import VerifierConfig
from tests.benchmarks.record import Measurement, publish
from verifiers import VerifierClient, VerifyRequest

GROUPS, GROUP_SIZE, ROUNDS = 16, 8, 15


async def seconds_per_step(kind: str) -> list[float]:
    """Wall time to grade the groups of one step, all sent at once, as the loop does."""
    request = VerifyRequest(verifier="math", response=r"7+8=15 \boxed{85}", ground_truth="85")
    service = await start_verifiers(VerifierConfig.model_validate({"kind": kind}), only=frozenset({"math"}))
    try:
        async with VerifierClient(service.url, token=service.token) as client:
            seconds = []
            for _ in range(ROUNDS):
                began = time.monotonic()
                await asyncio.gather(*(client.verify_batch([request] * GROUP_SIZE) for _ in range(GROUPS)))
                seconds.append(time.monotonic() - began)
            return seconds[2:]
    finally:
        await service.close()


def run() -> None:
    with cluster("local"):
        by_kind = {kind: asyncio.run(seconds_per_step(kind)) for kind in ("actor", "serve")}
    publish(
        "verifier_service",
        [
            Measurement(
                f"{GROUPS} groups of {GROUP_SIZE} through Ray Serve", "s", median(by_kind["serve"]),
                "uvicorn in an actor", median(by_kind["actor"]), len(by_kind["serve"]),
                "python -m tests.benchmarks verifier_service",
            )
        ],
    )  # fmt: skip
