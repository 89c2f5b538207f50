"""The program of one worker process: `python -m verifiers.workers.child`.

    stdin: {"table": {...}}, then requests      stdout: {"verifiers": {...}}, then one reply per request

A reply is `{"verdict": ...}` or `{"error": {"kind", "detail"}}`. There is no catch-all: a bug in a verifier
ends the process with a traceback on stderr, and the pool sees a crash, which is what it is. When the pool
goes away, stdin ends and so does this process, even in the middle of a grading.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from typing import Any, BinaryIO

from verifiers.errors import VerifierError, error_kind
from verifiers.grading import Grader
from verifiers.types import VerifyRequest
from verifiers.workers.frames import encode, read_frame

MAX_WAITING_FRAMES = 4
"""The pool sends one request at a time; more in the queue would mean that the two have lost each other."""


def main() -> None:
    replies = _take_over_stdout()
    frames: queue.Queue[dict[str, Any]] = queue.Queue(MAX_WAITING_FRAMES)
    threading.Thread(target=_read_frames, args=(sys.stdin.buffer, frames), daemon=True).start()

    grader = Grader(frames.get()["table"])
    for name in grader.names:
        grader.verifier(name).warm_up()
    _send(replies, {"verifiers": {name: _description(grader, name) for name in grader.names}})
    while True:
        _send(replies, _answer(grader, frames.get()))


def _take_over_stdout() -> BinaryIO:
    """Keep the reply pipe for frames alone: whatever a library prints goes to stderr."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def _read_frames(stream: BinaryIO, frames: queue.Queue[dict[str, Any]]) -> None:
    while (frame := read_frame(stream)) is not None:
        frames.put(frame)
    os._exit(0)


def _answer(grader: Grader, message: dict[str, Any]) -> dict[str, Any]:
    try:
        if message["op"] == "self_test":
            grader.self_test(message["verifier"])
            return {"passed": True}
        return {
            "verdict": grader.grade(VerifyRequest.model_validate(message["request"])).model_dump(mode="json")
        }
    except VerifierError as error:
        return {"error": {"kind": error_kind(error), "detail": str(error)}}


def _description(grader: Grader, name: str) -> dict[str, Any]:
    verifier = grader.verifier(name)
    return {
        "version": verifier.version,
        "digest": grader.digest(name),
        "wall_limit_s": verifier.wall_limit_s,
        "options": dict(verifier.options()),
        "about": (sys.modules[type(verifier).__module__].__doc__ or "").strip().split("\n", 1)[0],
    }


def _send(replies: BinaryIO, message: dict[str, Any]) -> None:
    replies.write(encode(message))
    replies.flush()


if __name__ == "__main__":
    main()
