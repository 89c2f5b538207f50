"""From a problem's chat messages to the token ids an engine takes."""

from __future__ import annotations

from collections.abc import Sequence

from transformers import AutoTokenizer

from guru_data import Problem
from rlvr.errors import ConfigError
from rlvr.rollouts import Prompt


class PromptEncoder:
    """Applies the model's chat template.

    Args:
        model: local path or Hugging Face id whose tokenizer to use.
        room: most tokens a prompt may have, so that a whole completion still fits.

    Raises:
        ConfigError: the model has no tokenizer, or none with a chat template.
    """

    def __init__(self, model: str, room: int) -> None:
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(model)
        except (OSError, ValueError) as error:
            raise ConfigError(f"cannot load a tokenizer from {model!r}: {error}") from error
        if not self._tokenizer.chat_template:
            raise ConfigError(
                f"the tokenizer of {model!r} has no chat template; use an instruction-tuned model"
            )
        self._room = room

    def __call__(self, problem: Problem) -> Prompt:
        """Encode one problem; its prompt ends where the assistant begins.

        Raises:
            ConfigError: the prompt is longer than there is room for.
        """
        text = self._tokenizer.apply_chat_template(problem.chat(), tokenize=False, add_generation_prompt=True)
        token_ids = self._tokenizer.encode(text, add_special_tokens=False)
        if len(token_ids) > self._room:
            raise ConfigError(
                f"problem {problem.id} has a prompt of {len(token_ids)} tokens; {self._room} fit beside "
                "rollout.max_new_tokens: raise engine.max_model_len or leave the problem out"
            )
        return Prompt(problem.id, tuple(token_ids))

    def check(self, problems: Sequence[Problem]) -> None:
        """Encode every problem once, so that a too long one is found before anything starts."""
        for problem in problems:
            self(problem)
