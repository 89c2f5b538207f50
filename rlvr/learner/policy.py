"""The model being trained, and the log-probabilities it gives to tokens.

    packed rows --transformer--> hidden states --lm head, chunk by chunk--> logprobs_N

The logits of a whole batch never exist at once: with a vocabulary of 150,000, those of one
8,000-token rollout alone take 4.8 GB in float32. Shapes: R rows, L tokens per row, N scored
tokens, H hidden, V vocabulary.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from rlvr.errors import ConfigError


def native_bfloat16(device: str) -> bool:
    """Whether the device multiplies bfloat16 natively; elsewhere it is slower than float32."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def matmul_dtype(choice: str, device: str) -> torch.dtype:
    """Resolve `auto`, `bfloat16` or `float32` for a device."""
    if choice == "auto":
        return torch.bfloat16 if native_bfloat16(device) else torch.float32
    return {"bfloat16": torch.bfloat16, "float32": torch.float32}[choice]


def load_model(path: str, device: str) -> PreTrainedModel:
    """A causal language model with float32 master weights.

    Raises:
        ConfigError: there is no model at the path.
    """
    # On CPU torch's fused attention is slower than the plain one on the short rows trained there
    # (forward and backward of 8 rows of 128 tokens: 225 against 151 ms); on a GPU it is not.
    attention = "eager" if device == "cpu" else "sdpa"
    try:
        disable_progress_bar()  # ours are the only ones
        model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation=attention)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot load a model from {path!r}: {error}") from error
    return model.to(device)  # type: ignore[arg-type]  # its stub takes no name of a device


def recompute_activations(model: PreTrainedModel) -> None:
    """Gradient checkpointing: keep each layer's input alone, and compute the rest again going backward.

    transformers does so in training mode alone, which also turns on what makes two passes differ (dropout,
    jitter). Log-probabilities would then no longer be the policy's, so a model with any of it is refused.

    Raises:
        ConfigError: the model's config asks for randomness in training.
    """
    noise = {
        name: value
        for name, value in model.config.to_dict().items()
        if ("drop" in name or "jitter" in name) and isinstance(value, float) and value > 0.0
    }
    if noise:
        raise ConfigError(
            f"gradient_checkpointing needs a model without randomness, and its config.json has {noise}: "
            "set these to 0.0 there, or leave gradient_checkpointing out"
        )
    model.gradient_checkpointing_enable()
    model.train()


class Policy:
    """A causal language model under automatic mixed precision, scoring packed rows."""

    def __init__(self, model: PreTrainedModel, dtype: torch.dtype, logits_chunk_tokens: int) -> None:
        self.model = model
        self.dtype = dtype
        self.chunk_tokens = logits_chunk_tokens

    def precision(self) -> AbstractContextManager[object]:
        """Matrix products in `dtype`; sums, norms and master weights stay float32."""
        device = self.model.device.type
        return torch.autocast(device, dtype=self.dtype, enabled=self.dtype is not torch.float32)

    def logprobs(
        self, token_ids_RL: Tensor, position_ids_RL: Tensor, scored_RL: Tensor, temperature: float = 1.0
    ) -> Tensor:
        """Log-probability of each scored token given the tokens before it in its sequence.

        Args:
            token_ids_RL: shape (R, L), int64.
            position_ids_RL: shape (R, L); a 0 starts a new sequence.
            scored_RL: shape (R, L), bool; never true where a sequence starts.
            temperature: the logits are divided by it.

        Returns:
            shape (N,), float32, nats, in row-major order of the scored tokens.
        """
        with self.precision():
            hidden_RLH = self.model.model(
                input_ids=token_ids_RL, position_ids=position_ids_RL, use_cache=False
            ).last_hidden_state
            # The state at t - 1 predicts the token at t.
            hidden_NH = hidden_RLH[:, :-1][scored_RL[:, 1:]]
            targets_N = token_ids_RL[:, 1:][scored_RL[:, 1:]]
            chunks = zip(hidden_NH.split(self.chunk_tokens), targets_N.split(self.chunk_tokens), strict=True)
            return torch.cat(
                [
                    checkpoint(self._chunk_logprobs, hidden, targets, temperature, use_reentrant=False)
                    for hidden, targets in chunks
                ]
            )

    def _chunk_logprobs(self, hidden_CH: Tensor, targets_C: Tensor, temperature: float) -> Tensor:
        logits_CV = self.model.lm_head(hidden_CH).float() / temperature
        return logits_CV.gather(-1, targets_C[:, None]).squeeze(-1) - logits_CV.logsumexp(-1)


def model_files(path: str) -> list[Path]:
    """The weight files of a model directory, sorted by name."""
    return sorted(Path(path).glob("*.safetensors"))
