"""The docker backend against a real engine: the shipped suite, and what dies in the middle."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import docker
import pytest

from sandboxes import ExecutionRequest, Limits, Outcome, SandboxPool, open_backend
from sandboxes.base import DockerOptions
from sandboxes.conformance import Case, problems
from sandboxes.conformance_cases import CASES
from sandboxes.docker_door import PREFIX, Door
from sandboxes.docker_owner import new_mark
from sandboxes.docker_spec import OWNER_LABEL
from sandboxes.doctor import check
from sandboxes.errors import BackendUnavailableError, ToolchainMissingError
from tests.sandboxes.docker_engine import DockerEngine, private_engine
from tests.sandboxes.leaks import belongings, until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="dockerd must be started by root")

HELLO = ExecutionRequest(language="python", source="print(6 * 7)")
SLEEP = ExecutionRequest(argv=("sleep", "1"), limits=Limits(cpu_s=1, wall_s=30))
IN_STRICT_MODE = (
    "stdin-to-stdout", "clean-descriptors", "clean-environment", "cpp", "javascript", "memory-of-children",
    "sleep", "stdout-flood", "processes", "disk", "reads-nothing-of-the-machine", "writes-nothing-outside",
    "has-no-network", "has-no-privileges", "system-calls-are-filtered", "daemons-end-with-their-job",
)  # fmt: skip
BACK_S = 5.0
FORKS = """
import os, time
for made in range(9):
    try:
        if os.fork() == 0:
            time.sleep(60)
    except OSError:
        print(made, "children")
        break
"""
SUPERVISOR = """
from sandboxes import ExecutionRequest, Limits, SandboxPool
with SandboxPool.open("docker") as pool:
    pool.run_sync(ExecutionRequest(argv=("tail", "-f", "/dev/null"), limits=Limits(wall_s=60)))
"""
"""Its program has another name than those of all other tests, whose containers may still be there."""


@pytest.fixture(scope="module")
def engine() -> Iterator[DockerEngine]:
    assert shutil.which("dockerd"), "dockerd is missing: apt-get install docker.io containerd runc"
    with private_engine() as engine, pytest.MonkeyPatch.context() as patch:
        engine.import_image(DockerOptions().image)
        patch.setenv("DOCKER_HOST", engine.host)
        yield engine


@pytest.fixture(scope="module")
def client(engine: DockerEngine) -> Iterator[docker.DockerClient]:
    with closing(engine.client()) as client:
        yield client


@pytest.fixture(scope="module")
def warm(engine: DockerEngine) -> Iterator[SandboxPool]:
    with SandboxPool.open("docker") as opened:
        yield opened


@pytest.fixture(scope="module")
def strict(engine: DockerEngine) -> Iterator[SandboxPool]:
    with SandboxPool.open("docker-strict") as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=str)
def test_warm_containers_conform(case: Case, warm: SandboxPool) -> None:
    assert problems(case, warm) == []


@pytest.mark.parametrize("case", [case for case in CASES if case.name in IN_STRICT_MODE], ids=str)
def test_a_container_for_each_job_conforms(case: Case, strict: SandboxPool) -> None:
    assert problems(case, strict) == []


def test_the_kernel_holds_every_limit_for_the_whole_job(warm: SandboxPool, strict: SandboxPool) -> None:
    hard = [set(pool.run_sync(HELLO).hard_limits) for pool in (warm, strict)]
    assert hard == [set(Limits.model_fields)] * 2


def test_no_more_processes_than_the_limit_says(warm: SandboxPool, strict: SandboxPool) -> None:
    request = ExecutionRequest(language="python", source=FORKS, limits=Limits(pids=4))
    assert [pool.run_sync(request).stdout for pool in (warm, strict)] == ["3 children\n"] * 2


def test_limits_may_grow_and_shrink_from_job_to_job(warm: SandboxPool) -> None:
    source = "x = bytearray(b'x') * (100 << 20); print('done')"
    outcomes = [
        warm.run_sync(
            ExecutionRequest(language="python", source=source, limits=Limits(memory_mb=memory_mb))
        ).outcome
        for memory_mb in (64, 256, 64, 256)
    ]
    assert outcomes == [Outcome.MEMORY_LIMIT, Outcome.OK] * 2


def test_jobs_leave_nothing_on_this_machine(engine: DockerEngine) -> None:
    before = _left(engine)
    for name in ("docker", "docker-strict"):
        with SandboxPool.open(name) as pool:
            for source in (
                "1",
                "1 / 0",
                "import os; os.kill(os.getpid(), 9)",
                "while True: print('x' * 9999)",
            ):
                pool.run_sync(ExecutionRequest(language="python", source=source))
    until(lambda: not _left(engine) - before, within_s=BACK_S)


def test_closing_removes_the_containers(client: docker.DockerClient, warm: SandboxPool) -> None:
    others = _families(client)
    with SandboxPool.open("docker") as pool:
        pool.run_sync(HELLO)
        own = _families(client) - others
        assert own
    assert not own & _families(client)


def test_a_job_whose_container_is_killed_runs_again(client: docker.DockerClient) -> None:
    with SandboxPool.open("docker") as pool, ThreadPoolExecutor(1) as threads:
        kept = set(client.containers.list())
        for container in _own(client):
            container.kill()
        assert pool.run_sync(HELLO).stdout == "42\n"
        running = threads.submit(pool.run_sync, SLEEP)
        until(lambda: _runs("sleep"), within_s=10)
        for container in _own(client):
            container.kill()
        assert running.result().outcome is Outcome.OK
        assert not kept & set(_own(client))


def test_after_a_crash_of_the_engine_jobs_run_again(engine: DockerEngine) -> None:
    with SandboxPool.open("docker", workers=2) as pool, ThreadPoolExecutor(1) as threads:
        pool.run_sync(HELLO)
        running = threads.submit(pool.run_sync, SLEEP)
        until(lambda: _runs("sleep"), within_s=10)
        engine.kill()
        assert running.result().outcome in (Outcome.OK, Outcome.SANDBOX_ERROR)
        while_away = pool.run_sync(HELLO.model_copy(update={"limits": Limits(memory_mb=99)}))
        assert while_away.outcome in (Outcome.OK, Outcome.SANDBOX_ERROR)
        engine.start()
        until(lambda: pool.run_sync(HELLO).stdout == "42\n", within_s=BACK_S)


def test_a_killed_supervisor_leaves_no_container(engine: DockerEngine, client: docker.DockerClient) -> None:
    before = _families(client)
    doors = _doors()
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR], start_new_session=True)
    until(lambda: _runs("tail"), within_s=20)
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait()
    until(lambda: not _runs("tail") and _families(client) <= before, within_s=BACK_S)
    SandboxPool.open("docker").close()  # it may have been killed while a container started
    until(lambda: set(_doors()) <= set(doors), within_s=BACK_S)  # another pool's may be open for a moment


def test_what_a_dead_supervisor_left_is_removed_by_the_next(client: docker.DockerClient) -> None:
    made = [
        client.containers.create(DockerOptions().image, "true", labels={OWNER_LABEL: mark})
        for mark in ("1-1-dead", new_mark())
    ]
    doors = [Door("1-1-dead"), Door(new_mark())]
    SandboxPool.open("docker").close()
    left = _names(client)
    made[1].remove()
    assert [container.name in left for container in made] == [False, True]
    assert [door.shown.exists() for door in doors] == [False, True]
    for door in doors:
        door.close()


def test_a_language_that_the_image_lacks_is_named(engine: DockerEngine, warm: SandboxPool) -> None:
    engine.import_image("sandbox-small", "python3", "dash")
    with SandboxPool(open_backend("docker", docker=DockerOptions(image="sandbox-small"))) as pool:
        assert pool.run_sync(HELLO).stdout == "42\n"
        with pytest.raises(ToolchainMissingError, match=r"'sandbox-small' has no g\+\+"):
            pool.run_sync(ExecutionRequest(language="cpp", source="int main() {}"))


def test_a_missing_image_says_how_to_make_it(engine: DockerEngine) -> None:
    with pytest.raises(BackendUnavailableError, match=r"no image 'nowhere'.*deploy/sandbox"):
        open_backend("docker", docker=DockerOptions(image="nowhere"))


def test_a_runtime_that_the_engine_does_not_know_is_named(engine: DockerEngine) -> None:
    with pytest.raises(BackendUnavailableError, match=r"nowhere"):
        open_backend("docker-strict", docker=DockerOptions(runtime="nowhere"))
    with pytest.raises(BackendUnavailableError, match="needs the backend docker-strict"):
        open_backend("docker", docker=DockerOptions(runtime="nowhere"))


@pytest.mark.parametrize(
    ("host", "why"),
    [
        pytest.param("unix:///nowhere/docker.sock", "no Docker engine answers", id="none"),
        pytest.param("tcp://127.0.0.1:1", "no Docker engine answers", id="none-by-tcp"),
    ],
)
def test_a_missing_engine_is_said(host: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(BackendUnavailableError, match=why):
        open_backend("docker")


def test_the_doctor_looks_at_the_engine_and_the_image(engine: DockerEngine) -> None:
    checks = {check.name: check for check in check("docker")}
    assert all(each.ok for each in checks.values())
    assert "docker" in checks["isolation"].detail
    assert "a job ran" in checks["docker"].detail


def _left(engine: DockerEngine) -> set[object]:
    """What jobs could leave; looks past other mounts and files that come and go on this machine."""
    ours = belongings()
    mounted = {line for line in ours.mounts if engine.folder in line}
    descriptors = {f"descriptor {number}" for number in range(ours.descriptors)}
    return {*ours.processes, *descriptors, *ours.cgroups, *mounted, *_doors()}


def _doors() -> list[str]:
    return sorted(name for name in os.listdir(tempfile.gettempdir()) if name.startswith(PREFIX))


def _own(client: docker.DockerClient) -> list[docker.models.containers.Container]:
    running = client.containers.list(filters={"label": OWNER_LABEL})
    return [each for each in running if each.labels[OWNER_LABEL].startswith(f"{os.getpid()}-")]


def _names(client: docker.DockerClient) -> list[str]:
    return [name.lstrip("/") for each in client.api.containers(all=True) for name in each["Names"]]


def _families(client: docker.DockerClient) -> set[str]:
    """The names without their running number: one for each backend, which may be replacing a container."""
    return {name.rpartition("-")[0] for name in _names(client)}


def _runs(name: str) -> bool:
    """Does a program of this name run in some container?"""
    found = []
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            found.append(
                comm.read_text().strip() == name and "docker" in (comm.parent / "cgroup").read_text()
            )
        except (FileNotFoundError, ProcessLookupError):
            continue
    return any(found)
