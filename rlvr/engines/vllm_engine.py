"""The engine around vLLM's `AsyncLLM`; the same code on CPU and GPU. Written for vLLM 0.32.

    Prompt --AsyncLLM--> Rollouts with processed log-probabilities and weight version spans
    WeightsRef --pause(keep), load in place, resume--> probe scored through the engine

vLLM runs the model in processes of its own, which end with this one (`rlvr.weights.vllm_plugin`).
It is imported inside `start`, because it reads the environment when it is imported.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

from rlvr.config import EngineConfig
from rlvr.engines.base import WEIGHTS_ON_DISK
from rlvr.engines.precision import resolve_dtype
from rlvr.engines.vllm_environment import engine_environment, environment_of, lasting_environment
from rlvr.errors import ConfigError, GeneratorLostError, InfrastructureError
from rlvr.rollouts import FloatArray, Prompt, Rollout, SamplingParams, VersionSpan
from rlvr.weights.proof import check_proof
from rlvr.weights.ref import WeightsRef
from rlvr.weights.transfer import resolve_transfer
from rlvr.weights.vllm_plugin import SHM_BACKEND

if TYPE_CHECKING:
    import vllm
    from vllm.outputs import CompletionOutput, RequestOutput
    from vllm.v1.engine.async_llm import AsyncLLM

    from rlvr.weights.receive import WeightsReceiver

SHUTDOWN_TIMEOUT_S = 1.0
"""Nothing in an engine is worth a longer wait: after this its processes are killed."""
BEFORE_ALL_OTHERS = -1
"""Priority of the probe (vLLM takes the lowest first): a publish waits for no long sequence to make room."""


class VllmEngine:
    """One model replica in vLLM."""

    def __init__(self, config: EngineConfig, model_path: str, seed: int) -> None:
        self._config = config
        self._model_path = model_path
        self._seed = seed
        self._llm: AsyncLLM | None = None
        self._receiver: WeightsReceiver | None = None
        self._scratch = ""
        self._version = WEIGHTS_ON_DISK
        self._request_ids = itertools.count()

    @property
    def version(self) -> int:
        return self._version

    @property
    def receiver(self) -> WeightsReceiver:
        """Where a trainer engine pushes weights to, before `load` with a ref without a path."""
        if self._receiver is None:
            raise GeneratorLostError("this engine is closed")
        return self._receiver

    async def start(self) -> None:
        os.environ |= lasting_environment(self._config)
        self._scratch = tempfile.mkdtemp(prefix="rlvr-engine-")
        with environment_of(engine_environment(self._config, self._model_path, self._scratch)):
            from vllm.v1.engine.async_llm import AsyncLLM

            from rlvr.weights.receive import WeightsReceiver

            arguments = _engine_args(self._config, self._model_path, self._seed)
            try:
                self._llm = AsyncLLM.from_engine_args(arguments)
            except (RuntimeError, ValueError, OSError) as error:
                await self.close()
                raise InfrastructureError(f"vLLM did not start on {self._model_path}: {error}") from error
        await self._llm.update_weight_version(str(WEIGHTS_ON_DISK))
        self._receiver = WeightsReceiver(self._llm)

    async def generate(self, prompt: Prompt, count: int, params: SamplingParams) -> list[Rollout]:
        if len(prompt.token_ids) >= self._config.max_model_len:
            raise ConfigError(
                f"the prompt of {prompt.problem_id} has {len(prompt.token_ids)} tokens, "
                f"engine.max_model_len={self._config.max_model_len} leaves no room for an answer"
            )
        output = await self._run(list(prompt.token_ids), _sampling(params, count))
        return [self._rollout(prompt, completion) for completion in output.outputs]

    async def load(self, ref: WeightsRef) -> float:
        scored = await self._replace_weights(ref)
        return check_proof(scored, ref, self._config.probe_tolerance)

    async def close(self) -> None:
        if self._llm is not None:
            self._llm.shutdown(timeout=SHUTDOWN_TIMEOUT_S)
            self._llm = self._receiver = None
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)  # sockets, of no use to anybody any more
            self._scratch = ""

    async def _replace_weights(self, ref: WeightsRef) -> list[FloatArray]:
        """Load, resume, and score the probe."""
        from vllm.v1.engine.exceptions import EngineDeadError

        try:
            if ref.path is not None:
                await self.receiver.pull(ref.path)
            self._version = ref.version
            # Started before generation goes on, so that the probe stands first in the queue.
            scoring = asyncio.gather(*(self._score(tokens) for tokens in ref.probe.tokens))
            _, scored = await asyncio.gather(self.receiver.commit(ref.version), scoring)
        except EngineDeadError as error:
            raise GeneratorLostError(f"vLLM's engine process died during a load: {error}") from error
        except GeneratorLostError:
            raise
        except Exception as error:  # a failure in vLLM's worker arrives as a plain Exception
            await self.close()  # half-loaded weights must not answer
            raise InfrastructureError(f"loading weights version {ref.version} failed: {error}") from error
        return scored

    async def _score(self, tokens: tuple[int, ...]) -> FloatArray:
        """log p of each token but the first, given those before it.

        vLLM must generate a token after it; a sequence as long as the model takes loses its last.
        """
        import vllm

        params = vllm.SamplingParams(max_tokens=1, prompt_logprobs=0, flat_logprobs=True, detokenize=False)
        within = list(tokens[: self._config.max_model_len - 1])
        output = await self._run(within, params, priority=BEFORE_ALL_OTHERS)
        return np.asarray(output.prompt_logprobs.logprobs, dtype=np.float32)  # type: ignore[union-attr]

    async def _run(
        self, token_ids: list[int], params: vllm.SamplingParams, priority: int = 0
    ) -> RequestOutput:
        """One request to its end."""
        from vllm.inputs.engine import tokens_input
        from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

        salted = tokens_input(token_ids, cache_salt=str(self._version))
        request_id = str(next(self._request_ids))
        output = None
        try:
            async for newest in self._started().generate(salted, params, request_id, priority=priority):
                output = newest
        except (EngineDeadError, EngineGenerateError) as error:
            raise GeneratorLostError(f"vLLM's engine process died: {error}") from error
        if output is None or not output.finished or any(c.finish_reason == "abort" for c in output.outputs):
            raise GeneratorLostError("vLLM aborted a request: its engine is shutting down")
        return output

    def _rollout(self, prompt: Prompt, completion: CompletionOutput) -> Rollout:
        token_ids = list(completion.token_ids)
        return Rollout(
            problem_id=prompt.problem_id,
            prompt_ids=np.asarray(prompt.token_ids, dtype=np.int32),
            completion_ids=np.asarray(token_ids, dtype=np.int32),
            logprobs_T=np.asarray(completion.logprobs.logprobs, dtype=np.float32),  # type: ignore[union-attr]
            text=self._started().get_tokenizer().decode(token_ids, skip_special_tokens=True),
            finish_reason="stop" if completion.finish_reason == "stop" else "length",
            spans=tuple(
                VersionSpan(int(span.version), span.start, span.end)
                for span in completion.weight_versions or ()
            ),
        )

    def _started(self) -> AsyncLLM:
        if self._llm is None:
            raise GeneratorLostError("this engine is closed")
        return self._llm


def _engine_args(config: EngineConfig, model_path: str, seed: int) -> Any:
    from vllm.config import WeightTransferConfig
    from vllm.engine.arg_utils import AsyncEngineArgs

    transfer = resolve_transfer(config)
    on_device: dict[str, Any] = (
        {
            "enforce_eager": True,
            "kv_cache_memory_bytes": int(config.kv_cache_gib * 2**30),
            # vLLM's default on CPU is a worker process of its own, which imports everything once more
            # and polls for work; one process starts in half the time and is idle when it has nothing to do.
            "distributed_executor_backend": "vllm.v1.executor.uniproc_executor.UniProcExecutor",
        }
        if config.device == "cpu"
        else {
            "gpu_memory_utilization": config.gpu_memory_utilization,
            "tensor_parallel_size": config.tensor_parallel,
            # Inside a Ray actor vLLM would start Ray actors of its own for its workers.
            "distributed_executor_backend": "mp" if config.tensor_parallel > 1 else "uni",
        }
    )
    return AsyncEngineArgs(
        model=model_path,
        dtype=resolve_dtype(config.dtype, config.device),
        seed=seed,
        max_model_len=config.max_model_len,
        max_num_seqs=config.max_num_seqs,
        scheduling_policy="priority",
        logprobs_mode="processed_logprobs",
        weight_transfer_config=WeightTransferConfig(backend=SHM_BACKEND if transfer == "shm" else transfer),
        disable_log_stats=True,
        **on_device,
    )


def _sampling(params: SamplingParams, count: int) -> vllm.SamplingParams:
    """Only the sampled token's log-probability, no text until the end."""
    import vllm
    from vllm.sampling_params import RequestOutputKind

    return vllm.SamplingParams(
        n=count,
        temperature=params.temperature,
        top_p=params.top_p,
        seed=params.seed,
        max_tokens=params.max_new_tokens,
        logprobs=0,
        flat_logprobs=True,
        detokenize=False,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )
