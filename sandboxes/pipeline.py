"""From a request to a result, the same for every backend: compile if the language needs it, run, judge.

    ExecutionRequest -> [compile Job ->] run Job -> Report -> ExecutionResult

The compiler runs inside a sandbox as well, under limits of its own (a source can read files by #include and
can be a bomb). Binaries are kept by the hash of what made them.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sandboxes.job import EXECUTABLE, Job, JobFile
from sandboxes.languages import COMPILE_LIMITS, MAX_BINARY_BYTES, Language, find_language, require_tool
from sandboxes.outcomes import outcome_of, result_of
from sandboxes.supervise import Report
from sandboxes.types import ExecutionRequest, ExecutionResult, Outcome

RunJob = Callable[[Job], Awaitable[Report]]


class BinaryCache:
    """Compiled programs by the hash of language, source and files; the least recently used go first."""

    def __init__(self, max_bytes: int = 256 << 20) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0
        self._binaries: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        if key in self._binaries:
            self._binaries.move_to_end(key)
        return self._binaries.get(key)

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
    """The sandbox's PATH; tools are looked for in the same folders here."""
    run_job: RunJob
    binaries: BinaryCache

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        if request.argv is not None:
            files = _files(request.files)
            return await self._run_and_judge(Job(request.argv, request.limits, files, request.stdin), request)
        assert request.language is not None  # the request's own validator sees to it
        assert request.source is not None
        language = find_language(request.language)
        require_tool(language, self.path)
        source = {language.source_file: JobFile(_encoded(request.source))}
        files = _files(request.files) | source
        if language.compile:
            compiled = await self._compiled(language, files)
            if isinstance(compiled, ExecutionResult):
                return compiled
            files = _files(request.files) | {language.binary: JobFile(compiled, EXECUTABLE)}
        job = Job(
            language.run,
            request.limits,
            files,
            request.stdin,
            reserves_address_space=language.reserves_address_space,
        )
        return await self._run_and_judge(job, request)

    async def _run_and_judge(self, job: Job, request: ExecutionRequest) -> ExecutionResult:
        report = await self.run_job(job)
        return result_of(report, outcome_of(report, request.limits), self.backend, self.hard_limits)

    async def _compiled(self, language: Language, files: Mapping[str, JobFile]) -> bytes | ExecutionResult:
        """The binary, or the result that says why there is none."""
        key = _key(language, files)
        binary = self.binaries.get(key)
        if binary is not None:
            return binary
        job = Job(
            language.compile,
            COMPILE_LIMITS,
            files,
            artifact=language.binary,
            artifact_bytes=MAX_BINARY_BYTES,
        )
        report = await self.run_job(job)
        if report.artifact and outcome_of(report, COMPILE_LIMITS) is Outcome.OK:
            self.binaries.put(key, report.artifact)
            return report.artifact
        outcome = Outcome.SANDBOX_ERROR if report.failure else Outcome.COMPILE_ERROR
        return result_of(report, outcome, self.backend, self.hard_limits)


def _encoded(source: str) -> bytes:
    return source.encode("utf-8", "surrogatepass")


def _files(files: Mapping[str, bytes]) -> dict[str, JobFile]:
    return {name: JobFile(content) for name, content in files.items()}


def _key(language: Language, files: Mapping[str, JobFile]) -> str:
    digest = hashlib.sha256(repr(language).encode())
    for name, file in sorted(files.items()):
        digest.update(repr((name, len(file.content))).encode() + file.content)
    return digest.hexdigest()
