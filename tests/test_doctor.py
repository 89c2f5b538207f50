"""The doctor: this machine is fit to run the tests, and each fault would come with its fix."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from rich.console import Console

from rlvr.cli.doctor import findings_table
from rlvr.doctor import Check, can_train, compare_with_pin

FINE = Check("ray", True, "ray 2.60.0")
FAULT = Check("vllm", False, "not installed", "make install")
MISSING = Check("sandboxed cpp", False, "no g++", "apt-get install g++", needed=False)


def test_this_machine_can_train_and_the_sandboxes_were_asked() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "rlvr", "doctor", "--json"], capture_output=True, text=True, timeout=120
    )
    checks = {found["name"]: found for found in json.loads(told.stdout)}
    assert told.returncode == 0, [found for found in checks.values() if not found["ok"]]
    assert {"torch", "vllm", "ray", "memory", "/dev/shm", "ports", "isolation", "verifier math"} <= set(
        checks
    )


@pytest.mark.parametrize(
    ("checks", "fit"),
    [([FINE], True), ([FINE, MISSING], True), ([FINE, FAULT], False)],
    ids=["all-well", "an-optional-tool-is-missing", "a-needed-part-is-missing"],
)
def test_only_what_is_needed_decides(checks: list[Check], fit: bool) -> None:
    assert can_train(checks) is fit


def test_a_package_that_is_not_installed_or_of_another_version_is_a_fault() -> None:
    missing = compare_with_pin("vllm", "no-such-distribution")
    assert (missing.ok, missing.detail) == (False, "not installed, needs ==0.32.0")
    assert not compare_with_pin("vllm", "ray").ok
    assert compare_with_pin("ray", "ray").ok


def test_a_fix_stands_beside_its_fault_and_what_was_found_is_no_markup() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(findings_table([FINE, FAULT, Check("odd", False, "[red]raw[/]", "mend [it]")]))
    shown = console.export_text()
    assert "fix: make install" in shown
    assert "[red]raw[/]" in shown
    assert "mend [it]" in shown
