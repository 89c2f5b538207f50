"""The types that cross this package's boundary: what to run, under which limits, and what happened.

    ExecutionRequest --backend--> ExecutionResult

Megabytes are 2^20 bytes. A result speaks of the program only; it is `sandbox_error` when we failed, and then
says nothing about the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeFloat, model_validator

LOOSE_WALL_FACTOR = 3.0
LOOSE_WALL_EXTRA_S = 5.0
MAX_FILES = 256
MAX_PATH_BYTES = 1024


class Outcome(StrEnum):
    OK = "ok"
    """The program ended by itself with exit code 0."""
    RUNTIME_ERROR = "runtime_error"
    """It ended with another exit code or by a signal."""
    TIME_LIMIT = "time_limit"
    """It used up its CPU or wall time."""
    MEMORY_LIMIT = "memory_limit"
    """It was refused or killed for memory."""
    OUTPUT_LIMIT = "output_limit"
    """It wrote more to one stream than it may."""
    COMPILE_ERROR = "compile_error"
    """The compiler refused the source, or ran into its own limits over it."""
    SANDBOX_ERROR = "sandbox_error"
    """We failed. Says nothing about the program; retried, then surfaced."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def loose_wall_s(cpu_s: float) -> float:
    """Wall seconds that go with a CPU limit: lax, so that a loaded machine makes no false timeouts."""
    return max(LOOSE_WALL_FACTOR * cpu_s, cpu_s + LOOSE_WALL_EXTRA_S)


class Limits(Frozen):
    """What one run of the program may use. Waiting in a queue and starting the sandbox are not counted."""

    cpu_s: float = Field(default=5.0, gt=0, le=3600)
    """CPU seconds of all its processes together."""
    wall_s: float = Field(default_factory=lambda data: loose_wall_s(data.get("cpu_s", 5.0)), gt=0, le=36000)
    """Seconds from its start; by default max(3 cpu_s, cpu_s + 5)."""
    memory_mb: int = Field(default=256, ge=16, le=1 << 20)
    """Memory of all its processes together."""
    pids: int = Field(default=64, ge=1, le=4096)
    """Processes and threads alive at once."""
    output_bytes: int = Field(default=4 << 20, ge=0, le=1 << 30)
    """Bytes it may write to stdout, and as many to stderr."""
    disk_mb: int = Field(default=64, ge=1, le=1 << 16)
    """Its private temporary file system."""


def _as_bytes(value: object) -> object:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


TextOrBytes = Annotated[bytes, BeforeValidator(_as_bytes)]
"""Bytes; a str is taken as UTF-8."""


def _can_be_passed(argument: str) -> bool:
    """To a program, as UTF-8 that ends with a NUL."""
    try:
        return b"\0" not in argument.encode()
    except UnicodeEncodeError:
        return False


class ExecutionRequest(Frozen):
    """One program to run: either `language` and `source`, or `argv`."""

    language: str | None = None
    """A name of `sandboxes.languages.LANGUAGES`."""
    source: str | None = None
    argv: tuple[str, ...] | None = None
    """A command as seen inside the sandbox, looked up in its PATH; its working directory holds `files`."""
    stdin: TextOrBytes = b""
    files: Mapping[str, TextOrBytes] = Field(default_factory=dict, max_length=MAX_FILES)
    """Files beside the program: relative path -> content."""
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _one_program(self) -> Self:
        by_source = self.language is not None and self.source is not None
        if by_source == (self.argv is not None) or (self.language is None) != (self.source is None):
            raise ValueError("give either language and source, or argv")
        if self.argv is not None and not (self.argv and self.argv[0] and all(map(_can_be_passed, self.argv))):
            raise ValueError("argv must name a program and hold neither NUL nor a lone surrogate")
        return self

    @model_validator(mode="after")
    def _files_can_be_made(self) -> Self:
        paths = {PurePosixPath(name) for name in self.files}
        for name in self.files:
            path = PurePosixPath(name)
            if not path.parts or path.is_absolute() or ".." in path.parts or "\0" in name:
                raise ValueError(f"file name {name!r} must be a relative path without '..'")
            if max(len(part.encode()) for part in path.parts) > 255 or len(name.encode()) > MAX_PATH_BYTES:
                raise ValueError(f"file name {name[:80]!r}... is too long")
            if paths & set(path.parents):
                raise ValueError(f"file name {name!r} lies under a name that is a file itself")
        if len(paths) < len(self.files):
            raise ValueError("two file names mean the same file")
        return self


class ExecutionResult(Frozen):
    """What happened to one program."""

    outcome: Outcome
    exit_code: int | None
    """None when it did not end by itself."""
    signal: int | None
    """The signal that ended it, ours included."""
    stdout: str
    """UTF-8; bytes that are not become U+FFFD."""
    stderr: str
    stdout_truncated: bool
    stderr_truncated: bool
    cpu_s: NonNegativeFloat
    wall_s: NonNegativeFloat
    peak_memory_mb: NonNegativeFloat
    """Of all its processes where a cgroup measured it, else of the largest one."""
    backend: str
    hard_limits: tuple[str, ...]
    """Names of `Limits` that held for the job as a whole, whatever it did; the others hold for each
    process."""
