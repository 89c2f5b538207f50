"""The init of a job: runs inside the sandbox, starts the program, enforces its limits, reports.

Its source is given to a bare interpreter (`python -I -S -c`), possibly of another version than ours, so it
uses the standard library alone, and little of that because every import costs each job its time. It speaks
with the supervisor over one socket, whose descriptor is its only argument:

    init -> supervisor   "ready": the sandbox stands (the supervisor reads our pid from the credentials)
    supervisor -> init   8 bytes little-endian length, then the marshalled fields of `Job`
    init -> supervisor   "started", and at the end "ended <how> <code> <cpu_s> <wall_s> <rss_kb> <size>",
                         each a line, then the artifact of that size

`how` is exit, signal, wall, cpu, memory or stopped (the supervisor closed its side, or died). As process 1 of
its pid namespace it cannot be killed from inside, and the kernel ends everything else when it ends.
"""

from __future__ import annotations

import ctypes
import errno
import marshal
import os
import resource
import select
import stat
import sys
import time

from sandboxes.inside import usage

TYPE_CHECKING = False  # without the import of typing
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

# by number, through libc: the signal module would cost every job the import of enum
SIGINT, SIGKILL = 2, 9
SIGNALS = range(1, 32)
DEFAULT, IGNORE = 0, 1
libc = ctypes.CDLL(None, use_errno=True)
libc.signal.restype = ctypes.c_void_p
libc.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)

READY = b"ready\n"
POLL_MS = 30
PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36


class Job:
    """What `sandboxes.job.encode` sends, in its order."""

    def __init__(
        self,
        argv: list[str],
        env: dict[str, str],
        cwd: str,
        files: dict[str, tuple[bytes, int]],
        artifact: str,
        artifact_bytes: int,
        wall_s: float,
        cpu_s: float,
        memory_bytes: int,
        rlimits: dict[int, int],
        disk_bytes: int,
        python_file: str,
    ) -> None:
        """Args:
        memory_bytes: 0 when the kernel holds the memory of the whole job.
        rlimits: by number.
        python_file: run this file by a fork of this interpreter, in its environment, instead of `argv`; empty
            for no.
        """
        self.argv, self.env, self.cwd, self.files = argv, env, cwd, files
        self.artifact, self.artifact_bytes = artifact, artifact_bytes
        self.wall_s, self.cpu_s, self.memory_bytes, self.rlimits = wall_s, cpu_s, memory_bytes, rlimits
        self.disk_bytes, self.python_file = disk_bytes, python_file


def main() -> None:
    """Be the init of one job."""
    control = int(sys.argv[1])
    os.set_inheritable(control, False)
    # the one signal that Python has a handler for and that would so reach process 1
    libc.signal(SIGINT, IGNORE)
    # Not dumpable: the program has our uid and must not open our /proc/1/mem. Subreaper: where we are not
    # process 1, daemons still become our children.
    prctl(PR_SET_DUMPABLE, 0)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    os.write(control, READY)
    job = read_job(control, int.from_bytes(read_exactly(control, 8), "little"))
    enter_folder(job)
    started = time.monotonic()
    program = start(job)
    os.write(control, b"started\n")
    pidfd = open_pidfd(program)
    watched = Watched(pidfd, control, started + job.wall_s, lambda: reap(program), lambda: over(job))
    how, code = watched.to_end()
    wall_s = time.monotonic() - started
    end_everything()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    artifact = b""
    if job.artifact and (how, code) == ("exit", 0):
        artifact = read_artifact(job.artifact, job.artifact_bytes)
    cpu_s = used.ru_utime + used.ru_stime
    write_all(control, ended_line(how, code, cpu_s, wall_s, used.ru_maxrss, len(artifact)) + artifact)


def open_pidfd(program: int) -> int:
    """Readable when it has ended; never readable on a kernel without such descriptors (gVisor), where the
    watch looks now and then."""
    try:
        return os.pidfd_open(program)
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        return os.pipe()[0]


def read_job(control: int, size: int) -> Job:
    return Job(*marshal.loads(read_exactly(control, size)))


def ended_line(how: str, code: int, cpu_s: float, wall_s: float, rss_kb: int, artifact_bytes: int) -> bytes:
    return f"ended {how} {code} {cpu_s:.6f} {wall_s:.6f} {rss_kb} {artifact_bytes}\n".encode()


def enter_folder(job: Job) -> None:
    """Make the program's working directory and go there."""
    try:  # noqa: SIM105 - every import costs each job its time
        os.mkdir(job.cwd)
    except FileExistsError:
        pass
    os.chdir(job.cwd)
    write_files(job.files)


def prctl(option: int, value: int) -> None:
    if libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def read_exactly(fd: int, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = os.read(fd, min(size - len(data), 1 << 20))
        if not chunk:
            raise EOFError(f"{len(data)} of {size} bytes came")
        data += chunk
    return bytes(data)


def write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def write_files(files: dict[str, tuple[bytes, int]]) -> None:
    for name, (content, mode) in files.items():
        if "/" in name:
            os.makedirs(os.path.dirname(name), exist_ok=True)
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        write_all(fd, content)
        os.close(fd)


def start(job: Job) -> int:
    """Fork the program and return its pid once its limits are set; it fails as a shell would (126, 127)."""
    ready, done = os.pipe()
    pid = os.fork()
    if pid == 0:
        limit_program(job)
        os.write(done, b"k")
        execute(job)
    os.close(done)
    if os.read(ready, 1) != b"k":
        raise RuntimeError("the program's process could not be prepared")
    os.close(ready)
    return pid


def limit_program(job: Job) -> None:
    """In the child: own session and limits. Anything raised here is our failure."""
    os.setsid()
    prctl(PR_SET_DUMPABLE, 1)  # else our own /proc files belong to root
    adjustment = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    os.write(adjustment, b"1000")  # when memory runs out the program goes, not its init
    os.close(adjustment)
    for number, limit in job.rlimits.items():
        resource.setrlimit(number, (limit, limit))


def execute(job: Job) -> NoReturn:
    """Become the program; fails as a shell would (126, 127)."""
    for number in SIGNALS:  # whatever our caller ignored
        libc.signal(number, DEFAULT)
    try:
        os.execvpe(job.argv[0], job.argv, job.env)
    except OSError as error:
        os.write(2, f"{job.argv[0]}: {error.strerror}\n".encode())
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


class Watched:
    """A program that runs."""

    def __init__(
        self, pidfd: int, control: int, ends: float, reap: Callable[[], int | None], over: Callable[[], str]
    ) -> None:
        """Args:
        pidfd: readable when it has ended.
        control: readable when the supervisor says stop.
        ends: its deadline on the monotonic clock.
        reap: its wait status once it has ended.
        over: the limit that has been passed, `cpu` or `memory`; empty for none.
        """
        self._pidfd, self._control, self._ends = pidfd, control, ends
        self._reap, self._over = reap, over

    def to_end(self) -> tuple[str, int]:
        """Wait until it ends, passes a limit, or the supervisor says stop; returns how, and a code."""
        poller = select.poll()
        poller.register(self._pidfd, select.POLLIN)
        poller.register(self._control, select.POLLIN)
        while True:
            left_s = self._ends - time.monotonic()
            ready = dict(poller.poll(max(0, min(POLL_MS, left_s * 1000))))
            status = self._reap()
            if status is not None:
                if os.WIFSIGNALED(status):
                    return "signal", os.WTERMSIG(status)
                return "exit", os.WEXITSTATUS(status)
            how = "stopped" if self._control in ready else "wall" if left_s <= 0 else self._over()
            if how:
                return how, 0


def over(job: Job) -> str:
    pids = usage.others()
    if usage.cpu_ended_s() + usage.cpu_living_s(pids) > job.cpu_s:
        return "cpu"
    return "memory" if job.memory_bytes and usage.memory_over(pids, job.memory_bytes) else ""


def reap(program: int) -> int | None:
    """Collect what has ended; returns the program's wait status once it is among that."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == program:
            found = status


def end_everything() -> None:
    """Kill and reap the rest, so that its CPU time is counted too."""
    while True:
        # -1 is everything but us where we are process 1, and far too much where we are not
        for pid in [-1] if os.getpid() == 1 else map(int, usage.others()):
            try:
                os.kill(pid, SIGKILL)
            except ProcessLookupError:
                continue
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def read_artifact(name: str, max_bytes: int, folder: int | None = None) -> bytes:
    """What the compiler left, by default in the working directory; a program may have put anything there, so
    only a plain, not too large file counts."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return b""
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode) or info.st_size > max_bytes:
            return b""
        return read_exactly(fd, info.st_size)
    finally:
        os.close(fd)
