"""From a request to a result, the same for every backend: compile if the language needs it, run, judge.

    ExecutionRequest -> [compile Job ->] run Job -> Report -> ExecutionResult

The compiler runs inside a sandbox as well, under limits of its own (a source can read files by #include and
can be a bomb). Binaries are kept by the hash of what made them.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from sandboxes.errors import RequestError
from sandboxes.job import EXECUTABLE, MAX_ARTIFACT_BYTES, Job, JobFile
from sandboxes.languages import COMPILE_LIMITS, Language, find_language, require_tool
from sandboxes.outcomes import outcome_of, result_of
from sandboxes.supervise import Report
from sandboxes.types import ExecutionRequest, ExecutionResult, Limits, Outcome

RunJob = Callable[[Job], Awaitable[Report]]


class BinaryCache:
    """Compiled programs by the hash of language, source and files; the least recently used go first."""

    def __init__(self, max_bytes: int = 256 << 20) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0
        self._binaries: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes:
        """The binary; empty when there is none."""
        if key in self._binaries:
            self._binaries.move_to_end(key)
        return self._binaries.get(key, b"")

    def put(self, key: str, binary: bytes) -> None:
        self._held_bytes += len(binary) - len(self._binaries.pop(key, b""))
        self._binaries[key] = binary
        while self._held_bytes > self._max_bytes:
            self._held_bytes -= len(self._binaries.popitem(last=False)[1])


@dataclass(frozen=True)
class Pipeline:
    """What a backend tells about itself, so that its jobs can be made and judged."""

    backend: str
    hard_limits: tuple[str, ...]
    path: tuple[str, ...]
    """The sandbox's PATH."""
    run_job: RunJob
    binaries: BinaryCache
    look_for: Callable[[Language, tuple[str, ...]], object] = require_tool
    """Raises ToolchainMissingError where the sandbox's PATH lacks the language's tool; by default it looks
    in the same folders of this machine."""

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        """Compile if need be, run, judge.

        Raises:
            RequestError: unknown language, or files that do not fit the job's disk and memory.
            ToolchainMissingError: the compiler or interpreter is not installed.
        """
        if request.argv is not None:
            return await self._run(Job(request.argv, request.limits, _files(request), request.stdin))
        assert request.language is not None  # the request's own validator sees to it
        language = find_language(request.language)
        self.look_for(language, self.path)
        files = _files(request, language.source_file)
        if language.compile:
            compiled = await self._compiled(language, files, request.limits)
            if isinstance(compiled, ExecutionResult):
                return compiled
            files = {**_files(request), language.binary: JobFile(compiled, EXECUTABLE)}
        job = Job(
            language.run,
            request.limits,
            files,
            request.stdin,
            reserves_address_space=language.reserves_address_space,
            python_file=language.source_file if language.name == "python" else "",
        )
        return await self._run(job)

    async def _run(self, job: Job) -> ExecutionResult:
        report = await self.run_job(job)
        return result_of(report, outcome_of(report, job.limits), self.backend, self.hard_limits)

    async def _compiled(
        self, language: Language, files: Mapping[str, JobFile], limits: Limits
    ) -> bytes | ExecutionResult:
        """The binary, or the result that says why there is none."""
        key = _key(language, files)
        report = Report(how="exit", artifact=self.binaries.get(key))
        if not report.artifact:
            job = Job(language.compile, COMPILE_LIMITS, files, artifact=language.binary)
            report = await self.run_job(job)
            if report.artifact:
                self.binaries.put(key, report.artifact)
        if report.artifact and len(report.artifact) <= room_bytes(limits):
            return report.artifact
        return self._not_compiled(report, limits)

    def _not_compiled(self, report: Report, limits: Limits) -> ExecutionResult:
        """The program itself never ran, so it used nothing."""
        outcome = outcome_of(report, COMPILE_LIMITS)
        if outcome is Outcome.SANDBOX_ERROR:
            return result_of(report, outcome, self.backend, self.hard_limits)
        why = f"the compiler ended with {outcome}"
        if report.artifact:
            why = f"the binary has {len(report.artifact)} bytes, its limits leave {room_bytes(limits)}"
        elif outcome is Outcome.OK:
            why = f"the compiler left no binary of at most {MAX_ARTIFACT_BYTES} bytes"
        seen = replace(report, stderr=report.stderr + f"\n[{why}]\n".encode(), cpu_s=0.0, wall_s=0.0)
        seen = replace(seen, peak_memory_mb=0.0)
        return result_of(seen, Outcome.COMPILE_ERROR, self.backend, self.hard_limits)


def room_bytes(limits: Limits) -> int:
    """How much of a job's disk its files may take before it starts; they count against its memory too."""
    return min(limits.disk_mb, limits.memory_mb) << 19


def _files(request: ExecutionRequest, source_file: str = "") -> dict[str, JobFile]:
    files = {name: JobFile(content) for name, content in request.files.items()}
    if source_file and request.source is not None:
        files[source_file] = JobFile(request.source.encode("utf-8", "surrogatepass"))
    size = sum(len(file.content) for file in files.values())
    if size > room_bytes(request.limits):
        raise RequestError(
            f"source and files have {size} bytes; limits.disk_mb={request.limits.disk_mb} and "
            f"limits.memory_mb={request.limits.memory_mb} leave {room_bytes(request.limits)}"
        )
    return files


def _key(language: Language, files: Mapping[str, JobFile]) -> str:
    digest = hashlib.sha256(repr(language).encode())
    for name, file in sorted(files.items()):
        digest.update(repr((name, len(file.content))).encode() + file.content)
    return digest.hexdigest()
