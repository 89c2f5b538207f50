"""What the docker backend is made of, where no engine is needed."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from sandboxes import docker_spec
from sandboxes.cgroups import V2
from sandboxes.docker_cgroup import ContainerCgroup
from sandboxes.docker_door import NAME, Door
from sandboxes.docker_owner import is_alive, new_mark
from sandboxes.docker_seccomp import profile
from sandboxes.seccomp import DENIED_X86_64, ZYGOTE_NEEDS
from sandboxes.types import Limits

ROOTFS = Path(__file__).parents[2] / "deploy" / "sandbox" / "rootfs.py"
SPEC = docker_spec.ContainerSpec(
    image="image", command=("true",), owner="1-1-x", memory_mb=64, pids=8, disk_mb=16, makes_namespaces=False
)


@pytest.fixture(scope="module")
def rootfs() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("rootfs", ROOTFS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_container_has_no_privileges_and_no_network() -> None:
    host = SPEC.body("/door")["HostConfig"]
    assert isinstance(host, dict)
    assert (host["CapDrop"], host["NetworkMode"], host["ReadonlyRootfs"]) == (["ALL"], "none", True)
    assert "no-new-privileges" in host["SecurityOpt"]
    assert host["Memory"] == host["MemorySwap"] == 64 << 20
    assert [mount["ReadOnly"] for mount in host["Mounts"]] == [True]


def test_the_engines_filter_refuses_what_ours_refuses() -> None:
    refused = {
        name for rule in json.loads(profile(makes_namespaces=False))["syscalls"] for name in rule["names"]
    }
    assert refused == {*DENIED_X86_64, "clone", "clone3", "prlimit64", "socket", "socketpair"}
    with_zygote = json.loads(profile(makes_namespaces=True))["syscalls"]
    allowed = refused - {name for rule in with_zygote for name in rule["names"]}
    assert allowed == {*ZYGOTE_NEEDS, "clone"}


def test_a_door_lets_one_process_in_and_is_gone() -> None:
    async def visit() -> tuple[int, Path]:
        door = Door(new_mark())
        try:
            with socket.socket(socket.AF_UNIX) as visitor:
                visitor.connect(os.fspath(door.shown / NAME))
                connection, pid = await door.let_in()
                connection.close()
        finally:
            door.close()
        return pid, door.shown.parent

    pid, folder = asyncio.run(visit())
    assert pid == os.getpid()
    assert not folder.exists()


def test_others_cannot_come_near_a_door() -> None:
    door = Door(new_mark())
    try:
        assert door.shown.parent.stat().st_mode & 0o077 == 0
    finally:
        door.close()


def test_a_mark_is_alive_as_long_as_its_process() -> None:
    make = "from sandboxes.docker_owner import new_mark; print(new_mark())"
    done = subprocess.run([sys.executable, "-c", make], capture_output=True, text=True, check=True)
    assert is_alive(new_mark())
    assert not is_alive(done.stdout.strip())


def test_a_mark_whose_pid_was_given_again_is_dead() -> None:
    assert not is_alive(f"{os.getpid()}-1-token")


def test_counts_go_on_from_where_the_job_began_and_stay_when_the_group_goes(tmp_path: Path) -> None:
    (tmp_path / V2.oom_events).write_text("oom 9\noom_kill 2\n")
    (tmp_path / V2.cpu_usage).write_text("usage_usec 1000000\n")
    group = ContainerCgroup(V2, {"memory": tmp_path, "cpuacct": tmp_path})
    group.begin(Limits())
    (tmp_path / V2.oom_events).write_text("oom 9\noom_kill 3\n")
    (tmp_path / V2.cpu_usage).write_text("usage_usec 1500000\n")
    assert (group.oom_kills(), group.cpu_s()) == (1, 0.5)
    for path in tmp_path.iterdir():
        path.unlink()
    assert (group.oom_kills(), group.cpu_s()) == (1, 0.5)


def test_of_alternative_packages_the_first_that_is_installed_is_taken(rootfs: ModuleType) -> None:
    known = {
        "app": "app\tlib-a (>= 1) | lib-b, virtual, dpkg, absent",
        "lib-b": "lib-b\t",
        "virtual": "provider\tlib-b:any",
        "dpkg": "dpkg\t",
    }
    assert rootfs.closure(["app"], known) == {"app", "lib-b", "provider"}


def test_a_package_that_is_not_installed_is_named(rootfs: ModuleType) -> None:
    with pytest.raises(SystemExit, match="apt-get install fortran"):
        rootfs.closure(["fortran"], {})


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/root/.ssh", "/usr/share/doc/x", "/usr/lib/python3.11/test/a.py", "/var/lib"]
)
def test_what_programs_need_not_see_stays_out_of_the_image(rootfs: ModuleType, path: str) -> None:
    assert rootfs.NOT_NEEDED.search(path)


@pytest.mark.parametrize("path", ["/usr/bin/python3", "/usr/lib/gcc/x/12/cc1plus", "/usr/share/zoneinfo/UTC"])
def test_what_programs_run_with_goes_into_the_image(rootfs: ModuleType, path: str) -> None:
    assert not rootfs.NOT_NEEDED.search(path)
