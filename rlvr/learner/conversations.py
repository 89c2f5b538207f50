"""Conversations as token ids, for supervised training.

    JSONL of messages --encode--> token ids + learned mask

Only assistant turns are learned, each up to and including its end-of-turn token.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from jinja2 import TemplateError
from numpy.typing import NDArray
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from rlvr.config import SFTConfig
from rlvr.errors import ConfigError
from rlvr.rollouts import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A conversation or a part of it: its tokens, and which of them are learned. Shape (T,) each."""

    token_ids: IntArray
    learned: NDArray[np.bool_]


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
        with path.open(encoding="utf-8", newline="\n") as file:  # JSON may hold other ends of lines
            lines = file.readlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the training data {path}: {error}") from error
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
        except TemplateError as error:
            raise ConfigError(f"{path}:{number}: the chat template refuses it: {error}") from error
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
