"""verl's own reward manager calls our function; collected where verl can be imported (see conftest.py)."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import torch
from omegaconf import OmegaConf
from verl import DataProto
from verl.trainer.ppo.reward import load_reward_manager

from tests.verifiers.test_adapters_verl import EXTRA_INFO


def test_verls_own_reward_manager_gets_its_scores(service_url: str) -> None:
    custom = {
        "path": "pkg://verifiers.adapters.verl",
        "name": "compute_score",
        "reward_kwargs": {"url": service_url},
    }
    config = {"custom_reward_function": custom, "reward_manager": {"source": "register", "name": "naive"}}

    class Letters:
        def decode(self, ids: Any, skip_special_tokens: bool) -> str:
            return "".join(map(chr, ids))

    def row(response: str) -> Any:
        ids = torch.tensor([[ord(letter) for letter in response]])
        columns = {
            "data_source": "stem__gpqa",
            "reward_model": {"ground_truth": "B"},
            "extra_info": dict(EXTRA_INFO),
        }
        return DataProto.from_dict(
            tensors={"responses": ids, "attention_mask": torch.ones_like(ids)},
            non_tensors={name: np.array([value], dtype=object) for name, value in columns.items()},
        )

    async def grade() -> list[float]:
        manager = load_reward_manager(OmegaConf.create({"reward": config}), Letters())
        return [
            (await manager.run_single(row(text)))["reward_score"] for text in (r"\boxed{B}", r"\boxed{A}")
        ]

    assert asyncio.run(grade()) == [1.0, 0.0]
