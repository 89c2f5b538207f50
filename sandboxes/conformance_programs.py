"""The programs of the conformance suite: each prints ESCAPE when it gets where it must not.

Written to be harmless even where they are not contained: they look, try and print, and leave nothing behind
but the processes that the suite then looks for.
"""

from __future__ import annotations

FILES = """
import os
for path in ("/etc/shadow", "/etc/passwd", "/root", "/home", "/proc/1/environ", "/proc/1/mem", "/proc/kcore",
             "/sys", "/var", "/run", "/proc/1/root/etc", "/proc/1/fd"):
    try:
        found = os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
    except OSError:
        continue
    if not found or path in ("/root", "/home", "/var") and len(found) <= 1:
        continue  # hidden by something empty, or at most the way to the interpreter
    print("ESCAPE: read", path, found)
print("done")
"""

WRITES = """
import os
for folder in ("/", "/etc", "/usr", "/usr/lib", "/usr/local/bin", "/bin", "/dev", "/dev/mqueue",
               "/proc/sys/kernel", "/var", "/home", "/root", os.path.dirname(os.__file__)):
    path = os.path.join(folder, "sandbox_mark")
    try:
        open(path, "w").close()
        print("ESCAPE: wrote", path)
        os.unlink(path)
    except OSError:
        pass
print("done")
"""

PROCESSES = """
import os
pids = [name for name in os.listdir("/proc") if name.isdigit()]
print("ESCAPE: sees" if len(pids) > 4 else "sees few", pids if len(pids) > 4 else "")
"""

NETWORK = """
import socket
names = {line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line}
print("ESCAPE: interfaces" if names - {"lo"} else "done", names - {"lo"} or "")
for address in (("1.1.1.1", 53), ("169.254.169.254", 80), ("10.0.0.1", 80)):
    try:
        socket.create_connection(address, 0.3)
        print("ESCAPE: connected to", address)
    except OSError:
        pass
for family in (16, 17, 38, 40):  # netlink, packet, alg, vsock
    try:
        socket.socket(family, socket.SOCK_RAW)
        print("ESCAPE: socket family", family)
    except OSError:
        pass
"""

PRIVILEGES = """
import os
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
if any(int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")):
    print("ESCAPE: capabilities")
if status["NoNewPrivs"].strip() != "1":
    print("ESCAPE: may gain privileges")
for change in (os.setuid, os.setgid):
    try:
        change(0)
        print("ESCAPE:", change.__name__)
    except OSError:
        pass
print("done")
"""

SYSTEM_CALLS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
NEW_USER, NEW_MOUNTS = 0x10000000, 0x20000
tries = {
    "mount": lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    "unshare user": lambda: libc.unshare(NEW_USER),
    "unshare mounts": lambda: libc.unshare(NEW_MOUNTS),
    "ptrace": lambda: libc.ptrace(0, 0, None, None),
    "chroot": lambda: libc.chroot(b"/tmp"),
    "sethostname": lambda: libc.sethostname(b"x", 1),
    "setns": lambda: libc.setns(os.open("/proc/self/ns/net", os.O_RDONLY), 0),
    "prlimit of init": lambda: libc.prlimit(1, 0, ctypes.create_string_buffer(16), None),
    "shmget": lambda: libc.shmget(0, 4096, 0o1600),
    "memfd_create": lambda: libc.memfd_create(b"x", 0),
}
for name, call in tries.items():
    if call() >= 0:
        print("ESCAPE:", name)
print("done")
"""

DEVICES = """
import os
known = "null zero full random urandom tty console shm mqueue pts ptmx core fd stdin stdout stderr"
extra = set(os.listdir("/dev")) - set(known.split())
print("ESCAPE: devices" if extra else "done", extra or "")
try:
    os.mknod("/tmp/node", 0o60600, os.makedev(8, 0))
    print("ESCAPE: made a block device")
except OSError:
    pass
"""

ENVIRONMENT = """
import os
known = {"HOME", "LANG", "LC_CTYPE", "PATH", "PYTHONHASHSEED", "PWD", "TMPDIR", "TZ", "USER"}
extra = set(os.environ) - known
print("ESCAPE: environment" if extra else "done", extra or "")
"""

DESCRIPTORS = """
import os
open_now = []
for fd in range(3, 256):
    try:
        os.fstat(fd)
        open_now.append(fd)
    except OSError:
        pass
print("ESCAPE: descriptors" if open_now else "done", open_now or "")
"""

SIGNALS = """
import os, signal
for pid in (-1, 1, 0, os.getppid()):
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        if pid == 0:
            number = 0  # our own group: only whether it may be asked
        try:
            os.kill(pid, number)
        except OSError:
            pass
print("still here")
"""

DAEMON = """
import os, sys, time
token = sys.stdin.read()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv("/bin/sh", ["survivor-" + token, "-c", "trap '' TERM HUP INT; while :; do sleep 1; done"])
    os._exit(0)
os.wait()
print("parent ends")
"""

POISON = """
import os
for folder in ("/tmp", "/dev/shm", "."):
    path = os.path.join(folder, "left_behind")
    if os.path.exists(path):
        print("ESCAPE: found what another job left in", folder)
    open(path, "w").close()
for name in ("json.py", "main.py", "site.py", "os.py"):
    open(name, "w").write("print('ESCAPE: planted module was run')")
print("done")
"""

ODD_FILES = """
import os
for target in ("/etc/passwd", "/", "/proc/self/environ", "/dev/zero"):
    os.symlink(target, "link" + str(len(os.listdir())))
for name in (b"\\xff\\xfe", b"-rf", b"a\\nb", b" "):
    open(name, "w").close()
os.mkfifo("fifo")
path = "."
for _ in range(200):
    path += "/d"
    os.mkdir(path)
os.chmod(".", 0)
print("done")
"""

FORKS = """
import os, time
made = 0
try:
    while made < 500:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
    print("ESCAPE: 500 processes")
except OSError:
    print("stopped")
"""

THREADS = """
import threading, time
made = 0
try:
    while made < 500:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        made += 1
    print("ESCAPE: 500 threads")
except RuntimeError:
    print("stopped")
"""

DISK = """
import os
for folder in ("/tmp", "/dev/shm"):
    written = 0
    try:
        while written < 200:
            with open("%s/f%d" % (folder, written), "wb") as file:
                file.write(b"x" * (1 << 20))
            written += 1
        print("ESCAPE: wrote 200 MB to", folder)
    except OSError:
        print("stopped")
"""

CHILDREN_MEMORY = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        block = bytearray(48 << 20)
        for at in range(0, len(block), 4096):
            block[at] = 1
        time.sleep(20)
        os._exit(0)
time.sleep(20)
"""

CHILDREN_TIME = """
import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(4):
    if os.fork() == 0:
        while True:
            pass
signal.pause()
"""

MULTIPROCESSING = """
from multiprocessing import Pool
def square(number):
    return number * number
if __name__ == "__main__":
    with Pool(2) as pool:
        print(sum(pool.map(square, range(10))))
"""
