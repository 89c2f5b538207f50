"""The filter does what its source says, shown by running it as the kernel would."""

from __future__ import annotations

import struct

import pytest

from sandboxes.seccomp import (
    ALLOW,
    AUDIT_ARCH_X86_64,
    DENIED_X86_64,
    KILL_PROCESS,
    REFUSE,
    UNKNOWN,
    filter_program,
    zygote_filters,
)

AUDIT_ARCH_I386 = 0x40000003


def verdict(
    number: int, first_argument: int = 0, arch: int = AUDIT_ARCH_X86_64, program: bytes | None = None
) -> int:
    """Interpret a classic BPF program, by default the whole filter, on one system call."""
    program = filter_program("x86_64") if program is None else program
    call = struct.pack("=IIQQ", number, arch, 0, first_argument)
    instructions = list(struct.iter_unpack("=HBBI", program))
    at, accumulator = 0, 0
    while True:
        code, if_true, if_false, value = instructions[at]
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            accumulator = struct.unpack_from("=I", call, value)[0]
            continue
        tests = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: accumulator & value != 0}
        at += if_true if tests[code] else if_false


def test_every_listed_call_is_refused() -> None:
    assert {name for name, number in DENIED_X86_64.items() if verdict(number) != REFUSE} == set()


@pytest.mark.parametrize("number", [0, 1, 9, 57, 59, 60, 202, 231, 257])
def test_ordinary_calls_pass(number: int) -> None:
    assert verdict(number) == ALLOW


@pytest.mark.parametrize(
    ("number", "first_argument", "expected"),
    [
        pytest.param(56, 0x01200011, ALLOW, id="fork"),
        pytest.param(56, 0x003D0F00, ALLOW, id="thread"),
        pytest.param(56, 0x10000011, REFUSE, id="clone-with-user-namespace"),
        pytest.param(56, 0x00020011, REFUSE, id="clone-with-mount-namespace"),
        pytest.param(435, 0, UNKNOWN, id="clone3-falls-back-to-clone"),
        pytest.param(41, 1, ALLOW, id="unix-socket"),
        pytest.param(41, 2, ALLOW, id="inet-socket"),
        pytest.param(41, 40, REFUSE, id="vsock-reaches-the-hypervisor"),
        pytest.param(41, 38, REFUSE, id="crypto-socket"),
        pytest.param(53, 1, ALLOW, id="socketpair"),
        pytest.param(302, 0, ALLOW, id="own-limits"),
        pytest.param(302, 1, REFUSE, id="limits-of-the-init"),
        pytest.param(0x40000000 | 39, 0, KILL_PROCESS, id="x32-call"),
    ],
)
def test_calls_are_judged_by_their_first_argument(number: int, first_argument: int, expected: int) -> None:
    assert verdict(number, first_argument) == expected


def test_calls_of_another_architecture_end_the_process() -> None:
    assert verdict(20, arch=AUDIT_ARCH_I386) == KILL_PROCESS


def test_a_machine_without_a_table_has_no_filter() -> None:
    assert filter_program("riscv64") == b""


@pytest.mark.parametrize("arch", [AUDIT_ARCH_X86_64, AUDIT_ARCH_I386])
@pytest.mark.parametrize("first_argument", [0, 1, 40, 0x10000011])
def test_the_two_filters_of_a_zygote_hold_together_what_the_whole_one_holds(
    arch: int, first_argument: int
) -> None:
    parts = zygote_filters("x86_64")
    for number in [*range(512), 0x40000001]:
        verdicts = {verdict(number, first_argument, arch, part) for part in parts}
        # the kernel takes the most restrictive: kill before refuse before allow
        strongest = next(v for v in (KILL_PROCESS, UNKNOWN, REFUSE, ALLOW) if v in verdicts)
        assert strongest == verdict(number, first_argument, arch)


def test_a_zygote_may_make_namespaces_and_mounts_and_nothing_else_that_programs_may_not() -> None:
    own, _ = zygote_filters("x86_64")
    passed = {name for name, number in DENIED_X86_64.items() if verdict(number, program=own) == ALLOW}
    assert passed == {"mount", "unshare", "setns"}
