"""What the verifiers cost those who only import them."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "ray", "vllm", "sympy", "math_verify", "fastapi", "uvicorn", "transformers", "trl", "numpy"}


@pytest.mark.parametrize(
    "module",
    [
        "verifiers",
        "verifiers.client",
        "verifiers.local_client",
        "verifiers.adapters.trl",
        "verifiers.adapters.verl",
        "verifiers.adapters.openrlhf",
        "verifiers.adapters.nemo_gym",
    ],
)
def test_no_heavy_library_is_loaded(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == ""


def test_importing_the_package_alone_loads_nothing_but_its_own_first_page() -> None:
    code = (
        "import sys; before = set(sys.modules); import verifiers; "
        "print(*sorted(name for name in set(sys.modules) - before if name not in sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert [name for name in done.stdout.split() if "." not in name] == ["verifiers"]
