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
    """Optimizer steps; the learning rate falls linearly to 2 % of its peak at their end."""
    max_seconds: PositiveFloat | None = None
    """The schedule ends here even if steps are left; the time before a resume counts."""
    seed: NonNegativeInt = 0
    """Of the order of the conversations."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where the model is trained."""
    optimizer: Literal["adamw", "muon"] = "adamw"
    """`muon` needs far fewer tokens where a model starts from random weights."""
    learning_rate: PositiveFloat = 1e-5
    """The peak, at the end of the warm-up."""
    warmup_steps: NonNegativeInt = 0
    """Optimizer steps over which the learning rate rises."""
    weight_decay: NonNegativeFloat = 0.0
    """Per optimizer step and times the learning rate; norms and biases have none, and with `muon` the
    embedding and the head have none either."""
    beta1: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.9
    """AdamW's decay, per optimizer step, of the running mean of gradients."""
    beta2: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.95
    """AdamW's decay, per optimizer step, of the running mean of squared gradients."""
    max_grad_norm: PositiveFloat = 1.0
    """A gradient whose L2 norm over all parameters is larger is scaled down to it."""
    row_tokens: PositiveInt = 4096
    """Length of a packed row; an example longer than this is an error, not a cut."""
    rows_per_step: PositiveInt = 8
    """Most packed rows that one optimizer step learns from."""
    micro_batch_rows: PositiveInt = 8
    """Packed rows per forward and backward pass."""
    logits_chunk_tokens: PositiveInt = 2048
    """Tokens whose logits exist at once."""
    matmul_dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    """Matrix products; master weights are always float32."""
    gradient_checkpointing: bool = False
    """Keep each layer's input alone and compute the rest again: less memory, about a third more time."""
    checkpoint_every: NonNegativeInt = 0
    """Steps between checkpoints; 0 keeps none but the final model."""
    threads: PositiveInt = 2
    """Intra-op threads on CPU."""
