"""Source configs: every kind loads, a typo does not."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest

from guru_data import SourceConfig, SourceConfigError, parse_source_config
from guru_data.sources import SOURCES, open_source


def test_every_kind_of_config_has_a_source() -> None:
    models = get_args(get_args(SourceConfig)[0])
    kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in models}
    assert kinds == set(SOURCES)


@pytest.mark.parametrize("kind", SOURCES)
def test_a_config_given_as_plain_data_opens_its_source(kind: str) -> None:
    needed = {
        "synthetic": {},
        "reasoning_gym": {},
        "huggingface": {"dataset": "problems", "columns": {"prompt": "question"}},
    }.get(kind, {"path": "problems"})
    source = open_source(parse_source_config({"kind": kind, **needed}))
    assert f"{type(source).__module__}:{type(source).__name__}" == SOURCES[kind]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param({"kind": "synthetc"}, "synthetc", id="unknown-kind"),
        pytest.param({"kind": "synthetic", "sead": 1}, "sead", id="unknown-key"),
        pytest.param({"kind": "synthetic", "levels": {"math": 4}}, "levels.math", id="unknown-level"),
        pytest.param({"kind": "synthetic", "domains": []}, "domains", id="no-domains"),
        pytest.param({"kind": "synthetic", "domains": ["math", "math"]}, "domains.*twice", id="domain-twice"),
        pytest.param({"kind": "jsonl"}, "path", id="missing-path"),
    ],
)
def test_a_config_that_does_not_fit_is_named(raw: dict[str, object], message: str) -> None:
    with pytest.raises(SourceConfigError, match=message):
        parse_source_config(raw)


def test_importing_the_package_loads_no_verifier_and_nothing_heavy() -> None:
    unwanted = ("verifiers", "torch", "ray", "vllm", "sympy", "pyarrow")
    program = f"import guru_data, sys; print([name for name in {unwanted} if name in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "[]"
