"""Undo the packing of the `guru-RL-92k-extra-info-compressed` variant.

    base64(gzip(JSON)) | {"compressed": ...} | {"part_1": ..., "part_2": ...} | JSON text  ->  the value

That variant gives every file one schema by turning `extra_info` and the reference into text. Whole
columns may be text as well, compressed or not, so any text that begins like one of these is unpacked.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Mapping
from typing import Any

from guru_data.errors import RowError

_GZIP_IN_BASE64 = "H4sI"  # the first three bytes of every gzip stream


def unpacked_column(column: str, value: Any) -> Mapping[str, Any]:
    """A struct column as a mapping, packed or not; null is an empty one.

    Raises:
        RowError: neither a struct nor packed JSON of one.
    """
    found = unpacked(column, value)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise RowError(f"{column} is {type(found).__name__}, not a struct")
    return found


def unpacked(column: str, value: Any) -> Any:
    """The value of a column that may be packed; anything else comes back as it is.

    Raises:
        RowError: packed, and damaged.
    """
    if isinstance(value, Mapping):
        parts = [value[f"part_{n}"] for n in range(1, len(value) + 1) if f"part_{n}" in value]
        if parts and len(parts) == len(value):
            return _from_json(column, _decompressed(column, "".join(part or "" for part in parts)))
        if set(value) == {"compressed"}:
            return _from_json(column, _decompressed(column, str(value["compressed"])))
        return value
    if isinstance(value, str) and value.startswith(_GZIP_IN_BASE64):
        return _from_json(column, _decompressed(column, value))
    if isinstance(value, str) and column in ("reward_model", "extra_info"):
        return _from_json(column, value)
    return value


def _decompressed(column: str, text: str) -> str:
    text = text.strip()
    try:
        return gzip.decompress(base64.b64decode(text + "=" * (-len(text) % 4), validate=True)).decode()
    except (binascii.Error, OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise RowError(f"{column} is not gzip in base64: {error}") from error


def _from_json(column: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RowError(f"{column} is not JSON: {error}") from error
