"""Take values out of a foreign record: each has the type it is asked for, or the row is refused.

    record --lookup--> value --number, whole, text, messages--> float, int, str, Messages; else RowError

Nothing here trusts the record: numbers may be texts or too large, messages may be anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from guru_data import Message
from guru_data.errors import MissingColumnError, RowError
from rlvr.audit.books.rows import storable
from rlvr.audit.exchange.importing.base import Asked
from verifiers.adapters.messages import last_text

MAX_WHOLE = 2**31 - 1
"""What the ledger's columns hold."""

_MISSING = object()


def lookup(record: Mapping[str, Any], key: str) -> Any:
    """The value of a key, or of keys joined by dots; raises MissingColumnError."""
    if key in record:
        return record[key]
    value: Any = record
    for part in key.split("."):
        value = value.get(part, _MISSING) if isinstance(value, Mapping) else _MISSING
        if value is _MISSING:
            raise MissingColumnError(f"there is no {key!r}; the row has {', '.join(map(str, record))[:200]}")
    return value


def number(value: Any, name: str) -> float | None:
    """A finite number; None for null and NaN, by which trainers say that there is none."""
    if value is None:
        return None
    if not isinstance(value, bool | int | float):
        raise RowError(f"{name} is {type(value).__name__}, not a number")
    try:
        found = float(value)
    except OverflowError as error:
        raise RowError(f"{name} is too large") from error
    if math.isinf(found):
        raise RowError(f"{name} is infinite")
    return None if math.isnan(found) else found


def whole(value: Any, name: str) -> int | None:
    """A count that the ledger can hold; None for null."""
    found = number(value, name)
    if found is None:
        return None
    if isinstance(value, bool) or found != int(found) or not 0 <= found <= MAX_WHOLE:
        raise RowError(f"{name} is no whole number from 0 to {MAX_WHOLE}")
    return int(found)


def step_of(value: Any) -> int:
    """The step of a row, which every row must tell."""
    step = whole(value, "step")
    if step is None:
        raise RowError("step is null")
    return step


def text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise RowError(f"{name} is {type(value).__name__}, not text")
    return value


def messages(value: Any) -> tuple[Message, ...]:
    """A prompt, which is one text or a list of chat messages whose content is text."""
    if isinstance(value, str):
        return (Message(role="user", content=storable(value)),)
    if not isinstance(value, Sequence) or isinstance(value, bytes) or not value:
        raise RowError("prompt is neither text nor a list of messages")
    return tuple(_message(one) for one in value)


def _message(value: Any) -> Message:
    if not isinstance(value, Mapping):
        raise RowError(f"prompt holds {type(value).__name__} where a message should be")
    content = value.get("content")
    if isinstance(content, Sequence) and not isinstance(content, str | bytes):
        content = "".join(_block_text(block) for block in content)
    try:
        return Message(role=value.get("role"), content=storable(text(content, "content of a prompt")))  # type: ignore[arg-type]
    except ValidationError as error:
        raise RowError(f"a prompt message has the role {str(value.get('role'))[:40]!r}") from error


def _block_text(block: Any) -> str:
    if not isinstance(block, Mapping) or block.get("type") != "text":
        raise RowError("prompt holds content that is not text (an image?), which the books cannot keep")
    return text(block.get("text"), "text of a prompt")


def last_reply(completion: Any) -> str:
    """What the model wrote last, which is what gets graded; empty where that is a tool call alone."""
    if isinstance(completion, str):
        return completion
    if not isinstance(completion, list) or not all(isinstance(turn, Mapping) for turn in completion):
        raise RowError("completion is neither text nor a list of messages")
    if not all(isinstance(turn.get("content"), str | list | None) for turn in completion):
        raise RowError("completion holds a message whose content is neither text nor a list")
    return last_text(completion, "assistant")


def name_or_none(value: Any) -> str | None:
    """A name that a row may lack."""
    return storable(value) if isinstance(value, str) and value else None


def reward_and_score(
    record: Mapping[str, Any], asked: Asked, own: Sequence[tuple[str, float]]
) -> tuple[float | None, float | None]:
    """The weighted sum of the reward keys that hold a number (None: none does), and the score."""
    parts = [(weight, number(lookup(record, key), f"reward {key!r}")) for key, weight in asked.rewards or own]
    known = [weight * value for weight, value in parts if value is not None]
    reward = math.fsum(known) if known else None
    if asked.score is None:
        return reward, reward
    return reward, number(lookup(record, asked.score), f"score {asked.score!r}")


def truth_of(record: Mapping[str, Any], asked: Asked, own: Sequence[str]) -> Any:
    """The reference: from the key asked for, or from the first of the format's own that is there, or None."""
    if asked.dataset is not None:
        return None
    if asked.truth is not None:
        return lookup(record, asked.truth)
    for key in own:
        try:
            return lookup(record, key)
        except MissingColumnError:
            continue
    return None
