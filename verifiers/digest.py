"""The digest of a verifier: which code, options and libraries gave a verdict.

A verifier object goes in, twelve hex digits come out. Hashed are the sources of every module of the same
package (and of `sandboxes`) that the verifier's module reaches by imports, the options in force, and the
versions of the other libraries those modules import. Imports are read from the syntax tree, so nothing heavy
is loaded to compute it.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import json
import sys
from pathlib import Path

from verifiers.base import Verifier

OWN_PACKAGES = ("verifiers", "sandboxes")


def digest(verifier: Verifier) -> str:
    """Twelve hex digits that change when the verifier's code, options or dependencies change."""
    module = type(verifier).__module__
    packages = {*OWN_PACKAGES, module.partition(".")[0]}
    sources, libraries = _closure(module, packages)

    content = hashlib.sha256()
    for name in sorted(sources):
        content.update(f"{name}\0".encode() + sources[name].read_bytes() + b"\0")
    content.update(json.dumps(dict(verifier.options()), sort_keys=True).encode())
    for library in sorted(libraries):
        content.update(f"{library}=={_version(library)}\n".encode())
    content.update(f"python=={sys.version_info.major}.{sys.version_info.minor}".encode())
    return content.hexdigest()[:12]


def _closure(module: str, packages: set[str]) -> tuple[dict[str, Path], set[str]]:
    """Source files of all own modules reachable from `module`, and the names of the foreign libraries they
    import."""
    sources: dict[str, Path] = {}
    libraries: set[str] = set()
    pending = [module]
    while pending:
        name = pending.pop()
        if name in sources:
            continue
        top = name.partition(".")[0]
        if top not in packages:
            if top not in sys.stdlib_module_names:
                libraries.add(top)
            continue
        path = _source_file(name)
        if path is not None:
            sources[name] = path
            pending += _mentioned_modules(ast.parse(path.read_bytes()), packages)
    return sources, libraries


def _source_file(module: str) -> Path | None:
    """The file of a module; None for what is not a module, such as the `name` in `from module import
    name`."""
    try:
        spec = importlib.util.find_spec(module)
    except (ModuleNotFoundError, ValueError):
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def _mentioned_modules(tree: ast.AST, packages: set[str]) -> list[str]:
    """Modules that a source imports, or starts as a process by naming them in a string
    (`"verifiers.x.y"`)."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            found.append(node.module)
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 100:
            top, dot, rest = node.value.partition(".")
            if dot and top in packages and rest.replace(".", "_").isidentifier():
                found.append(node.value)
    return found


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library.replace("_", "-"))
    except importlib.metadata.PackageNotFoundError:
        return "without-metadata"
