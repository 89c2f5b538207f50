"""Routes that speak other trainers' protocols, so that they need no code of ours on their side.

    POST /get_reward?verifier=math                  OpenRLHF: its `--reward.remote_url`
    POST /verify  /seed_session  GET /reverify_mode  NeMo-Gym: as a resources server

The bodies and what they mean are in `verifiers.adapters`. Neither protocol has a place for "no score":
whatever has none is answered 503 (or 422 where the reference is at fault), and never 0. Looking for a
response behind its prompt may take a second, so a thread does it.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Body, FastAPI, Query

from verifiers.adapters import nemo_gym, openrlhf
from verifiers.service.grading import Grading
from verifiers.service.problems import documented
from verifiers.service.timeouts import RequestTimeout


def add_adapter_routes(app: FastAPI, grading: Grading) -> None:
    _add_openrlhf(app, grading)
    _add_nemo_gym(app, grading)


def _add_openrlhf(app: FastAPI, grading: Grading) -> None:
    @app.post(
        "/get_reward",
        operation_id="openrlhf_get_reward",
        tags=["openrlhf"],
        responses=documented(400, 401, 404, 413, 422, 503),
    )
    async def get_reward(
        body: openrlhf.RewardRequest,
        verifier: Annotated[str | None, Query(max_length=200)] = None,
        timeout_s: RequestTimeout = None,
    ) -> openrlhf.RewardReply:
        grading.check_length(*body.query, *body.prompts)
        requests = await asyncio.to_thread(openrlhf.requests_of, body, verifier)
        return openrlhf.reply_of(await grading.all(requests, timeout_s))


def _add_nemo_gym(app: FastAPI, grading: Grading) -> None:
    @app.post(
        "/verify",
        operation_id="nemo_gym_verify",
        tags=["nemo_gym"],
        response_model=nemo_gym.GymReply,
        responses=documented(400, 401, 404, 413, 422, 503),
    )
    async def verify(body: nemo_gym.GymRequest, timeout_s: RequestTimeout = None) -> dict[str, Any]:
        verdict = await grading.one(nemo_gym.request_of(body), timeout_s)
        return nemo_gym.reply_of(body, verdict)

    @app.get("/reverify_mode", operation_id="nemo_gym_reverify_mode", tags=["nemo_gym"])
    async def reverify_mode() -> str:
        return nemo_gym.REVERIFY_MODE

    @app.post(
        "/seed_session",
        operation_id="nemo_gym_seed_session",
        tags=["nemo_gym"],
        responses=documented(400, 401, 413, 422, 503),
    )
    async def seed_session(_: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        return {}
