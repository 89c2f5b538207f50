"""Every backend passes the shipped suite."""

from __future__ import annotations

import pytest

from sandboxes import SandboxPool
from sandboxes.conformance import Case, problems
from sandboxes.conformance_cases import CASES


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_conforms(case: Case, pool: SandboxPool) -> None:
    assert problems(case, pool) == []
