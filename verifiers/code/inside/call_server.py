"""Inside the sandbox: call a candidate's functions, one fresh process per call.

    stdin  {"prelude", "source", "calls": [chain...], "time_limit_s", "keep_going"}
    stdout one JSON line per call: {"ok": nodes} | {"raised": [type, message]} | {"ended": why}
           or one line {"broken": why} when the source does not compile

A chain is `{"name", "steps"}`: `[["call", args, kwargs]]` for a function, or a constructor call followed by
`["method", name, args, kwargs]` steps. Every call is forked from this process, which itself never runs the
candidate's code: so a call starts from a clean state, sees no result of another, and has its own pipe for its
one frame. What the candidate prints or sprays over file descriptors goes nowhere. This process knows
arguments and no expected values, so even a candidate that takes it over gains nothing but the chance to give
its own answers.
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
from types import CodeType
from typing import Any

from values import decode, encode  # type: ignore[import-not-found]

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
    for chain in job["calls"]:
        frame = _call_in_child(code, namespace, chain, job["time_limit_s"])
        _say(frame)
        if "ended" in frame and not job["keep_going"]:
            return


def _say(frame: dict[str, Any]) -> None:
    print(json.dumps(frame), flush=True)


def _call_in_child(
    code: CodeType, namespace: dict[str, Any], chain: dict[str, Any], limit_s: float
) -> dict[str, Any]:
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        _become_candidate(write_end, limit_s)
        frame = _run_chain(code, dict(namespace), chain)
        os.write(FRAME_FD, len(frame).to_bytes(4, "big"))
        _write_all(frame)
        os._exit(0)
    os.close(write_end)
    received, in_time = _read_until_end(read_end, time.monotonic() + WALL_FACTOR * limit_s + WALL_EXTRA_S)
    os.close(read_end)
    _kill_group(child)
    _, status = os.waitpid(child, 0)
    if not in_time or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return {"ended": "timeout"}
    return _one_frame(received)


def _one_frame(received: bytes) -> dict[str, Any]:
    """Exactly one frame and nothing else, or the call counts as ended."""
    if len(received) < 4:
        return {"ended": "exit"}
    if len(received) != 4 + int.from_bytes(received[:4], "big"):
        return {"ended": "bad_frame"}
    try:
        frame = json.loads(received[4:])
    except (ValueError, RecursionError):
        return {"ended": "bad_frame"}
    return frame if isinstance(frame, dict) and frame.keys() <= {"ok", "raised"} else {"ended": "bad_frame"}


def _become_candidate(write_end: int, limit_s: float) -> None:
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(write_end, FRAME_FD)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.closerange(FRAME_FD + 1, 256)
    limit = math.ceil(limit_s)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))


def _run_chain(code: CodeType, namespace: dict[str, Any], chain: dict[str, Any]) -> bytes:
    """The candidate's own process: load its code, make the calls, describe the last result."""
    try:
        exec(code, namespace)
        steps = [
            [*step[:-2], decode(step[-2], namespace), decode(step[-1], namespace)] for step in chain["steps"]
        ]
        subject = value = _target(namespace, chain["name"])(*steps[0][1], **steps[0][2])
        for _, method, args, kwargs in steps[1:]:
            value = getattr(subject, method)(*args, **kwargs)
        frame = {"ok": encode((value, steps[-1][-2], steps[-1][-1]))}
    except BaseException as error:  # noqa: BLE001 - SystemExit and what it invents are the candidate's result
        frame = {"raised": [type(error).__name__, str(error)[:300]]}
    return json.dumps(frame).encode()


def _target(namespace: dict[str, Any], name: str) -> Any:
    if name in namespace:
        return namespace[name]
    if "Solution" in namespace:
        return getattr(namespace["Solution"](), name)
    raise NameError(f"the program does not define {name}")


def _write_all(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(FRAME_FD, view) :]


def _read_until_end(descriptor: int, deadline: float) -> tuple[bytes, bool]:
    """All bytes until the writers are gone, or as many as there are when time or space runs out."""
    received = bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return bytes(received), False
        chunk = os.read(descriptor, 1 << 16)
        received += chunk
        if not chunk or len(received) > MAX_FRAME_BYTES:
            return bytes(received), True


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


if __name__ == "__main__":
    main()
