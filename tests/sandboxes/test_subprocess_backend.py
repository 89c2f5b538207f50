"""The backend that is no boundary: refuses by default, else runs ordinary programs as the others do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandboxes import SandboxPool, open_backend
from sandboxes.conformance import Case, problems
from sandboxes.conformance_cases import CASES
from sandboxes.errors import UnknownBackendError, UnsafeBackendError


@pytest.fixture(scope="module")
def unsafe_pool() -> Iterator[SandboxPool]:
    with SandboxPool.open("subprocess", allow_unsafe=True) as opened:
        yield opened


@pytest.mark.parametrize("case", [case for case in CASES if not case.needs_boundary], ids=str)
def test_ordinary_programs_run_as_in_a_sandbox(case: Case, unsafe_pool: SandboxPool) -> None:
    assert problems(case, unsafe_pool) == []


def test_it_refuses_unless_the_caller_accepts_that_it_is_no_boundary() -> None:
    with pytest.raises(UnsafeBackendError, match="allow_unsafe"):
        open_backend("subprocess")


def test_a_backend_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(UnknownBackendError, match="auto, zygote"):
        open_backend("firecracker")
    with pytest.raises(UnknownBackendError, match="no_such_module"):
        open_backend("no_such_module:Backend")
