"""What isolation this machine gives, and what is missing: a list of checks, each with a fix.

Nothing is inferred from versions: a backend is opened and a program in each language is run in it.
`verifiers doctor` puts these checks into its own list.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandboxes.cgroups import find_cgroups
from sandboxes.errors import BackendUnavailableError, ToolchainMissingError
from sandboxes.languages import LANGUAGES, Language
from sandboxes.pool import SandboxPool
from sandboxes.registry import open_backend
from sandboxes.seccomp import filter_program
from sandboxes.types import ExecutionRequest, Limits, Outcome

HELLO: dict[str, str] = {
    "python": "print(6 * 7)",
    "cpp": '#include <cstdio>\nint main() { std::printf("%d\\n", 6 * 7); }',
    "javascript": "console.log(6 * 7)",
    "bash": "echo $((6 * 7))",
}
HELLO_LIMITS = Limits(cpu_s=10.0, wall_s=30.0)


@dataclass(frozen=True)
class Check:
    """One finding. Crosses package lines as it is."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    """What to do when it is not ok."""


def check(backend: str = "auto") -> list[Check]:
    """Look at this machine; takes a few seconds because programs are compiled and run."""
    checks = [_cgroups(), _seccomp(), _docker()]
    try:
        pool = SandboxPool.open(backend)
    except BackendUnavailableError as error:
        return [Check("isolation", False, str(error), "install what the message names"), *checks]
    with pool:
        isolation = Check("isolation", True, f"backend {pool.backend_name}")
        return [isolation, *checks, *(_language(pool, language) for language in LANGUAGES.values())]


def _cgroups() -> Check:
    found = find_cgroups()
    if found is None:
        # not a fault: the job's init and the rlimits hold the limits, only less hard
        detail = "no cgroup may be made here: memory and CPU are limited per process and watched for the job"
        return Check("cgroups", True, detail, "run as root, or have a cgroup with memory and pids delegated")
    return Check(
        "cgroups", True, f"version {found.layout.version}: memory and CPU of a whole job are hard limits"
    )


def _seccomp() -> Check:
    if not filter_program():
        return Check("seccomp", True, "no table for this processor: jobs run without a system call filter")
    return Check("seccomp", True, "system call filter in force")


def _docker() -> Check:
    try:
        open_backend("docker").close()
    except BackendUnavailableError as error:
        return Check("docker", True, f"only needed for the docker backend: {error}")
    return Check("docker", True, "the engine answers, and a job ran in a container of the image")


def _language(pool: SandboxPool, language: Language) -> Check:
    """Run a program in it and look at what it printed."""
    request = ExecutionRequest(language=language.name, source=HELLO[language.name], limits=HELLO_LIMITS)
    try:
        result = pool.run_sync(request)
    except ToolchainMissingError as error:
        return Check(language.name, False, str(error), language.fix)
    if (result.outcome, result.stdout) == (Outcome.OK, "42\n"):
        return Check(language.name, True, f"{language.tool} runs in the sandbox")
    detail = f"a program that prints 42 ended with {result.outcome}: {result.stderr[-200:]}"
    return Check(language.name, False, detail, language.fix)
