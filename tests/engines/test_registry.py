"""Engines by name, and what a host's processor decides for them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rlvr.config import EngineConfig
from rlvr.engines.precision import cpu_flags, resolve_dtype
from rlvr.engines.registry import ENGINES, build_engine
from rlvr.engines.vllm_environment import engine_environment, environment_of
from rlvr.errors import ConfigError


@pytest.mark.parametrize("kind", sorted(ENGINES))
def test_every_engine_in_the_table_can_be_made(kind: str) -> None:
    assert build_engine(EngineConfig(kind=kind), "model", 0).version == 0


def test_an_engine_of_somebody_else_is_found_by_its_import_path() -> None:
    engine = build_engine(EngineConfig(kind="tests.cluster.scripted_generators:ProcessEngine"), "model", 0)

    assert type(engine).__name__ == "ProcessEngine"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        pytest.param("vlm", r"engine.kind = 'vlm': have \['vllm'\]", id="unknown-name"),
        pytest.param("nowhere.at:All", "cannot be imported: No module named 'nowhere'", id="no-such-module"),
        pytest.param("rlvr.engines.base:Motor", "has no attribute 'Motor'", id="no-such-class"),
    ],
)
def test_an_engine_that_cannot_be_made_is_a_config_error(kind: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_engine(EngineConfig(kind=kind), "model", 0)


@pytest.mark.parametrize(
    ("cpuinfo", "native"),
    [
        pytest.param("processor : 0\nflags : fpu avx512f avx512_bf16\n", True, id="avx512-bf16"),
        pytest.param("processor : 0\nflags : fpu amx_bf16 amx_tile\n", True, id="amx"),
        pytest.param("processor : 0\nFeatures : fp asimd bf16\n", True, id="arm"),
        pytest.param("processor : 0\nflags : fpu avx2\n", False, id="avx2-alone"),
    ],
)
def test_bfloat16_is_native_where_the_processor_says_so(cpuinfo: str, native: bool, tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(cpuinfo)

    assert bool({"avx512_bf16", "amx_bf16", "bf16"} & cpu_flags(path)) == native


def test_a_named_dtype_is_kept_and_a_gpu_takes_bfloat16() -> None:
    assert resolve_dtype("float32", "cuda") == "float32"
    assert resolve_dtype("auto", "cuda") == "bfloat16"


def test_the_environment_of_an_engine_holds_only_while_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("TORCH_COMPILE_DISABLE", raising=False)

    with environment_of(engine_environment(EngineConfig(threads=3), "model", "scratch")):
        assert (os.environ["OMP_NUM_THREADS"], os.environ["TORCH_COMPILE_DISABLE"]) == ("3", "1")

    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "TORCH_COMPILE_DISABLE" not in os.environ
