"""The receiving end of a weight update, on a running `AsyncLLM`: pause, load in place, resume.

    WeightsRef.path --pull--> the file's tensors          (shared memory)
    the learner's vLLM trainer engine --four calls--> its tensors    (NCCL, CUDA IPC)
    commit(version) --> generation goes on

The four calls have the names that vLLM's own clients use, so that a trainer engine can drive them
through an actor. Sequences under way are kept, not aborted. Written for vLLM 0.32.
"""

from __future__ import annotations

from vllm.distributed.weight_transfer.base import WeightTransferInitRequest, WeightTransferUpdateRequest
from vllm.v1.engine.async_llm import AsyncLLM


class WeightsReceiver:
    """Takes new weights into one engine, between a pause and `commit`."""

    def __init__(self, llm: AsyncLLM) -> None:
        self._llm = llm

    async def init_weight_transfer_engine(self, request: WeightTransferInitRequest) -> None:
        await self._llm.init_weight_transfer_engine(request)

    async def start_weight_update(self) -> None:
        """Hold every sequence where it is, and make the model ready to be loaded.

        The pause also empties the KV cache: kept sequences are read anew under the new weights, so
        each token's log-probability is that of one version given its whole prefix.
        """
        await self._llm.pause_generation(mode="keep")
        await self._llm.start_weight_update()

    async def update_weights(self, request: WeightTransferUpdateRequest) -> None:
        await self._llm.update_weights(request)

    async def finish_weight_update(self) -> None:
        """The last tensor is in; generation stays paused until `commit`."""
        await self._llm.finish_weight_update()

    async def pull(self, path: str) -> None:
        """The whole update from a safetensors file."""
        await self.start_weight_update()
        await self.update_weights(WeightTransferUpdateRequest(update_info={"path": path}))
        await self.finish_weight_update()

    async def commit(self, version: int) -> None:
        """Label tokens with the new version from here on, and let generation go on."""
        await self._llm.update_weight_version(str(version))
        await self._llm.resume_generation()
