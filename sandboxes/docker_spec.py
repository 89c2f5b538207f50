"""A hardened container as the Docker engine is asked for it: all of its isolation, in one place to audit.

    ContainerSpec -> the body of the engine's "create container" request

No network, a read-only root, no capabilities, no new privileges, our own system call filter, memory without
swap, a bounded number of processes, one processor, an unprivileged uid, a private /tmp and /dev/shm of
limited size, and the one directory through which its first process fetches its descriptors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandboxes.docker_seccomp import profile

NOBODY = 65534
DOOR_INSIDE = "/sandbox"
OWNER_LABEL = "rlvr.sandbox.owner"
HIDDEN: tuple[str, ...] = ("/sys", "/dev/mqueue")
"""Nothing in there is a program's business, and message queues would outlive a job in a warm container."""
MASKED: tuple[str, ...] = (
    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/scsi",
    "/proc/sched_debug", "/proc/timer_list", "/proc/timer_stats",
)  # fmt: skip
READ_ONLY: tuple[str, ...] = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
CPUS = 1


@dataclass(frozen=True)
class ContainerSpec:
    """One container."""

    image: str
    command: tuple[str, ...]
    owner: str
    memory_mb: int
    pids: int
    """Its first process included."""
    disk_mb: int
    makes_namespaces: bool
    """It keeps a zygote, which makes namespaces for its jobs; else it is one program's sandbox itself."""
    runtime: str = ""
    apparmor: bool = False
    """AppArmor is active in the engine; its profile for containers forbids the mounts of a zygote."""

    def body(self, door: str) -> Mapping[str, object]:
        """The request, as the engine's API (1.41) names things.

        Args:
            door: the directory of this machine with the socket through which its descriptors come.
        """
        return {
            "Image": self.image,
            "Entrypoint": [],
            "Cmd": list(self.command),
            "User": f"{NOBODY}:{NOBODY}",
            "WorkingDir": "/",
            "NetworkDisabled": True,
            "Labels": {OWNER_LABEL: self.owner},
            "HostConfig": {**self._privileges(), **self._limits(), **self._file_system(door)},
        }

    def _privileges(self) -> Mapping[str, object]:
        options = ["no-new-privileges", f"seccomp={profile(makes_namespaces=self.makes_namespaces)}"]
        if self.makes_namespaces and self.apparmor:
            options.append("apparmor=unconfined")
        return {
            "CapDrop": ["ALL"],
            "SecurityOpt": options,
            "NetworkMode": "none",
            "IpcMode": "private",
            "Init": False,
            "Runtime": self.runtime,
            "AutoRemove": True,
            "LogConfig": {"Type": "none"},
            # a new /proc may only be mounted where nothing of the present one is hidden, and replaces it
            "MaskedPaths": HIDDEN if self.makes_namespaces else HIDDEN + MASKED,
            "ReadonlyPaths": [] if self.makes_namespaces else READ_ONLY,
        }

    def _limits(self) -> Mapping[str, object]:
        return {
            **memory_limit(self.memory_mb),
            "PidsLimit": self.pids,
            "NanoCpus": CPUS * 10**9,
        }

    def _file_system(self, door: str) -> Mapping[str, object]:
        return {
            "ReadonlyRootfs": True,
            "Tmpfs": {"/tmp": f"rw,exec,nosuid,nodev,mode=1777,size={self.disk_mb << 20}"},
            "ShmSize": self.disk_mb << 20,
            "Mounts": [{"Type": "bind", "Source": door, "Target": DOOR_INSIDE, "ReadOnly": True}],
        }


def memory_limit(memory_mb: int) -> Mapping[str, object]:
    """The memory of a container, swap included; also what changes it later."""
    return {"Memory": memory_mb << 20, "MemorySwap": memory_mb << 20}
