"""Verdicts as a reward function of TRL's GRPO, RLOO and online trainers.

    client = VerifierClient("http://127.0.0.1:8080")
    GRPOTrainer(model, reward_funcs=reward_function(client, verifier="math"), ...)

The dataset's columns say what each completion is graded against: `ground_truth`, and where they are there,
`data_source` and `extra`. An undecided completion gets None, which TRL leaves out of the group's baseline.
Each verdict goes into the completions table through `log_extra`, the share without a score through
`log_metric`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from verifiers.adapters.base import BatchClient, checked, json_object, json_value
from verifiers.adapters.messages import Messages, last_text
from verifiers.errors import (
    GroundTruthError,
    InvalidRequestError,
    VerifierError,
    VerifierUnavailableError,
    error_kind,
)
from verifiers.types import Verdict, VerifyRequest

Outcome = Verdict | VerifierError
RewardFunction = Callable[..., Awaitable[list[float | None]]]


def reward_function(
    client: BatchClient,
    *,
    verifier: str | None = None,
    name: str = "verdict",
    truth_column: str = "ground_truth",
) -> RewardFunction:
    """An async reward function that asks `client`.

    Args:
        client: used on the trainer's event loop only; TRL keeps one for the whole training.
        verifier: grades every row; None routes each row by its `data_source` column.
        name: what TRL calls this reward in its metrics; also the prefix of the logged columns.
        truth_column: the dataset's column of references.

    The function raises what makes every row fail (an unknown verifier, no column of references, a service
    that does not answer). A row whose reference is malformed, or that the service could not start in time, is
    logged with that reason and gets None.
    """

    async def reward(
        prompts: Sequence[Messages],
        completions: Sequence[Messages],
        log_extra: Callable[[str, list[Any]], None] | None = None,
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        requests = _requests(prompts, completions, columns, verifier, truth_column)
        outcomes = await client.verify_batch(requests)
        _raise_what_fails_every_row(outcomes)
        if log_extra is not None:
            for column, values in _logged(outcomes).items():
                log_extra(f"{name}_{column}", values)
        scores = [outcome.score if isinstance(outcome, Verdict) else None for outcome in outcomes]
        if log_metric is not None:
            log_metric(f"{name}/undecided_share", scores.count(None) / len(scores))
        return scores

    reward.__name__ = name
    return reward


def _requests(
    prompts: Sequence[Messages],
    completions: Sequence[Messages],
    columns: Mapping[str, Any],
    verifier: str | None,
    truth_column: str,
) -> list[VerifyRequest]:
    if truth_column not in columns:
        raise InvalidRequestError(
            f"the dataset has no column {truth_column!r}; it has {', '.join(sorted(columns))}"
        )
    unset = [None] * len(completions)
    sources = columns.get("data_source", unset)
    if verifier is None and None in sources:
        raise InvalidRequestError("name a verifier, or give each row a data_source")
    return [
        checked(
            VerifyRequest,
            {
                "verifier": verifier,
                "data_source": source,
                "response": last_text(completion, "assistant"),
                "ground_truth": json_value(truth),
                "prompt": last_text(prompt, "user"),
                "extra": json_object(extra),
            },
        )
        for prompt, completion, truth, source, extra in zip(
            prompts, completions, columns[truth_column], sources, columns.get("extra", unset), strict=True
        )
    ]


def _raise_what_fails_every_row(outcomes: Sequence[Outcome]) -> None:
    """Mistakes of the set-up are raised at once, and so is a service that could not take a single row."""
    errors = [outcome for outcome in outcomes if isinstance(outcome, VerifierError)]
    for error in errors:
        if not isinstance(error, GroundTruthError | VerifierUnavailableError):
            raise error
    if errors and len(errors) == len(outcomes) and isinstance(errors[0], VerifierUnavailableError):
        raise errors[0]


def _logged(outcomes: Sequence[Outcome]) -> dict[str, list[str | None]]:
    """Columns of the completions table; an item's error stands where its verdict would."""
    verdicts = [outcome if isinstance(outcome, Verdict) else None for outcome in outcomes]
    return {
        "status": [verdict.status.value if verdict else "error" for verdict in verdicts],
        "reason": [
            outcome.reason if isinstance(outcome, Verdict) else error_kind(outcome) for outcome in outcomes
        ],
        "answer": [verdict.answer if verdict else None for verdict in verdicts],
        "digest": [verdict.digest if verdict else None for verdict in verdicts],
    }
