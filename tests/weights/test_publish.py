"""Weights on their way through shared memory."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rlvr.errors import InfrastructureError
from rlvr.weights.directory import discard_weights, weights_directory
from rlvr.weights.publish import write_weights


def write(directory: Path, version: int) -> Path:
    return write_weights(
        {"w": torch.full((2, 3), version + 0.001)}.items(), directory, version, torch.bfloat16
    )


def test_a_version_holds_every_tensor_under_its_name_in_the_asked_type(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2))

    path = write_weights(module.named_parameters(), tmp_path, 1, torch.bfloat16)

    loaded = load_file(path)
    assert {name: tensor.dtype for name, tensor in loaded.items()} == dict.fromkeys(
        ["0.weight", "0.bias", "1.weight", "1.bias"], torch.bfloat16
    )
    torch.testing.assert_close(loaded["0.weight"], module[0].weight.detach().bfloat16())


def test_a_transposed_parameter_is_written_as_it_is_seen(tmp_path: Path) -> None:
    transposed = torch.arange(6.0).view(2, 3).t()

    path = write_weights([("w", transposed)], tmp_path, 1, torch.float32)

    torch.testing.assert_close(load_file(path)["w"], transposed.contiguous())


def test_the_newest_version_and_the_one_before_it_stay(tmp_path: Path) -> None:
    paths = [write(tmp_path, version) for version in range(4)]

    assert sorted(tmp_path.iterdir()) == paths[2:]


def test_a_version_written_again_after_a_resume_replaces_the_old_file(tmp_path: Path) -> None:
    write(tmp_path, 5)

    path = write(tmp_path, 5)

    assert sorted(tmp_path.iterdir()) == [path]


def test_weights_that_do_not_fit_name_both_sizes_and_leave_nothing(tmp_path: Path) -> None:
    endless = torch.empty(1).expand(2**45)  # no memory behind it, and none is taken

    with pytest.raises(InfrastructureError, match=r"MiB left and the weights need \d+ MiB: enlarge"):
        write_weights([("w", endless)], tmp_path, 1, torch.float32)

    assert list(tmp_path.iterdir()) == []


def test_a_run_gives_its_shared_memory_back() -> None:
    directory = weights_directory("test-gives-back")
    write(directory, 1)

    discard_weights(directory)
    discard_weights(directory)

    assert not directory.exists()
