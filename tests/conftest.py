"""What tests of several packages share: a tiny model, made once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from guru_data import SyntheticConfig, demonstrations
from rlvr.openmp import idle_threads_sleep

os.environ |= idle_threads_sleep()  # as `rlvr` does, before torch is imported


USE_ALL_CORES = {"cluster", "end_to_end", "engines", "gpu", "learner", "loop", "weights"}


class FolderScheduling(LoadScopeScheduling):
    """Where two processes share the tests, a package's stay together, and so do all that start engines.

    Not xdist's own groups: they write into a private name of pytest's that 9.2 no longer has, and then
    group nothing and say nothing.
    """

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.partition("::")[0].split("/")[1]
        return "engines" if folder in USE_ALL_CORES else folder


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FolderScheduling:
    return FolderScheduling(config, log)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A randomly initialised Qwen3 of three million parameters with a tokenizer for synthetic problems."""
    from rlvr.learner.tiny_model import make_tiny_model

    directory = tmp_path_factory.mktemp("tiny-model")
    shown = demonstrations(SyntheticConfig(), seed=0, count=400)
    make_tiny_model(directory, [f"{d.prompt[-1].content}\n{d.response}" for d in shown], seed=0)
    return directory
