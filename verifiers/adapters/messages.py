"""The text of a prompt or completion, which trainers give as a string or as chat messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Messages = str | Sequence[Mapping[str, Any]]


def last_text(messages: Messages, role: str) -> str:
    """The content of the last message of a role; a plain string is its own text.

    Empty where the role says nothing: a completion of tool calls alone holds no answer.
    """
    if isinstance(messages, str):
        return messages
    for message in reversed(messages):
        if message.get("role") == role:
            return _content_text(message.get("content"))
    return ""


def _content_text(content: Any) -> str:
    """Text of a message's content: a string, or a list of blocks of which only text counts."""
    if isinstance(content, str):
        return content
    return "".join(str(block.get("text") or "") for block in content or () if isinstance(block, Mapping))
