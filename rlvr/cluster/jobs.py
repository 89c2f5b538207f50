"""Training as a Ray Job: submitted over HTTP, run on the cluster, watched and stopped from anywhere.

    config + overrides --training_entrypoint--> command --JobCluster.submit--> job id --> status, logs, stop

The working directory travels with the job. Run directories and models do not: they are named by absolute
paths that the cluster must see, because Ray deletes a job's copy of the directory some time after its end.
"""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import requests
from ray._private.authentication.authentication_token_setup import _enable_token_auth
from ray.exceptions import AuthenticationError
from ray.job_submission import JobSubmissionClient

from rlvr.cluster.session import check_reachable
from rlvr.config import RunConfig, load_config
from rlvr.errors import ConfigError, InfrastructureError

EXCLUDES = (
    "/.git/",
    "/.venv/",
    "/.*_cache/",
    "/.hypothesis/",
    "/bench/",
    "/models/",
    "/runs/",
    "**/__pycache__/",
)
"""Ray refuses directories of more than 100 MiB."""
STOP_LIMIT_S = 600
"""After SIGTERM, how long a job may take to checkpoint before Ray kills it."""


@dataclass(frozen=True, slots=True)
class JobState:
    """How a job stands. `status` is Ray's: PENDING, RUNNING, STOPPED, SUCCEEDED or FAILED."""

    job_id: str
    status: str
    message: str
    entrypoint: str
    start_time_ms: int | None
    end_time_ms: int | None


def training_entrypoint(config_path: Path, overrides: Sequence[str], working_dir: Path) -> str:
    """The command that trains `config_path` as a job.

    Args:
        config_path: lies in `working_dir`.
        overrides: `a.b=c`, as for `rlvr train --set`.
        working_dir: what will travel; paths that do not travel are made absolute from here.

    Raises:
        ConfigError: the config does not load with these overrides, or lies elsewhere.
    """
    config = load_config(RunConfig, config_path, overrides)
    try:
        inside = config_path.resolve().relative_to(working_dir.resolve())
    except ValueError as error:
        raise ConfigError(f"{config_path} must lie in {working_dir}, which travels with the job") from error
    placed = [f"out_dir={(working_dir / config.out_dir).resolve()}", "ray_address=auto"]
    if (working_dir / config.model).is_dir():
        placed.append(f"model={(working_dir / config.model).resolve()}")
    settings = [part for override in [*overrides, *placed] for part in ("--set", override)]
    return shlex.join(["python", "-m", "rlvr", "train", str(inside), *settings])


class JobCluster:
    """The jobs of one Ray cluster.

    Args:
        address: of the cluster's dashboard, `http://host:port`.
        token_file: holds the cluster's token; None leaves it to RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH and
            ~/.ray/auth_token.

    Raises:
        ConfigError: the address is no URL, the token cannot be read, or the cluster does not accept it.
        InfrastructureError: nothing answers at the address.
    """

    def __init__(self, address: str, token_file: Path | None = None) -> None:
        self._address = address
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise ConfigError(
                f"--address {address!r} is no dashboard URL; an example is http://127.0.0.1:8265"
            )
        port = parts.port or (443 if parts.scheme == "https" else 80)
        check_reachable(f"no Ray dashboard at {address}", parts.hostname, port)
        _enable_token_auth()
        with self._errors_as_ours():
            self._client = JobSubmissionClient(address, headers=_token_header(token_file))

    def submit(self, entrypoint: str, working_dir: Path) -> str:
        """Upload the directory and run the command in it; returns the job's id.

        Raises:
            ConfigError: the directory is too large.
            InfrastructureError: the cluster did not take the job.
        """
        environment = {
            "working_dir": str(working_dir),
            "excludes": list(EXCLUDES),
            "env_vars": {"RAY_AUTH_MODE": "token", "RAY_JOB_STOP_WAIT_TIME_S": str(STOP_LIMIT_S)},
        }
        with self._errors_as_ours():
            try:
                return self._client.submit_job(entrypoint=entrypoint, runtime_env=environment)
            except ValueError as error:
                raise ConfigError(f"{working_dir} cannot travel with the job: {error}") from error

    def status(self, job_id: str) -> JobState:
        """How a job stands.

        Raises:
            ConfigError: there is no such job.
        """
        with self._errors_as_ours(job_id):
            found = self._client.get_job_info(job_id)
        return JobState(
            job_id, str(found.status), found.message or "", found.entrypoint, found.start_time, found.end_time
        )

    def logs(self, job_id: str) -> str:
        """All that a job has printed; raises as `status` does."""
        with self._errors_as_ours(job_id):
            return self._client.get_job_logs(job_id)

    async def follow(self, job_id: str) -> AsyncIterator[str]:
        """What a job prints, as it prints it, until it ends; raises as `status` does."""
        self.status(job_id)  # the stream of a job that does not exist would only be empty
        with self._errors_as_ours(job_id):
            async for text in self._client.tail_job_logs(job_id):
                yield text

    def stop(self, job_id: str) -> bool:
        """Ask a job to stop, which lets it checkpoint; False where it had ended already."""
        with self._errors_as_ours(job_id):
            return self._client.stop_job(job_id)

    @contextmanager
    def _errors_as_ours(self, job_id: str | None = None) -> Iterator[None]:
        try:
            yield
        except AuthenticationError as error:
            raise ConfigError(
                f"{self._address} does not accept the token: give --token-file, or set RAY_AUTH_TOKEN"
            ) from error
        except (requests.RequestException, aiohttp.ClientError, ConnectionError) as error:
            raise InfrastructureError(f"{self._address} does not answer: {error}") from error
        except RuntimeError as error:
            if job_id is not None and "does not exist" in str(error):
                raise ConfigError(f"no job {job_id!r} at {self._address}") from error
            raise InfrastructureError(f"{self._address} refused: {error}") from error


def _token_header(token_file: Path | None) -> dict[str, str]:
    if token_file is None:
        return {}
    try:
        return {"Authorization": f"Bearer {token_file.read_text().strip()}"}
    except OSError as error:
        raise ConfigError(f"cannot read the token file {token_file}: {error.strerror}") from error
