"""Supervised fine-tuning: warm a model up on conversations before reinforcement learning.

    JSONL of messages --encode--> token ids + learned mask --pack--> rows --AdamW--> model

Only assistant turns are learned, each up to and including its end-of-turn token. Long chains
of thought are packed like short answers and never cut.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from rlvr.config import SFTConfig
from rlvr.errors import ConfigError
from rlvr.learner.checkpoint import latest_checkpoint, load_state, save_model, save_state
from rlvr.learner.optimizer import OPTIMIZERS, Optimizer
from rlvr.learner.policy import Policy, load_model, matmul_dtype, recompute_activations
from rlvr.packing import pack, plan_rows
from rlvr.rollouts import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A conversation or a part of it: its tokens, and which of them are learned. Shape (T,) each."""

    token_ids: IntArray
    learned: NDArray[np.bool_]


Progress = Callable[[int, float, float], None]
"""Called after each step with (steps done, loss in nats per token, share of the schedule done)."""


def encode(tokenizer: PreTrainedTokenizerBase, messages: Sequence[dict[str, str]]) -> list[Example]:
    """Tokenise a conversation turn by turn, as generation sees it: prompt first, then the reply.

    One example, in which every assistant turn is learned. Where the template shows earlier turns otherwise
    than they were generated (Qwen3 leaves out their thoughts), a new one begins with the turn's own prompt.

    Raises:
        ConfigError: the template does not continue its prompt with the reply and the tokenizer's `eos_token`.
    """
    examples: list[list[tuple[str, bool]]] = []
    shown = ""
    for index, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        prompt = _rendered(tokenizer, messages[:index], add_generation_prompt=True)
        reply = _reply(tokenizer, messages[: index + 1], prompt)
        if not examples or not prompt.startswith(shown):
            examples.append([])
            shown = ""
        examples[-1] += [(prompt[len(shown) :], False), (reply, True)]
        shown = prompt + reply
    return [_tokenised(tokenizer, pieces) for pieces in examples]


def _reply(tokenizer: PreTrainedTokenizerBase, messages: Sequence[dict[str, str]], prompt: str) -> str:
    """The last message as it is rendered after its prompt, up to and including the end-of-turn token."""
    whole = _rendered(tokenizer, messages, add_generation_prompt=False)
    if not whole.startswith(prompt):
        raise ConfigError(
            f"the chat template renders a reply as {whole[-80:]!r}, which does not begin with its prompt "
            f"{prompt[-80:]!r}: what is generated after that would not be learned; mend the template"
        )
    eos = tokenizer.eos_token
    end = whole.rfind(eos, len(prompt)) if eos else -1
    if end < 0:
        raise ConfigError(
            f"the chat template ends a turn as in {whole[-40:]!r}, without the tokenizer's eos_token "
            f"{eos!r}, at which generation stops: set eos_token in tokenizer_config.json to "
            "the token that ends a turn"
        )
    return whole[len(prompt) : end + len(eos)]


def _tokenised(tokenizer: PreTrainedTokenizerBase, pieces: Sequence[tuple[str, bool]]) -> Example:
    ids: list[int] = []
    learned: list[bool] = []
    for text, learn in pieces:
        piece = tokenizer.encode(text, add_special_tokens=False)
        ids += piece
        learned += [learn] * len(piece)
    return Example(np.array(ids, np.int32), np.array(learned, bool))


def _rendered(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[dict[str, str]], *, add_generation_prompt: bool
) -> str:
    text = tokenizer.apply_chat_template(
        list(messages), tokenize=False, add_generation_prompt=add_generation_prompt
    )
    return cast(str, text)


def read_examples(path: Path, tokenizer: PreTrainedTokenizerBase, row_tokens: int) -> list[Example]:
    """All conversations of a JSONL file.

    Raises:
        ConfigError: the file is missing or empty, or a line is malformed or longer than a row;
            the message names the line.
    """
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise ConfigError(f"cannot read the training data {path}: {error.strerror}") from error
    examples: list[Example] = []
    for number, line in enumerate(lines, 1):
        try:
            encoded = encode(tokenizer, json.loads(line)["messages"])
        except ConfigError as error:
            raise ConfigError(f"{path}:{number}: {error}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"{path}:{number}: not a conversation {{'messages': [...]}}: {error!r}"
            ) from error
        longest = max((len(example.token_ids) for example in encoded), default=0)
        if not encoded or longest > row_tokens:
            raise ConfigError(
                f"{path}:{number}: {len(encoded)} examples, the longest of {longest} tokens; a conversation "
                f"needs an assistant turn and at most row_tokens={row_tokens}"
            )
        examples += encoded
    if not examples:
        raise ConfigError(f"{path} holds no conversation")
    return examples


def prepare_sft(config: SFTConfig) -> tuple[PreTrainedTokenizerBase, list[Example]]:
    """The model's tokenizer, and the conversations as they will be learned from; starts nothing.

    Raises:
        ConfigError: the model has no tokenizer, or the data cannot be used as given.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(config.model)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot load a tokenizer from {config.model!r}: {error}") from error
    return tokenizer, read_examples(Path(config.data), tokenizer, config.row_tokens)


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
