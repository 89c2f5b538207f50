"""Inside the sandbox: run scripts of calls against a candidate, one fresh process per script.

    stdin  {"prelude", "source", "scripts": [{"steps", "wanted"}...], "carried": [class names],
            "time_limit_s", "keep_going"}
    stdout one JSON line per wanted step: {"ok": nodes} | {"raised": [types, message]} | {"ended": why}
           or one line {"broken": why} when the source does not compile

Steps are described in `history.py`. Every script is forked from this process, which itself never runs the
candidate's code: so it starts from a clean state, sees no result of another, and has its own pipe for its
frames. What the candidate prints goes nowhere. This process knows arguments and no expected values: a
candidate that takes it over can give whatever answers it likes, as it can anyway, but learns nothing of how
they are judged. Whoever reads the lines must take them for the candidate's words.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator
from types import CodeType
from typing import Any

from replay import Replay  # type: ignore[import-not-found]

MAX_FRAME_BYTES = 8 * 2**20
FRAME_FD = 3
WALL_FACTOR, WALL_EXTRA_S = 3.0, 2.0


def main() -> None:
    job = json.load(sys.stdin)
    namespace: dict[str, Any] = {"__name__": "candidate"}
    try:
        exec(compile(job["prelude"], "prelude.py", "exec"), namespace)
        code = compile(job["source"], "candidate.py", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        _say({"broken": f"{type(error).__name__}: {error}"[:500]})
        return
    for script in job["scripts"]:
        for frame in _frames_of(code, namespace, script, job):
            _say(frame)
            if "ended" in frame and not job["keep_going"]:
                return


def _say(frame: dict[str, Any]) -> None:
    print(json.dumps(frame), flush=True)


def _frames_of(
    code: CodeType, namespace: dict[str, Any], script: dict[str, Any], job: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """One frame per wanted step; after a process has ended, the rest have ended with it."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _become_candidate(write_end, job["time_limit_s"])
            replay = Replay(dict(namespace), job["carried"])
            replay.run(code, script, _send, lambda: _allow_cpu(job["time_limit_s"]))
        finally:
            os._exit(0)
    os.close(write_end)
    frames, in_time = _read_frames(read_end, script["wanted"], job["time_limit_s"])
    os.close(read_end)
    _kill_group(child)
    _, status = os.waitpid(child, 0)
    late = not in_time or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU)
    missing = len(script["wanted"]) - len(frames)
    yield from frames
    yield from [{"ended": "timeout" if late else "exit"}] * missing


def _read_frames(descriptor: int, wanted: list[int], limit_s: float) -> tuple[list[dict[str, Any]], bool]:
    """The frames of a process until it is gone, and whether each came in the time of the steps it took.

    Anything that is not the wanted number of frames and nothing else spoils the last frame.
    """
    received, frames = bytearray(), list[dict[str, Any]]()
    since, began = -1, time.monotonic()
    while len(received) <= MAX_FRAME_BYTES and len(frames) <= len(wanted):
        steps = wanted[len(frames)] - since if len(frames) < len(wanted) else 1
        left = began + WALL_FACTOR * limit_s * steps + WALL_EXTRA_S - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return frames, False
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            break
        received += chunk
        for frame in _complete(received):
            frames.append(frame)
            since, began = wanted[min(len(frames), len(wanted)) - 1], time.monotonic()
    if received or len(frames) > len(wanted):
        frames = [*frames[: len(wanted) - 1], {"ended": "bad_frame"}]
    return frames, True


def _complete(received: bytearray) -> Iterator[dict[str, Any]]:
    """Take the complete frames off the front."""
    while len(received) >= 4 and len(received) >= 4 + (size := int.from_bytes(received[:4], "big")):
        yield _frame(bytes(received[4 : 4 + size]))
        del received[: 4 + size]


def _frame(text: bytes) -> dict[str, Any]:
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return {"ended": "bad_frame"}
    is_frame = isinstance(frame, dict) and (frame.keys() == {"ok"} or frame.keys() == {"raised"})
    return frame if is_frame else {"ended": "bad_frame"}


def _become_candidate(write_end: int, limit_s: float) -> None:
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(write_end, FRAME_FD)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.closerange(FRAME_FD + 1, 256)
    _allow_cpu(limit_s)


def _allow_cpu(limit_s: float) -> None:
    """The time limit is for one step: it starts anew with each, up to what the sandbox allows in all."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = math.ceil(time.process_time() + limit_s)
    resource.setrlimit(
        resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )


def _send(frame: dict[str, Any]) -> None:
    data = json.dumps(frame).encode()
    view = memoryview(len(data).to_bytes(4, "big") + data)
    while view:
        view = view[os.write(FRAME_FD, view) :]


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


if __name__ == "__main__":
    main()
