"""Supervised fine-tuning: warm a model up on conversations before reinforcement learning.

    JSONL of messages --conversations--> examples --pack--> rows --AdamW--> model

Long chains of thought are packed like short answers and never cut.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from rlvr.config import SFTConfig
from rlvr.errors import ConfigError
from rlvr.learner.checkpoint import latest_checkpoint, load_state, save_model, save_state
from rlvr.learner.conversations import Example, prepare_sft
from rlvr.learner.optimizer import OPTIMIZERS, Optimizer
from rlvr.learner.policy import Policy, load_model, matmul_dtype, recompute_activations
from rlvr.packing import pack, plan_rows

Progress = Callable[[int, float, float], None]
"""Called after each step with (steps done, loss in nats per token, share of the schedule done)."""


def step_batches(
    examples: Sequence[Example], rows_per_step: int, row_tokens: int, seed: int
) -> Iterator[list[Example]]:
    """Shuffled epochs without end, each cut into steps of at most `rows_per_step` packed rows."""
    epoch = 0
    while True:
        order = np.random.default_rng((seed, epoch)).permutation(len(examples))
        rows = plan_rows([len(examples[i].token_ids) for i in order], row_tokens)
        # First-fit decreasing sorts by length; shuffle the rows so that no step is all long or all short.
        np.random.default_rng((seed, epoch, 1)).shuffle(rows)
        for start in range(0, len(rows), rows_per_step):
            chosen = rows[start : start + rows_per_step]
            yield [examples[order[i]] for row in chosen for i in row]
        epoch += 1


def train_sft(config: SFTConfig, on_step: Progress, *, resume: bool = False) -> Path:
    """Train and write the model in Hugging Face layout; returns its directory.

    Raises:
        ConfigError: the model or the data cannot be used as given, or `out` holds checkpoints of a training
            that is not to be resumed.
        TrainingStoppedError: the loss is no longer finite.
        InfrastructureError: a checkpoint or the model cannot be written.
    """
    out = Path(config.out)
    found = latest_checkpoint(out / "checkpoints")
    if found and not resume:
        raise ConfigError(f"{found} is of an earlier training: go on with --resume, or choose another `out`")
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    tokenizer, examples = prepare_sft(config)
    model = load_model(config.model, config.device)
    if config.gradient_checkpointing:
        recompute_activations(model)
    policy = Policy(model, matmul_dtype(config.matmul_dtype, config.device), config.logits_chunk_tokens)
    clock = _Clock(config)
    chosen = OPTIMIZERS[config.optimizer](
        model,
        learning_rate=config.learning_rate,
        betas=(config.beta1, config.beta2),
        weight_decay=config.weight_decay,
    )
    optimizer = Optimizer(chosen, max_grad_norm=config.max_grad_norm, schedule=clock.factor)
    if found:
        state = load_state(found, model)
        optimizer.load_state(state["optimizer"])
        clock.go_on_from(state.get("seconds", 0.0))  # older checkpoints have none
    batches = step_batches(examples, config.rows_per_step, config.row_tokens, config.seed)
    for _ in range(optimizer.step_count):
        next(batches)
    while clock.share(optimizer.step_count) < 1.0:
        loss = _sft_step(policy, next(batches), config)
        optimizer.step()
        on_step(optimizer.step_count, loss, clock.share(optimizer.step_count))
        if config.checkpoint_every and optimizer.step_count % config.checkpoint_every == 0:
            state = {"optimizer": optimizer.state(), "seconds": clock.seconds()}
            save_state(out / "checkpoints", optimizer.step_count, model, state, keep=2)
    save_model(model, tokenizer, out)
    return out


class _Clock:
    """The share of the schedule that is done: by steps, or by time where that runs out first."""

    def __init__(self, config: SFTConfig) -> None:
        self._config = config
        self._start = time.monotonic()

    def go_on_from(self, seconds: float) -> None:
        """Count what was spent before a resume."""
        self._start = time.monotonic() - seconds

    def seconds(self) -> float:
        """Time in training, without that between an interruption and its resume."""
        return time.monotonic() - self._start

    def share(self, step: int) -> float:
        by_steps = step / self._config.steps
        if self._config.max_seconds is None:
            return by_steps
        return max(by_steps, self.seconds() / self._config.max_seconds)

    def factor(self, step: int) -> float:
        """Linear warm-up, under a line that falls over the whole schedule from the peak to 0.02 of it."""
        warmup = (step + 1) / max(1, self._config.warmup_steps)
        return min(1.0, warmup, max(0.0, 1.0 - self.share(step)) + 0.02)


def _sft_step(policy: Policy, examples: Sequence[Example], config: SFTConfig) -> float:
    """Accumulate the gradient of the mean loss over a step's learned tokens; returns that mean."""
    rows = pack([example.token_ids for example in examples], config.row_tokens)
    learned_RL = rows.lay([example.learned for example in examples], np.bool_)
    device = policy.model.device
    token_ids_RL = torch.from_numpy(rows.token_ids_RL).long().to(device)
    position_ids_RL = torch.from_numpy(rows.position_ids_RL).long().to(device)
    scored_RL = torch.from_numpy(learned_RL).to(device)
    count = int(learned_RL.sum())
    total = 0.0
    for start in range(0, len(token_ids_RL), config.micro_batch_rows):
        part = slice(start, start + config.micro_batch_rows)
        logprobs_N = policy.logprobs(token_ids_RL[part], position_ids_RL[part], scored_RL[part])
        loss = -logprobs_N.sum() / count
        loss.backward()
        total += float(loss.detach())
    return total
