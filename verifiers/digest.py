"""The digest of a verifier: which code, options and libraries gave a verdict.

A verifier object goes in, twelve hex digits come out. Hashed are the sources of every module of the same
package (and of `sandboxes`) that the verifier's module reaches, the options in force, and the versions of the
other libraries those modules import. Modules are found by reading the import statements as text, so nothing
heavy is loaded; a module or package that is only named in a string (`"verifiers.x.y"`, a program started
elsewhere) counts too, with all it holds.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from verifiers.base import Verifier

OWN_PACKAGES = ("verifiers", "sandboxes")

_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([\w.]+))", re.MULTILINE)


def digest(verifier: Verifier) -> str:
    """Twelve hex digits that change when the verifier's code, options or dependencies change."""
    module = type(verifier).__module__
    sources, libraries = _closure(module, {*OWN_PACKAGES, module.partition(".")[0]})

    content = hashlib.sha256()
    for name in sorted(sources):
        content.update(f"{name}\0{sources[name]}\0".encode())
    content.update(json.dumps(dict(verifier.options()), sort_keys=True).encode())
    for library in sorted(libraries):
        content.update(f"{library}=={_version(library)}\n".encode())
    content.update(f"python=={sys.version_info.major}.{sys.version_info.minor}".encode())
    return content.hexdigest()[:12]


def _closure(module: str, packages: set[str]) -> tuple[dict[str, str], set[str]]:
    """Texts of all own modules reachable from `module`, and names of the foreign libraries they import."""
    named = re.compile(rf'"((?:{"|".join(packages)})(?:\.\w+)+)"')
    texts: dict[str, str] = {}
    libraries: set[str] = set()
    pending = [module]
    while pending:
        name = pending.pop()
        top = name.partition(".")[0]
        if name in texts:
            continue
        if top not in packages:
            libraries |= set() if top in sys.stdlib_module_names else {top}
            continue
        path = _source_file(name)
        if path is None:
            continue
        texts[name] = text = path.read_text(encoding="utf-8")
        pending += [match[1] or match[2] for match in _IMPORT.finditer(text)]
        for found in named.findall(text):
            pending += [found, *_members(found)]
    return texts, libraries


def _source_file(module: str) -> Path | None:
    """The file of a module; None for what is not a module of Python source."""
    try:
        spec = importlib.util.find_spec(module)
    except (ModuleNotFoundError, ValueError):
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def _members(module: str) -> Iterator[str]:
    """The modules of a package; none where it is a plain module."""
    path = _source_file(module)
    if path is not None and path.name == "__init__.py":
        yield from (f"{module}.{member.stem}" for member in path.parent.glob("*.py") if member != path)


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library.replace("_", "-"))
    except importlib.metadata.PackageNotFoundError:
        return "without-metadata"
