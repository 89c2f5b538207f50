"""The learner's side of a weight transfer between GPUs: vLLM's own trainer engines.

    module --WeightsSender.send--> every generator holds its parameters, paused until the commit

`nccl` broadcasts to generators on other GPUs, `ipc` hands memory to a generator on the same GPU.
All that depends on the vLLM release is in this file; written for vLLM 0.32, whose weight sources
0.33 changes. Needs CUDA: its test is in tests/gpu.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import torch
from vllm.distributed.weight_transfer import (
    ModuleSource,
    RayVLLMWeightSyncClient,
    WeightTransferTrainerFactory,
)
from vllm.distributed.weight_transfer.base import TrainerInitInfo, WeightTransferInitRequest
from vllm.distributed.weight_transfer.ipc_engine import IPCTrainerInitInfo
from vllm.distributed.weight_transfer.nccl_engine import NCCLTrainerInitInfo
from vllm.utils.network_utils import get_ip, get_open_port

if TYPE_CHECKING:
    from ray.actor import ActorHandle


class ReplicaClient(RayVLLMWeightSyncClient):
    """Drives several independent engines as one.

    vLLM's client tells every engine the same first rank, which suits the parts of one engine; ours
    are replicas, and two workers of one NCCL group must not share a rank.
    """

    def __init__(self, generators: list[ActorHandle], workers_each: int) -> None:
        super().__init__(generators)
        self._workers_each = workers_each

    def init_weight_transfer_engine(self, init_info: dict[str, Any]) -> None:
        import ray

        requests = [
            WeightTransferInitRequest(init_info=self._placed(init_info, replica))
            for replica in range(len(self.handles))
        ]
        pairs = zip(self.handles, requests, strict=True)
        ray.get([handle.init_weight_transfer_engine.remote(request) for handle, request in pairs])

    def _placed(self, init_info: dict[str, Any], replica: int) -> dict[str, Any]:
        if "rank_offset" not in init_info:
            return init_info
        return init_info | {"rank_offset": init_info["rank_offset"] + replica * self._workers_each}


class WeightsSender:
    """Pushes one module's parameters into generators, as often as wanted.

    Args:
        transfer: see the module's text.
        module: Hugging Face parameter names; FSDP shards are gathered as they are sent.
        generators: actor handles that answer vLLM's four weight-sync calls.
        workers_each: workers of one generator, its tensor-parallel size.
        rank: this learner process; each of them makes a sender, rank 0 transmits.
    """

    def __init__(
        self,
        transfer: Literal["nccl", "ipc"],
        module: torch.nn.Module,
        generators: list[ActorHandle],
        workers_each: int,
        rank: int = 0,
    ) -> None:
        self._engine = WeightTransferTrainerFactory.trainer_init(
            _init_info(transfer, len(generators) * workers_each, rank),
            client=ReplicaClient(generators, workers_each),
            source=ModuleSource(module),
        )

    def send(self) -> None:
        """Pause the generators and put the parameters into them; `load` with a ref commits them."""
        self._engine.send_weights()

    def close(self) -> None:
        self._engine.shutdown()


def _init_info(transfer: Literal["nccl", "ipc"], workers: int, rank: int) -> TrainerInitInfo:
    if transfer == "ipc":
        return IPCTrainerInitInfo(rank=rank, packed=True)
    return NCCLTrainerInitInfo(
        master_address=get_ip(), master_port=get_open_port(), world_size=1 + workers, rank=rank
    )
