"""The import rule, checked on the source: who may import whom, and where heavy libraries live."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FORBIDDEN: dict[str, set[str]] = {
    "sandboxes": {"verifiers", "guru_data", "rlvr"},
    "verifiers": {"guru_data", "rlvr"},
    "guru_data": {"rlvr", "sandboxes"},
    "rlvr": {"sandboxes"},
}
HOMES: dict[str, tuple[str, ...]] = {
    # vLLM's own trainer engine pushes weights into the generators' actors.
    "ray": ("rlvr/cluster/", "rlvr/weights/gpu_transfer.py"),
    "vllm": ("rlvr/engines/vllm_engine.py", "rlvr/weights/"),
    "torch": ("rlvr/learner/", "rlvr/weights/"),
    "fastapi": ("verifiers/service/", "sandboxes/service/", "rlvr/cluster/serve_app.py"),
    "sympy": ("verifiers/math/",),
    "math_verify": ("verifiers/math/",),
    "docker": ("sandboxes/docker_backend.py",),
    "z3": ("guru_data/synthetic/logic/uniqueness.py",),
}
ONE_FILE_ONLY = {("guru_data", "verifiers"): "guru_data/grading.py"}


def imports_of(source: str) -> Iterator[str]:
    """Top-level names of everything a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


def violations(files: dict[str, str]) -> list[str]:
    """What a set of files (path from the root -> source) does against the rule."""
    found = []
    for path, source in files.items():
        package = path.split("/")[0]
        for name in sorted(set(imports_of(source))):
            if name in FORBIDDEN[package]:
                found.append(f"{path} imports {name}: {package} must not")
            if name in HOMES and not path.startswith(HOMES[name]):
                found.append(f"{path} imports {name}, whose home is {HOMES[name]}")
            if ONE_FILE_ONLY.get((package, name), path) != path:
                found.append(f"{path} imports {name}, which only {ONE_FILE_ONLY[package, name]} may")
    return found


def project_files() -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text()
        for package in FORBIDDEN
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def test_the_project_keeps_the_import_rule() -> None:
    files = project_files()
    assert len(files) > 50
    assert violations(files) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        pytest.param("sandboxes/pool.py", "from verifiers import Verdict", id="upwards"),
        pytest.param("rlvr/train.py", "import sandboxes", id="around-the-verifiers"),
        pytest.param("rlvr/train.py", "def f():\n    import torch", id="heavy-library-inside-a-function"),
        pytest.param("guru_data/stream.py", "from verifiers import Grader", id="outside-its-one-file"),
    ],
)
def test_a_planted_violation_is_found(path: str, source: str) -> None:
    assert len(violations({path: source})) == 1


@pytest.mark.parametrize("package", ["verifiers", "sandboxes", "guru_data"])
def test_a_light_package_loads_no_heavy_library(package: str) -> None:
    code = f"import sys, {package}; print(*sorted({{'torch', 'ray', 'vllm', 'sympy'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == ""
