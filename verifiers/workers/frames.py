"""How a pool and its workers talk: JSON objects behind a four-byte length, over pipes.

Both ends are ours; what a model wrote travels only inside JSON strings.
"""

from __future__ import annotations

import asyncio
import json
import struct
from typing import IO, Any

from verifiers.errors import RequestTooLargeError

MAX_FRAME_BYTES = 256 * 2**20
"""The largest LiveCodeBench reference takes some 100 MiB."""

_LENGTH = struct.Struct(">I")


def encode(message: dict[str, Any]) -> bytes:
    """A message as it goes over the pipe.

    Raises:
        RequestTooLargeError: it is longer than a frame may be.
    """
    payload = json.dumps(message, separators=(",", ":")).encode()
    if len(payload) > MAX_FRAME_BYTES:
        raise RequestTooLargeError(f"a frame of {len(payload)} bytes, at most {MAX_FRAME_BYTES}")
    return _LENGTH.pack(len(payload)) + payload


def read_frame(stream: IO[bytes]) -> dict[str, Any] | None:
    """The next message; None when the other end has closed."""
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(header)
    payload = stream.read(length)
    return json.loads(payload) if len(payload) == length else None


async def receive_frame(stream: asyncio.StreamReader) -> dict[str, Any]:
    """The next message.

    Raises:
        asyncio.IncompleteReadError: the other end has closed.
    """
    (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
    return json.loads(await stream.readexactly(length))
