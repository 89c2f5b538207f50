"""The JSON of ByteDance's SandboxFusion, which verl and others speak: names and shapes are theirs.

Facts from its server (bytedance/SandboxFusion, `sandbox/server/sandbox_api.py`) and its client package
(`sandbox-fusion` 0.3.7). Fields that callers send and we do not know are left out of account, as there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Base64Bytes, BaseModel, Field, JsonValue

NO_MEMORY_LIMIT = -1
TIMEOUT_S = 10.0
Seconds = Annotated[float, Field(gt=0, le=3600)]


class RunStatus(StrEnum):
    """Without their `SandboxError`, which says nothing about the program: that is an HTTP error here."""

    SUCCESS = "Success"
    """Every command ended with exit code 0."""
    FAILED = "Failed"
    """One did not, or was stopped."""


class CommandStatus(StrEnum):
    FINISHED = "Finished"
    TIME_LIMIT_EXCEEDED = "TimeLimitExceeded"


class RunCodeRequest(BaseModel):
    """One program to compile, if need be, and to run."""

    code: str = Field(examples=["print(input())"])
    language: str = Field(examples=["python"])
    stdin: str | None = None
    compile_timeout: Seconds = TIMEOUT_S
    run_timeout: Seconds = TIMEOUT_S
    memory_limit_MB: int = NO_MEMORY_LIMIT
    files: dict[str, Base64Bytes | None] = {}
    """Path -> content in base64."""
    fetch_files: list[str] = Field(default=[], max_length=0)
    """Always empty: no files are brought back."""


class CommandResult(BaseModel):
    """What happened to the compiler or to the program."""

    status: CommandStatus
    execution_time: float | None = None
    """Wall seconds."""
    cpu_time: float | None = None
    return_code: int | None = None
    """Minus the signal's number if one ended it; None when it was stopped for its time."""
    stdout: str = ""
    stderr: str = ""


class RunCodeResponse(BaseModel):
    status: RunStatus
    message: str = ""
    compile_result: CommandResult | None = None
    """None for languages without a compiler."""
    run_result: CommandResult | None = None
    """None when it was not compiled."""
    executor_pod_name: str | None = None
    files: dict[str, str] = {}


class StdioCase(BaseModel):
    """What a program reads and what it must print: `{"stdin": text}` -> `{"stdout": text}`."""

    input: dict[Literal["stdin"], str]
    output: dict[Literal["stdout"], str]


class SubmitConfig(BaseModel):
    """How a completion is judged. Only problems with standard input and output, given along."""

    dataset_type: Literal["CommonOJDataset"]
    language: str
    compile_timeout: Seconds | None = None
    run_timeout: Seconds | None = None
    provided_data: dict[str, JsonValue] | list[dict[str, JsonValue]]
    """The problem, or problems among which `id` finds it; its `test` are the cases, as a list or as JSON
    text."""
    extra: dict[str, JsonValue] = {}
    """`run_all_cases`: go on after the first case that fails."""
    custom_extract_logic: None = None
    """Always null: it would be code of the caller that runs in the server."""


class SubmitRequest(BaseModel):
    """A model's completion for one problem."""

    dataset: str
    id: int | str
    completion: str
    config: SubmitConfig


class CaseResult(BaseModel):
    passed: bool
    exec_info: RunCodeResponse
    test_info: StdioCase


class SubmitResponse(BaseModel):
    id: int | str
    accepted: bool
    extracted_code: str
    full_code: str | None = None
    test_code: str | None = None
    tests: list[CaseResult]
    extracted_type: Literal["fenced", "incomplete_fenced", "empty"]
    extra: dict[str, JsonValue] | None = None
