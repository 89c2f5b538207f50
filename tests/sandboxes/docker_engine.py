"""A Docker engine of the tests' own: started here, given an image, stopped here with nothing left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import docker
import docker.errors

ROOTFS = Path(__file__).parents[2] / "deploy" / "sandbox" / "rootfs.py"
WITHOUT_NETWORK = (
    "--iptables=false",
    "--ip6tables=false",
    "--bridge=none",
    "--ip-forward=false",
    "--ip-masq=false",
)
START_S, STOP_S, IMPORT_S = 30.0, 30.0, 120.0


class DockerEngine:
    """A dockerd with all its state in `folder`, whose path must be short: sockets lie in there."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.host = f"unix://{folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        folder = Path(self.folder)
        command = [
            "dockerd", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "-H", self.host,
            "--pidfile", f"{folder}/pid", *WITHOUT_NETWORK,
        ]  # fmt: skip
        # an engine that crashed took its containerd along, which may not have been reaped and so look alive
        (folder / "exec/containerd/containerd.pid").unlink(missing_ok=True)
        with open(folder / "log", "ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_S
        while not self._answers():
            said = (folder / "log").read_text()[-2000:]
            assert self._process.poll() is None, f"dockerd ended: {said}"
            assert time.monotonic() < deadline, f"dockerd does not answer: {said}"
            time.sleep(0.05)

    def kill(self) -> None:
        """As a crash ends it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it, its containers, and what it has mounted."""
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._kill_shims()
        for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            point = line.split()[1]
            if point.startswith(f"{self.folder}/"):
                subprocess.run(["umount", "--lazy", point], check=False)

    def _kill_shims(self) -> None:
        """What watches containers outlives an engine that was killed and not started again."""
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(FileNotFoundError, ProcessLookupError):
                if f"\0-address\0{self.folder}/".encode() in command.read_bytes():
                    os.kill(int(command.parent.name), signal.SIGKILL)

    def client(self) -> docker.DockerClient:
        return docker.DockerClient(self.host)

    def import_image(self, name: str, *packages: str) -> None:
        """Make an image of the packages, and what they depend on, as they are installed on this machine."""
        made = subprocess.Popen([sys.executable, ROOTFS, *packages], stdout=subprocess.PIPE)
        with made, closing(self.client()) as client:
            client.api.timeout = IMPORT_S
            client.api.import_image_from_stream(made.stdout, repository=name, tag="latest")
        assert made.returncode == 0

    def _answers(self) -> bool:
        with suppress(docker.errors.DockerException, OSError), closing(self.client()) as client:
            return bool(client.ping())
        return False


@contextmanager
def private_engine() -> Iterator[DockerEngine]:
    folder = Path(tempfile.mkdtemp(prefix="dk-"))
    engine = DockerEngine(folder)
    try:
        engine.start()
        yield engine
    finally:
        engine.stop()
        shutil.rmtree(folder)
