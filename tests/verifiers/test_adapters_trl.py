"""TRL's GRPO trainer, for real, with our service as its reward."""

import asyncio
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verifiers.adapters.trl import reward_function
from verifiers.client import VerifierClient
from verifiers.errors import InvalidRequestError, UnknownVerifierError, VerifierUnavailableError


@pytest.mark.filterwarnings("ignore:TRL currently supports vLLM")
def test_a_grpo_step_trains_on_what_was_graded_and_leaves_the_undecided_out(
    service_url: str, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    rows = [
        {"prompt": [{"role": "user", "content": f"{n}+1?"}], "ground_truth": "x", "extra": {"seed": n}}
        for n in range(2)
    ]
    config = GRPOConfig(
        output_dir=str(tmp_path), use_cpu=True, bf16=False, report_to="none", save_strategy="no", seed=1,
        per_device_train_batch_size=16, num_generations=8, max_steps=1, max_completion_length=6,
        logging_steps=1, disable_tqdm=True,
    )  # fmt: skip
    reward = reward_function(VerifierClient(service_url), verifier="parity", name="graded")
    trainer = GRPOTrainer(
        str(tiny_model), reward_funcs=reward, args=config, train_dataset=Dataset.from_list(rows)
    )
    trainer.train()

    rewards = list(trainer._logs["rewards"]["graded"])
    columns = {name: list(values) for name, values in trainer._logs["extra"].items()}
    undecided = [status == "undecided" for status in columns["graded_status"]]
    assert 0 < sum(undecided) < len(rewards) == 16
    assert [math.isnan(value) for value in rewards] == undecided
    assert {value for value in rewards if not math.isnan(value)} <= {0.0, 1.0}
    assert all(
        advantage == 0.0
        for advantage, left_out in zip(trainer._logs["advantages"], undecided, strict=True)
        if left_out
    )
    assert columns["graded_answer"] == [messages[0]["content"] for messages in trainer._logs["completion"]]
    assert trainer.state.log_history[0]["graded/undecided_share"] == pytest.approx(sum(undecided) / 16)


def rewards_of(url: str, completions: list[Any], **columns: Any) -> tuple[list[float | None], dict[str, Any]]:
    """Call the function as TRL's trainer does, which keeps one event loop for it."""
    logged: dict[str, Any] = {}
    log: Callable[[str, Any], None] = logged.__setitem__

    async def call() -> list[float | None]:
        async with VerifierClient(url, deadline_s=5) as client:
            return await reward_function(client)(
                prompts=["p"] * len(completions), completions=completions, completion_ids=[],
                trainer_state=None, log_extra=log, log_metric=log, **columns,
            )  # fmt: skip

    return asyncio.run(call()), logged


def test_rows_are_routed_by_their_data_source_and_a_bad_reference_gets_no_score(service_url: str) -> None:
    letters = ["so \\boxed{A}", [{"role": "assistant", "content": "\\boxed{B}"}], "\\boxed{A}"]
    rewards, logged = rewards_of(
        service_url, letters, ground_truth=["A", "A", "no letter"], data_source=["stem__gpqa"] * 3
    )
    assert rewards == [1.0, 0.0, None]
    assert logged["verdict_reason"] == ["equal", "not_equal", "ground_truth_error"]
    assert logged["verdict/undecided_share"] == pytest.approx(1 / 3)


def test_only_the_last_assistant_message_is_graded_and_tool_output_never(service_url: str) -> None:
    completion = [
        {"role": "assistant", "content": "\\boxed{B}"},
        {"role": "tool", "content": "\\boxed{A}"},
        {"role": "assistant", "content": [{"type": "text", "text": "\\boxed{C}"}]},
        {"role": "tool", "content": "\\boxed{A}"},
    ]
    _, logged = rewards_of(service_url, [completion], ground_truth=["C"], data_source=["stem__gpqa"])
    assert logged["verdict_answer"] == ["C"]


def test_mistakes_of_the_set_up_stop_the_training(service_url: str) -> None:
    with pytest.raises(InvalidRequestError, match="no column 'ground_truth'"):
        rewards_of(service_url, ["a"], answer=["a"], data_source=["stem__gpqa"])
    with pytest.raises(InvalidRequestError, match="data_source"):
        rewards_of(service_url, ["a"], ground_truth=["a"])
    with pytest.raises(UnknownVerifierError):
        rewards_of(service_url, ["a"], ground_truth=["a"], data_source=["nobody__knows"])


def test_a_service_that_is_away_is_an_error_and_not_a_reward() -> None:
    async def call() -> list[float | None]:
        async with VerifierClient("http://127.0.0.1:9", deadline_s=0.3) as client:
            return await reward_function(client, verifier="echo")(["p"], ["a"], ground_truth=["a"])

    with pytest.raises(VerifierUnavailableError):
        asyncio.run(call())
