"""The config of supervised fine-tuning: what `rlvr sft` reads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from rlvr.config.base import Config


class SFTConfig(Config):
    model: str
    """Local path, or Hugging Face model id, to start from."""
    data: str
    """JSONL file; each line holds `messages`, and every assistant turn in it is learned."""
    out: str
    """Directory for the trained model (Hugging Face layout) and its checkpoints."""
    steps: PositiveInt
    max_seconds: PositiveFloat | None = None
    """The schedule ends here even if steps are left."""
    seed: NonNegativeInt = 0
    device: Literal["cpu", "cuda"] = "cpu"
    optimizer: Literal["adamw", "muon"] = "adamw"
    """`muon` needs far fewer tokens where a model starts from random weights."""
    learning_rate: PositiveFloat = 1e-5
    warmup_steps: NonNegativeInt = 0
    weight_decay: NonNegativeFloat = 0.0
    beta1: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.9
    beta2: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.95
    max_grad_norm: PositiveFloat = 1.0
    row_tokens: PositiveInt = 4096
    """Length of a packed row; an example longer than this is an error, not a cut."""
    rows_per_step: PositiveInt = 8
    micro_batch_rows: PositiveInt = 8
    """Packed rows per forward and backward pass."""
    logits_chunk_tokens: PositiveInt = 2048
    matmul_dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    gradient_checkpointing: bool = False
    checkpoint_every: NonNegativeInt = 0
    """Steps between checkpoints; 0 keeps none but the final model."""
    threads: PositiveInt = 2
