#!/usr/bin/env python3
"""Make the sandbox image's root file system from the Debian packages installed on this machine, offline.

    deploy/sandbox/rootfs.py | docker import - rlvr-sandbox

Packages and what they depend on -> the files dpkg knows of, less documentation -> a tar on stdout. Nothing of
/etc goes along but the linker's cache and /etc/alternatives, no /var, no /run, no users: a program finds in
there what it runs with and nothing to read. Uses the standard library alone; any user may run it.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

PACKAGES = (
    "python3", "g++", "nodejs", "bash", "dash", "coreutils", "diffutils", "findutils", "grep", "mawk", "sed",
    "tzdata",
)  # fmt: skip
LEFT_OUT = {
    "ca-certificates", "debconf", "dpkg", "init-system-helpers", "install-info", "openssl", "perl-base",
}  # fmt: skip
"""Dependencies of installing, or of serving, not of running a program."""
NOT_NEEDED = re.compile(
    r"^/(etc|var|run|boot|home|root|media|mnt|opt|srv|dev|proc|sys|tmp)(/|$)"
    r"|^/usr/share/(?!gcc|zoneinfo|python3|mawk)[^/]+/"  # documentation, locales, completions, icons
    r"|^/usr/(include/node|lib/node_modules|lib/valgrind)(/|$)"
    r"|^/usr/lib/python3[^/]*/(test|idlelib|lib2to3|ensurepip|pydoc_data)(/|$)"
    r"|/(cc1|lto1|gprofng|gp-[a-z-]+)$|gprofng/|lto-dump|ld\.gold$|-dwp$"
    r"|/lib(asan|tsan|lsan|ubsan|hwasan)[^/]*$"
    r"|^/usr/bin/(npm|npx|corepack)$"
)
"""Matched against paths; also the C compiler and link-time optimisation, which compiling C++ does without."""
ETC = ("/etc/ld.so.cache",)
ALTERNATIVES = Path("/etc/alternatives")
ALTERNATIVE_RECORDS = Path("/var/lib/dpkg/alternatives")
TOP_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
NEW_FOLDERS = {"dev": 0o755, "proc": 0o555, "sys": 0o555, "tmp": 0o1777}
"""/tmp must be open to all in the image: a tmpfs mounted over it gets the mode of what it hides."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a root file system for the sandbox image to stdout.")
    parser.add_argument("packages", nargs="*", default=PACKAGES, help="with what they depend on")
    packages = closure(parser.parse_args().packages, installed())
    files = files_of(packages)
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
        for name, mode in NEW_FOLDERS.items():
            add_folder(tar, name, mode)
        for path in sorted(files | links(files)):
            tar.add(path, arcname=path.lstrip("/"), recursive=False, filter=owned_by_root)
    print(f"{len(packages)} packages, {len(files)} files", file=sys.stderr)


def installed() -> dict[str, str]:
    """Package, or a name that a package provides -> 'package<TAB>dependencies', of what is installed."""
    wanted = "${db:Status-Status}\t${Package}\t${Provides}\t${Pre-Depends}, ${Depends}\n"
    listed = subprocess.run(["dpkg-query", "-W", "-f", wanted], capture_output=True, text=True, check=True)
    lines = [line.split("\t") for line in listed.stdout.splitlines() if line.startswith("installed\t")]
    found = {}
    for _, package, provides, depends in lines:
        for name in plain_names(provides):
            found[name] = f"{package}\t{depends}"
    return found | {package: f"{package}\t{depends}" for _, package, _, depends in lines}


def closure(wanted: Iterable[str], known: Mapping[str, str]) -> set[str]:
    """The packages and all they depend on; of alternatives the first that is installed."""
    missing = [name for name in wanted if name not in known]
    if missing:
        sys.exit(f"not installed: {' '.join(missing)}; apt-get install {' '.join(missing)}")
    found: set[str] = set()
    waiting = list(wanted)
    while waiting:
        package, _, depends = known[waiting.pop()].partition("\t")
        if package in found or package in LEFT_OUT:
            continue
        found.add(package)
        for alternatives in depends.split(","):
            waiting += [name for name in plain_names(alternatives, "|") if name in known][:1]
    return found


def plain_names(text: str, separator: str = ",") -> list[str]:
    """Names without versions and architectures, from 'a (>= 1), b:any'."""
    return [re.split(r"[ (:]", part.strip())[0] for part in text.split(separator) if part.strip()]


def files_of(packages: Iterable[str]) -> set[str]:
    """The packages' files and folders as they lie on this machine, with the compiled form of Python files."""
    listed = subprocess.run(["dpkg", "-L", *packages], capture_output=True, text=True, check=True).stdout
    found = set()
    for line in listed.splitlines():
        if not line.startswith("/") or line == "/.":
            continue
        path = in_real_folder(line)
        if NOT_NEEDED.search(path) or path in TOP_FOLDERS or not os.path.lexists(path):
            continue
        found.add(path)
        if path.endswith(".py"):
            cache = Path(path).parent / "__pycache__"
            found |= {str(compiled) for compiled in cache.glob(f"{Path(path).stem}.cpython-*.pyc")}
    return found | {str(folder) for path in found for folder in Path(path).parents if str(folder) != "/"}


def in_real_folder(path: str) -> str:
    """Where the file itself lies: /usr/bin/sh for /bin/sh; the last part may be a link."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def links(files: set[str]) -> set[str]:
    """What no package lists: the links of a merged /usr, the linker's cache, alternatives that are there."""
    found = {path for path in (*TOP_FOLDERS, *ETC) if os.path.lexists(path)} | {"/etc"}
    for choice in ALTERNATIVES.iterdir():
        record = ALTERNATIVE_RECORDS / choice.name
        if record.exists() and os.path.realpath(choice) in files:
            found |= {str(ALTERNATIVES), str(choice), in_real_folder(record.read_text().splitlines()[1])}
    return found


def add_folder(tar: tarfile.TarFile, name: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    tar.addfile(entry, BytesIO())


def owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """No owners of this machine, and no set-user-id programs."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode &= 0o777
    return entry


if __name__ == "__main__":
    main()
