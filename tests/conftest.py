"""What tests of several packages share: a tiny model, made once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from guru_data import SyntheticConfig, demonstrations
from rlvr.openmp import idle_threads_sleep

os.environ |= idle_threads_sleep()  # as `rlvr` does, before torch is imported


TESTS = Path(__file__).parent
USE_ALL_CORES = {"cluster", "end_to_end", "engines", "gpu", "learner", "loop", "weights"}


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where two processes share the tests, a package's stay together, and so do all that start engines."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        item.add_marker(pytest.mark.xdist_group("engines" if folder in USE_ALL_CORES else folder))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A randomly initialised Qwen3 of three million parameters with a tokenizer for synthetic problems."""
    from rlvr.learner.tiny_model import make_tiny_model

    directory = tmp_path_factory.mktemp("tiny-model")
    shown = demonstrations(SyntheticConfig(), seed=0, count=400)
    make_tiny_model(directory, [f"{d.prompt[-1].content}\n{d.response}" for d in shown], seed=0)
    return directory
