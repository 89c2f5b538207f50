"""The text of a prompt or completion, which trainers give as a string or as chat messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from verifiers.errors import InvalidRequestError

Messages = str | Sequence[Mapping[str, Any]]


def last_text(messages: Messages, role: str) -> str:
    """The content of the last message of a role; a plain string is its own text.

    Empty where the role says nothing: a completion of tool calls alone holds no answer.

    Raises:
        InvalidRequestError: the message's content is neither text nor a list.
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
    if not isinstance(content, Sequence | None):
        raise InvalidRequestError(f"a message's content is text or a list of blocks, not {content!r:.100}")
    return "".join(str(block.get("text") or "") for block in content or () if isinstance(block, Mapping))
