"""One worker process as its pool sees it: start, ask, kill.

A worker is a separately exec'ed Python (never a fork of a process with threads or a CUDA context), it answers
one request at a time, and a question that is not answered by its deadline costs the process its life.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from typing import Any

from verifiers.errors import VerifierSetupError
from verifiers.workers.frames import encode, receive_frame

START_LIMIT_S = 60.0
"""Importing every verifier takes about a second; a loaded machine may take much longer."""
ENDING_LIMIT_S = 1.0
"""Between a worker's last word and its end."""
STREAM_LIMIT_BYTES = 2**20


class WorkerCrashedError(Exception):
    """The worker process ended before it answered. Stays inside this package."""


class WorkerTimeoutError(Exception):
    """The worker did not answer in time and was killed. Stays inside this package."""


class Worker:
    """Use as: `await start()`, `await ask(...)` any number of times, `await stop()`."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = dict(table)
        self._process: asyncio.subprocess.Process | None = None
        self.verifiers: dict[str, dict[str, Any]] = {}
        """What the process said about its verifiers: version, digest, wall_limit_s, options, about."""

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the process and wait until it has loaded its verifiers.

        Raises:
            VerifierSetupError: the machine gave no process, or it ended or took longer than `START_LIMIT_S`;
                its stderr says why.
        """
        await self.stop()
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "verifiers.workers.child",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=STREAM_LIMIT_BYTES,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                start_new_session=True,  # Ctrl-C is for whoever owns the pool: it ends its workers itself
            )  # fmt: skip
        except OSError as error:
            raise VerifierSetupError(f"a verifier worker cannot be started: {error}") from error
        try:
            hello = await self.ask({"table": self._table}, START_LIMIT_S)
        except (WorkerCrashedError, WorkerTimeoutError) as error:
            raise VerifierSetupError(f"a verifier worker did not start: {error}") from error
        self.verifiers = hello["verifiers"]

    async def ask(self, message: dict[str, Any], limit_s: float) -> dict[str, Any]:
        """Send one message and wait for its reply.

        Raises:
            RequestTooLargeError: the message does not fit a frame; nothing was sent.
            WorkerCrashedError: the process ended.
            WorkerTimeoutError: no reply within `limit_s`; the process was killed.
        """
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise WorkerCrashedError("the worker is not running")
        frame = encode(message)
        answered = False
        try:
            async with asyncio.timeout(limit_s):
                process.stdin.write(frame)
                await process.stdin.drain()
                reply = await receive_frame(process.stdout)
            answered = True
            return reply
        except TimeoutError as error:
            raise WorkerTimeoutError(f"no answer within {limit_s:g} s") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise WorkerCrashedError(f"worker {process.pid} ended before it answered") from error
        finally:
            if not answered:  # also when the caller was cancelled: the reply would reach the next one
                await self.stop()

    async def stop(self) -> None:
        """Kill the process and reap it. A worker holds nothing worth a polite end."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdout is not None and process.stdout.at_eof():
            # It is ending by itself, and killing it now would take its exit status from under asyncio.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ENDING_LIMIT_S):
                    await process.wait()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await asyncio.shield(process.wait())
