"""One real vLLM engine per kind of embedding.

Starting an engine takes many seconds, so all tests of a kind share one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from rlvr.config import EngineConfig
from rlvr.engines.vllm_engine import VllmEngine
from rlvr.learner.tiny_model import make_tiny_model
from tests.engines.served import TEXTS, Served, TrainedPolicy


@pytest.fixture(scope="module", params=["tied", "untied"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp(request.param)
    make_tiny_model(directory / "model", TEXTS, seed=0, tied=request.param == "tied")
    config = EngineConfig(max_model_len=512, kv_cache_gib=0.125)
    engine = VllmEngine(config, str(directory / "model"), seed=0)
    with asyncio.Runner() as runner:
        runner.run(engine.start())
        yield Served(runner, engine, TrainedPolicy(directory / "model", directory / "weights"))
        runner.run(engine.close())
