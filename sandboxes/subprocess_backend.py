"""A plain process with rlimits: no boundary at all, for machines where the programs are one's own.

The program sees this machine's files, network and processes, and has our uid. It refuses to open unless the
caller accepts that. What it shares with the other backends is the init that watches the limits and ends what
the program started.
"""

from __future__ import annotations

import tempfile
from typing import ClassVar

from sandboxes.base import BackendConfig
from sandboxes.errors import UnsafeBackendError
from sandboxes.init_process import ExecutedInit
from sandboxes.inside_source import init_command
from sandboxes.interpreter import find_interpreter
from sandboxes.job import Job, Placement
from sandboxes.languages import SYSTEM_PATH
from sandboxes.pipeline import BinaryCache, Pipeline
from sandboxes.supervise import Report, supervise
from sandboxes.types import ExecutionRequest, ExecutionResult

HARD: tuple[str, ...] = ("wall_s", "output_bytes")


class SubprocessBackend:
    """See `sandboxes.base.Backend`; passes only the part of the conformance suite that needs no boundary."""

    name: ClassVar[str] = "subprocess"

    def __init__(self, config: BackendConfig) -> None:
        if not config.allow_unsafe:
            raise UnsafeBackendError(
                "the subprocess backend does not isolate programs from this machine; use bubblewrap, or set "
                "allow_unsafe (--allow-unsafe) if every program is your own"
            )
        self._interpreter = find_interpreter(as_other_uid=False)
        self._path = tuple(dict.fromkeys((self._interpreter.bin, *SYSTEM_PATH)))
        self._pipeline = Pipeline(self.name, HARD, self._path, self._run_job, BinaryCache())

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        return await self._pipeline.run(request)

    def close(self) -> None:
        """Nothing outlives its job here."""

    async def _run_job(self, job: Job) -> Report:
        # a program can leave files that we may not remove; that is its right here, and no reason to fail
        with tempfile.TemporaryDirectory(prefix="sandbox-", ignore_cleanup_errors=True) as folder:
            placement = Placement(
                cwd=folder, tmp=folder, path=self._path, memory_is_hard=False, own_processes=None
            )
            try:
                init = ExecutedInit(lambda control: init_command(self._interpreter.executable, control))
            except OSError as error:
                return Report(failure=f"no process could be started: {error}")
            return await supervise(init, job, placement, None)
