"""A small language model made on the spot: its tokenizer, its chat template, its random weights.

    texts --train_tokenizer--> byte-level BPE --make_tiny_model--> a Hugging Face model directory

About 3.3 million parameters in Qwen3's architecture: large enough to learn to add, small
enough for two CPU cores. Nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from rlvr.learner.checkpoint import save_model

PAD, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE whose digits are tokens of their own, so that numbers align by place."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[PAD, TURN_START, TURN_END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, eos_token=TURN_END, chat_template=CHAT_TEMPLATE
    )


def make_tiny_model(
    directory: Path, texts: Iterable[str], *, seed: int, tied: bool = True, vocab_size: int = 512
) -> None:
    """Write a randomly initialised model and its tokenizer to `directory` in Hugging Face layout.

    Args:
        directory: is created.
        texts: what the tokenizer learns its merges from.
        seed: of the weights.
        tied: whether the embedding also serves as the output head.
        vocab_size: upper end; a small corpus yields fewer merges.
    """
    tokenizer = train_tokenizer(texts, vocab_size)
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=-(-len(tokenizer) // 64) * 64,
        hidden_size=256,
        intermediate_size=768,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        max_position_embeddings=1024,
        # 1 / sqrt(hidden_size), not the usual 0.02: with so few layers and steps, copying from the prompt
        # is otherwise not learned in time.
        initializer_range=0.06,
        tie_word_embeddings=tied,
        bos_token_id=None,
        eos_token_id=tokenizer.convert_tokens_to_ids(TURN_END),
        pad_token_id=cast(int, tokenizer.convert_tokens_to_ids(PAD)),
    )
    model = Qwen3ForCausalLM(config).to(torch.bfloat16)  # type: ignore[arg-type]  # its stub takes no dtype
    save_model(model, tokenizer, directory)
