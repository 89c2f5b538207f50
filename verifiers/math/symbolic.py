"""The last stage: ask math-verify, in a process that can be killed.

    same(reference, answer) --frame--> fork server --fork--> child with CPU and memory limits --> True | False

sympy may take forever or all memory on an answer a model wrote, and it evaluates more than it should; so it
runs in a child of `symbolic_server.py`, a program of its own that has loaded sympy once, and the child is
killed at its deadline. The server is started on first use and works alike from any thread.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
import time

from verifiers.math.errors import OverBudgetError
from verifiers.workers.frames import encode, read_frame

SERVER = "verifiers.math.symbolic_server"
DEADLINE_S = 5.0
"""Wall time of one comparison. Its CPU limit is one second, so only a very busy machine gets here."""
GRACE_S = 1.0
MAX_CHARS = 2_000
"""Of both sides together; parsing takes math-verify some milliseconds for every hundred characters."""
START_LIMIT_S = 60.0


class SymbolicTimeoutError(Exception):
    """The comparison was killed at its wall deadline; not the answer's fault. Stays inside this package."""


class SymbolicServerError(Exception):
    """There is no server, or it ended; not the answer's fault. Stays inside this package."""


class SymbolicJudge:
    """One fork server. `close` it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def same(self, reference: str, answer: str) -> bool:
        """Whether math-verify calls the two equal.

        Raises:
            OverBudgetError: not decided within the CPU limit.
            SymbolicTimeoutError: not decided within `DEADLINE_S`.
            SymbolicServerError: no server.
        """
        if len(reference) + len(answer) > MAX_CHARS:
            raise OverBudgetError("too long for the symbolic stage")
        with self._lock:
            reply = self._ask({"reference": reference, "answer": answer, "deadline_s": DEADLINE_S})
        if reply["outcome"] == "over_budget":
            raise OverBudgetError("too much work for the symbolic stage")
        if reply["outcome"] == "timeout":
            raise SymbolicTimeoutError
        return reply["outcome"] == "equal"

    def warm_up(self) -> None:
        """Start the server and wait until it has loaded sympy; without it, comparisons say so one by one."""
        with self._lock, contextlib.suppress(SymbolicServerError):
            if self._process is None:
                self._start()

    def close(self) -> None:
        with self._lock:
            self._stop()

    def _ask(self, question: dict[str, object]) -> dict[str, str]:
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(encode(question))
        process.stdin.flush()
        if not _readable(process.stdout.fileno(), DEADLINE_S + GRACE_S):
            self._stop()
            raise SymbolicTimeoutError
        reply = read_frame(process.stdout)
        if reply is None:
            self._stop()
            raise SymbolicServerError("the symbolic server ended; its stderr says why")
        return reply

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        process = subprocess.Popen(
            [sys.executable, "-m", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            bufsize=0,
        )
        self._process = process
        assert process.stdout is not None
        if not _readable(process.stdout.fileno(), START_LIMIT_S) or read_frame(process.stdout) is None:
            self._stop()
            raise SymbolicServerError("the symbolic server did not start; is math-verify installed?")
        return process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _readable(descriptor: int, limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    return bool(select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0])
