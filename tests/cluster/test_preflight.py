"""Every fault is one sentence, found before anything starts."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from rlvr.cluster.machine import available_memory_bytes
from rlvr.cluster.model_files import describe_model
from rlvr.cluster.preflight import check_cluster, preflight
from rlvr.config import RunConfig, parse_config
from rlvr.errors import ConfigError, exit_code


def config(model: Path | str, **sections: Any) -> RunConfig:
    raw = {"name": "run", "model": str(model), "steps": 1, "data": {"kind": "synthetic"}}
    return parse_config(RunConfig, raw | sections)


def weightless_model(directory: Path, parameters: int) -> Path:
    """A model's directory whose safetensors header promises `parameters` numbers and holds none."""
    directory.mkdir()
    (directory / "config.json").write_text(json.dumps({"max_position_embeddings": 4096}))
    header = json.dumps({"w": {"dtype": "F32", "shape": [parameters], "data_offsets": [0, 0]}}).encode()
    (directory / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    return directory


def test_a_run_that_fits_passes(tiny_model: Path) -> None:
    preflight(config(tiny_model))


def test_parameters_are_counted_without_loading_them(tiny_model: Path, tmp_path: Path) -> None:
    facts = describe_model(str(weightless_model(tmp_path / "model", 10**12)))
    assert facts is not None
    assert (facts.parameters, facts.max_positions) == (10**12, 4096)
    tiny = describe_model(str(tiny_model))
    assert tiny is not None
    assert 2e6 < tiny.parameters < 6e6


GPU_ENGINES = {"device": "cuda", "replicas": 2, "tensor_parallel": 4}


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        pytest.param({"engine": {"kv_cache_gib": 1e6}}, "GiB of memory here .* are left", id="memory"),
        pytest.param({"engine": {"max_model_len": 2000}, "learner": {"row_tokens": 2000}},
                     "is longer than the 1024 positions", id="too-long"),
    ],
)  # fmt: skip
def test_a_run_that_does_not_fit_is_refused(
    tiny_model: Path, sections: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence) as caught:
        preflight(config(tiny_model, **sections))
    assert exit_code(caught.value) == 2


def test_a_model_larger_than_the_machine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"1000000\.0 million parameters needs at least"):
        preflight(config(weightless_model(tmp_path / "model", 10**12)))


def test_a_gpu_is_not_asked_of_a_machine_that_has_none(tiny_model: Path) -> None:
    from rlvr.learner.probe import visible_gpus

    too_many = {"device": "cuda", "replicas": len(visible_gpus()) + 1}
    with pytest.raises(ConfigError, match=r"a torch built for CUDA|GPUs are asked for"):
        preflight(config(tiny_model, engine=too_many))


def test_more_gpus_than_the_cluster_has_are_refused(ray_session: None) -> None:
    asked = config("m", engine=GPU_ENGINES, learner={"device": "cuda"}, ray_address="auto")
    with pytest.raises(ConfigError, match=r"^9 GPUs are asked for .* and the cluster has"):
        check_cluster(asked)


@pytest.mark.parametrize(
    "model",
    [
        pytest.param("/no/such/model", id="path"),
        pytest.param("no-such-owner-anywhere/no-such-model", id="hub"),
    ],
)
def test_a_missing_model_is_named(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ConfigError, match=f"model = '{model}' is no directory here"):
        preflight(config(model))


def test_a_directory_without_weights_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"no config\.json with \*\.safetensors"):
        preflight(config(tmp_path))


def test_a_port_in_use_is_named(tiny_model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"verifier.port = {port} cannot be listened on"):
            preflight(config(tiny_model, verifier={"port": port}))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"memory.max": "1000", "memory.current": "700", "memory.stat": "anon 1\ninactive_file 50\n"},
            350,
            id="v2-counts-the-page-cache-as-free",
        ),
        pytest.param(
            {
                "memory/memory.limit_in_bytes": "1000",
                "memory/memory.usage_in_bytes": "900",
                "memory/memory.stat": "total_inactive_file 0\n",
            },
            100,
            id="v1",
        ),
    ],
)
def test_a_containers_limit_counts(tmp_path: Path, files: dict[str, str], expected: int) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert available_memory_bytes(tmp_path) == expected


def test_a_container_without_a_limit_has_what_the_machine_has(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory_bytes(tmp_path) > 2**20
