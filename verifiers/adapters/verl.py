"""Verdicts as verl's reward: `compute_score` for `custom_reward_function`.

    reward.custom_reward_function.path=pkg://verifiers.adapters.verl
    reward.custom_reward_function.name=compute_score
    +reward.custom_reward_function.reward_kwargs.url=http://127.0.0.1:8080

verl calls it in threads, one sample at a time, with Guru's row format. It has no null score, so what an
undecided verdict means must be said in `on_undecided`; the keys of the result are the same for every sample,
as verl asks.
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from verifiers.adapters.base import checked, json_object, json_value
from verifiers.client import SyncVerifierClient
from verifiers.errors import UndecidedError
from verifiers.types import Verdict, VerdictStatus, VerifyRequest

OnUndecided = Literal["raise", "drop", "constant"]
TOKEN_VARIABLE = "VERIFIERS_TOKEN"
ATTEMPTS = 3
"""How often an undecided sample is graded before the policy applies."""


class Score(TypedDict):
    """What verl gets per sample; the numbers become metrics, the strings go into its rollout files."""

    score: float
    undecided: float
    no_answer: float
    reason: str
    answer: str
    digest: str


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Mapping[str, Any] | None = None,
    *,
    url: str,
    verifier: str | None = None,
    on_undecided: OnUndecided = "raise",
    constant: float | None = None,
    deadline_s: float = 120.0,
    **_: Any,
) -> Score:
    """Grade one sample.

    Args:
        url: the verifier service; its token, if it asks for one, is in `VERIFIERS_TOKEN`.
        verifier: None routes by `data_source`.
        on_undecided: `raise` an error; `drop`: score NaN and `undecided` 1, for a trainer that takes such
            samples out by that key before it computes advantages (a NaN that is not taken out stops training,
            it teaches nothing); or score a `constant`.
        constant: the score of an undecided sample; only with, and required by, `on_undecided="constant"`.
        deadline_s: for one try, the client's own retries included.

    Raises:
        VerifierError: no verdict, as `SyncVerifierClient.verify` says; never turned into a score.
        UndecidedError: still undecided, and the policy is `raise`.
        ValueError: the policy is not one of the three, or the constant does not go with it.
    """
    _check_policy(on_undecided, constant)
    request = checked(
        VerifyRequest,
        {
            "verifier": verifier,
            "data_source": data_source,
            "response": solution_str,
            "ground_truth": json_value(ground_truth),
            "extra": json_object(extra_info),
        },
    )
    client = _client(url, os.environ.get(TOKEN_VARIABLE), deadline_s)
    for _attempt in range(ATTEMPTS):
        verdict = client.verify(request)
        if verdict.score is not None:
            return _score(verdict, verdict.score)
    if on_undecided == "raise":
        raise UndecidedError(
            f"{data_source}: {verdict.verifier} could not tell in {ATTEMPTS} tries ({verdict.reason}); "
            "to train on without such samples, set on_undecided"
        )
    return _score(verdict, math.nan if constant is None else constant)


def _check_policy(on_undecided: str, constant: float | None) -> None:
    if on_undecided not in ("raise", "drop", "constant"):
        raise ValueError(f"on_undecided is raise, drop or constant, not {on_undecided!r}")
    if (constant is None) == (on_undecided == "constant"):
        raise ValueError(f"on_undecided={on_undecided!r} does not go with constant={constant!r}")


def _score(verdict: Verdict, score: float) -> Score:
    return Score(
        score=score,
        undecided=float(verdict.status is VerdictStatus.UNDECIDED),
        no_answer=float(verdict.status is VerdictStatus.NO_ANSWER),
        reason=verdict.reason,
        answer=verdict.answer or "",
        digest=verdict.digest,
    )


@functools.cache
def _client(url: str, token: str | None, deadline_s: float) -> SyncVerifierClient:
    """One per process and service: verl calls from many threads, and connections are worth keeping."""
    return SyncVerifierClient(url, deadline_s=deadline_s, token=token)
