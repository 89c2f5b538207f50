"""vLLM's side of the shared-memory weight transfer; runs in the engine's worker process.

    safetensors file in /dev/shm --load_weights, layer by layer--> the running model

The learner's side is `publish`; the pause around a load and the probe after it are the engine's
business. vLLM's own backends are for GPUs only. Written for vLLM 0.32.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from safetensors import safe_open
from vllm.distributed.weight_transfer.base import (
    WeightTransferEngine,
    WeightTransferInitInfo,
    WeightTransferUpdateInfo,
)
from vllm.model_executor.layers.vocab_parallel_embedding import ParallelLMHead, UnquantizedEmbeddingMethod
from vllm.model_executor.model_loader.reload import finalize_layerwise_reload, initialize_layerwise_reload


@dataclass
class ShmInitInfo(WeightTransferInitInfo):
    """A file needs no handshake."""


@dataclass
class ShmUpdateInfo(WeightTransferUpdateInfo):
    """Where one version lies: a safetensors file with every parameter under its Hugging Face name."""

    path: str


class ShmTransferEngine(WeightTransferEngine[ShmInitInfo, ShmUpdateInfo]):
    """Reads a whole checkpoint from shared memory into the model in place."""

    init_info_cls = ShmInitInfo
    update_info_cls = ShmUpdateInfo

    def init_transfer_engine(self, init_info: ShmInitInfo) -> None:
        """Nothing to open."""

    def start_weight_update(self) -> None:
        initialize_layerwise_reload(self.model)

    def update_weights(self, update_info: dict[str, str]) -> None:
        """As the base class does, but without its accelerator call where there is no accelerator."""
        self.receive_weights(self.parse_update_info(update_info))
        if self.device.type != "cpu":
            torch.accelerator.synchronize()

    def receive_weights(self, update_info: ShmUpdateInfo) -> None:
        self.model.load_weights(_tensors(update_info.path))  # type: ignore[operator]

    def finish_weight_update(self) -> None:
        finalize_layerwise_reload(self.model, self.model_config)
        if self.device.type == "cpu":
            _repack_output_heads(self.model)

    def shutdown(self) -> None:
        """Nothing is held open between updates."""


def _tensors(path: str) -> Iterator[tuple[str, torch.Tensor]]:
    with safe_open(path, framework="pt", device="cpu") as file:
        for name in file.keys():  # noqa: SIM118 (safe_open is no mapping)
            yield name, file.get_tensor(name)


def _repack_output_heads(model: torch.nn.Module) -> None:
    """Make the output head's packed copy anew from its weight.

    On CPU vLLM packs each matrix when it is loaded and multiplies by the packed copy. A head tied
    to the input embedding has no entry in the checkpoint, so the layerwise reload passes it by: its
    weight is new, its packed copy is the old one, and nothing says so.
    """
    for module in model.modules():
        if isinstance(module, ParallelLMHead) and isinstance(module.quant_method, UnquantizedEmbeddingMethod):
            module.quant_method.process_weights_after_loading(module)
