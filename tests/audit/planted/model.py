"""An engine with a real model that says what a script tells it to.

    prompt --script--> text --own weights--> log-probabilities       WeightsRef --load, prove--> new weights

Sampling is the only part that is not real: a policy that learns in twenty steps on two cores has to be
written down. The weights are the learner's, so that engine and learner can truly differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

from rlvr.engines.base import WEIGHTS_ON_DISK
from rlvr.errors import WeightsMismatchError
from rlvr.learner.checkpoint import save_model
from rlvr.learner.tiny_model import PAD, TURN_END, train_tokenizer
from rlvr.rollouts import FloatArray, Prompt, Rollout, SamplingParams, VersionSpan
from rlvr.weights.ref import WeightsRef

Say = Callable[[str, int, int], str]
"""(problem id, index in its group, weights version) -> the completion; the same every time."""

PROBE_TOLERANCE = 0.05
"""Nats: the default of `engine.probe_tolerance`."""


def make_small_model(directory: Path, texts: Iterable[str]) -> None:
    """A random Qwen3 of a hundred thousand parameters: what is tested is the wiring of weights, not skill."""
    tokenizer = train_tokenizer(texts, 512)
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=-(-len(tokenizer) // 64) * 64,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        initializer_range=0.12,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.convert_tokens_to_ids(TURN_END),
        pad_token_id=tokenizer.convert_tokens_to_ids(PAD),  # type: ignore[arg-type]
    )
    save_model(Qwen3ForCausalLM(config), tokenizer, directory)


class SpeakingEngine:
    """One copy of the model; see `rlvr.engines.base.Engine`. Faulty engines override its small methods."""

    def __init__(self, model_path: str, say: Say) -> None:
        self._model = AutoModelForCausalLM.from_pretrained(model_path, dtype=torch.float32).eval()
        self._tokenizer = AutoTokenizer.from_pretrained(model_path)
        self._say = say
        self._version = WEIGHTS_ON_DISK

    @property
    def version(self) -> int:
        return self._version

    async def start(self) -> None:
        """Nothing to bring up."""

    async def close(self) -> None:
        """Nothing runs."""

    async def load(self, ref: WeightsRef) -> float:
        assert ref.path is not None  # nobody connected GPUs
        self._take(load_file(ref.path), ref.version)
        self._version = ref.version
        probed = [np.array(tokens) for tokens in ref.probe.tokens]
        ours = self._logprobs([(tokens[:1], tokens[1:]) for tokens in probed], 1.0)
        difference = float(np.abs(np.concatenate(ours) - np.concatenate(ref.probe.logprobs)).mean())
        if difference > PROBE_TOLERANCE:
            raise WeightsMismatchError(
                f"version {ref.version} is {difference:.3f} nats off the learner, over {PROBE_TOLERANCE}"
            )
        return difference

    async def generate(self, prompt: Prompt, count: int, params: SamplingParams) -> list[Rollout]:
        prompt_ids = np.array(prompt.token_ids, np.int32)
        whole = [self._encode(self._say(prompt.problem_id, i, self._version)) for i in range(count)]
        kept = [ids[: params.max_new_tokens] for ids in whole]
        logprobs = self._report([(prompt_ids, ids) for ids in kept], params.temperature)
        return [
            Rollout(
                problem_id=prompt.problem_id,
                prompt_ids=prompt_ids,
                completion_ids=ids,
                logprobs_T=logprobs_T,
                text=str(self._tokenizer.decode(ids, skip_special_tokens=True)),
                finish_reason="stop" if len(ids) == len(all_ids) else "length",
                spans=(VersionSpan(self._sampled_under(), 0, len(ids)),),
            )
            for all_ids, ids, logprobs_T in zip(whole, kept, logprobs, strict=True)
        ]

    def _take(self, tensors: Mapping[str, torch.Tensor], version: int) -> None:
        """Put published tensors into the model; a tied head follows its embedding."""
        self._model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, strict=False)

    def _report(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]], temperature: float) -> list[FloatArray]:
        """What is told of the sampled tokens, shape (T,) each."""
        return self._logprobs(pairs, temperature)

    def _sampled_under(self) -> int:
        return self._version

    def _encode(self, text: str) -> np.ndarray:
        ids = [*self._tokenizer.encode(text, add_special_tokens=False), self._tokenizer.eos_token_id]
        return np.array(ids, np.int32)

    @torch.no_grad()
    def _logprobs(
        self, pairs: Sequence[tuple[np.ndarray, np.ndarray]], temperature: float
    ) -> list[FloatArray]:
        """log p of each token of the second part given all before it; nats, shape (T,) each."""
        rows = [torch.from_numpy(np.concatenate(pair)).long() for pair in pairs]
        token_ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)  # causal: padding changes nothing
        logits = self._model(token_ids).logits.float() / temperature
        logprobs = logits[:, :-1].log_softmax(-1).gather(-1, token_ids[:, 1:, None]).squeeze(-1).numpy()
        return [
            row[len(first) - 1 : len(first) - 1 + len(second)].astype(np.float32)
            for row, (first, second) in zip(logprobs, pairs, strict=True)
        ]
