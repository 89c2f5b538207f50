"""A driver as tests of the session see it: starts Ray, tells what it sees, waits to be told to end.

one JSON line once Ray runs, one more after a SIGINT to the whole process group, then stdin's end
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import psutil
import ray

from rlvr.cluster.session import cluster

AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")
"""Two of Ray's processes that take a minute to notice a killed Ray; they hold nothing of ours."""


@ray.remote(num_cpus=0)
class Parent:
    """An actor with a process of its own, as an engine is."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(["sleep", "600"])

    def child(self) -> int:
        return self._child.pid


def main() -> None:
    interrupts: list[int] = []
    with cluster("local"):
        signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
        parent = Parent.remote()
        child = ray.get(parent.child.remote())
        family = {process.pid: _title(process) for process in psutil.Process().children(recursive=True)}
        _say(
            {
                "family": [pid for pid, title in family.items() if title not in AGENTS],
                "agents": [pid for pid, title in family.items() if title in AGENTS],
                "child": child,
                "nice": os.getpriority(os.PRIO_PROCESS, child),
                "addresses": _listening({os.getpid(), *family}),
            }
        )
        sys.stdin.readline()
        os.killpg(os.getpgrp(), signal.SIGINT)
        _say({"interrupts": len(interrupts), "child": ray.get(parent.child.remote())})
        sys.stdin.read()


def _listening(pids: set[int]) -> list[str]:
    connections = psutil.net_connections("tcp")
    return sorted({c.laddr.ip for c in connections if c.pid in pids and c.status == psutil.CONN_LISTEN})


def _title(process: psutil.Process) -> str:
    return " ".join(process.cmdline()).strip()


def _say(facts: dict[str, object]) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
