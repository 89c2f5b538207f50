"""The cases of the conformance suite: ordinary programs, languages, limits, containment."""

from __future__ import annotations

from collections.abc import Callable

from sandboxes import conformance_programs as programs
from sandboxes.conformance import QUICK, Case
from sandboxes.types import ExecutionRequest, ExecutionResult, Limits, Outcome

MEGABYTE = 1 << 20


def _python(name: str, source: str, *, outcome: Outcome = Outcome.OK, **rest: object) -> Case:
    """A case in Python; `rest` are fields of the request, of `QUICK`, or of the case."""
    limits = QUICK.model_copy(update={key: rest.pop(key) for key in list(rest) if key in Limits.model_fields})
    fields = {key: rest.pop(key) for key in list(rest) if key in ExecutionRequest.model_fields}
    request = ExecutionRequest.model_validate(
        {"language": "python", "source": source, "limits": limits, **fields}
    )
    return Case(name, request, outcome, **rest)  # type: ignore[arg-type]


def _in(language: str, source: str) -> ExecutionRequest:
    return ExecutionRequest(language=language, source=source, limits=QUICK)


def _cap_is_kept(result: ExecutionResult) -> str:
    kept = max(len(result.stdout), len(result.stderr))
    truncated = result.stdout_truncated or result.stderr_truncated
    return "" if truncated and kept == MEGABYTE else f"kept {kept} bytes, truncated {truncated}"


def _ended_by(signal: int | None, exit_code: int | None = None) -> Callable[[ExecutionResult], str]:
    def look(result: ExecutionResult) -> str:
        seen = (result.signal, result.exit_code)
        return "" if seen == (signal, exit_code) else f"ended by signal, code {seen}"

    return look


def _used_time(result: ExecutionResult) -> str:
    return "" if result.cpu_s >= 0.3 else f"only {result.cpu_s} s of CPU time were counted"


ECHO = "import sys; print(sys.stdin.read().upper())"
ORDINARY: tuple[Case, ...] = tuple(
    _python(name, source, needs_boundary=False, **rest)
    for name, source, rest in (
        ("stdin-to-stdout", ECHO, {"stdin": "héllo", "stdout": "HÉLLO"}),
        (
            "exit-code",
            "exit(3)",
            {"outcome": Outcome.RUNTIME_ERROR, "look": _ended_by(None, 3), "stdout": ""},
        ),
        ("traceback", "1 / 0", {"outcome": Outcome.RUNTIME_ERROR, "stdout": ""}),
        (
            "abort-is-a-signal-as-everywhere",
            "import os; os.abort()",
            {"outcome": Outcome.RUNTIME_ERROR, "look": _ended_by(6), "stdout": ""},
        ),
        ("unicode-and-nul", "print('é\\0漢', end='')", {"stdout": "é\0漢"}),
        ("bytes-that-are-no-text", "import os; os.write(1, b'a\\xffb')", {"stdout": "a\ufffdb"}),
        ("two-megabytes", "print('x' * (1 << 21))", {"stdout": "x" * (1 << 21)}),
        ("stdin-not-read", "print('done')", {"stdin": "x" * (8 << 20)}),
        ("stdin-closed-early", "import os; os.close(0); print('done')", {"stdin": "x" * MEGABYTE}),
        (
            "files-beside-it",
            "import tool; print(tool.name, open('data/one.txt').read())",
            {"files": {"tool.py": "name = 'tool'", "data/one.txt": "one"}, "stdout": "tool one"},
        ),
        ("processes-of-its-own", programs.MULTIPROCESSING, {"stdout": "285"}),
        ("clean-descriptors", programs.DESCRIPTORS, {}),
        ("clean-environment", programs.ENVIRONMENT, {}),
    )
)

LANGUAGES: tuple[Case, ...] = (
    Case(
        "cpp",
        _in("cpp", '#include <iostream>\nint main() { std::string s; std::cin >> s; std::cout << "done"; }'),
        needs_boundary=False,
    ),
    Case("cpp-refused", _in("cpp", "int main() { return x; }"), Outcome.COMPILE_ERROR, "", False),
    Case(
        "cpp-reads-no-files-of-the-machine",
        _in("cpp", '#include "/etc/passwd"\nint main() {}'),
        Outcome.COMPILE_ERROR,
        "",
        look=lambda result: "leaked a file" if "root:" in result.stderr else "",
    ),
    Case(
        "cpp-segmentation-fault",
        _in(
            "cpp",
            "int f(int n) { volatile int a[999]; *a = n; return f(n + 1) + *a; } int main() { return f(0); }",
        ),
        Outcome.RUNTIME_ERROR,
        "",
        False,
        _ended_by(11),
    ),
    Case("javascript", _in("javascript", "console.log('done')"), needs_boundary=False),
    Case("bash", _in("bash", "x=do; echo ${x}ne"), needs_boundary=False),
    Case(
        "command",
        ExecutionRequest(argv=("sh", "-c", "cat a.txt"), files={"a.txt": b"done"}, limits=QUICK),
        needs_boundary=False,
    ),
    Case(
        "missing-command",
        ExecutionRequest(argv=("no-such-command",), limits=QUICK),
        Outcome.RUNTIME_ERROR,
        "",
        False,
        _ended_by(None, 127),
    ),
)

OVER_LIMITS: tuple[Case, ...] = tuple(
    _python(name, source, outcome=outcome, **{"stdout": None, **rest})
    for name, source, outcome, rest in (
        ("busy-loop", "while True: pass", Outcome.TIME_LIMIT, {"cpu_s": 0.4, "look": _used_time}),
        ("children-are-counted", programs.CHILDREN_TIME, Outcome.TIME_LIMIT, {"cpu_s": 0.6}),
        ("sleep", "import time; time.sleep(99)", Outcome.TIME_LIMIT, {"wall_s": 0.5, "look": _ended_by(9)}),
        ("one-long-call", "str(3 ** (10 ** 8))", Outcome.TIME_LIMIT, {"cpu_s": 0.5}),
        ("memory", "x = bytearray(1 << 30); print(x[-1])", Outcome.MEMORY_LIMIT, {}),
        ("memory-of-children", programs.CHILDREN_MEMORY, Outcome.MEMORY_LIMIT, {"memory_mb": 128}),
        (
            "stdout-flood",
            "while True: print('x' * 999)",
            Outcome.OUTPUT_LIMIT,
            {"output_bytes": MEGABYTE, "look": _cap_is_kept},
        ),
        (
            "stderr-flood",
            "import os\nwhile True: os.write(2, b'x' * 999)",
            Outcome.OUTPUT_LIMIT,
            {"output_bytes": MEGABYTE, "look": _cap_is_kept},
        ),
        (
            "one-byte-too-much",
            f"print('x' * {MEGABYTE})",
            Outcome.OUTPUT_LIMIT,
            {"output_bytes": MEGABYTE, "look": _cap_is_kept},
        ),
        ("processes", programs.FORKS, Outcome.OK, {"stdout": "stopped"}),
        ("threads", programs.THREADS, Outcome.OK, {"stdout": "stopped"}),
        ("disk", programs.DISK, Outcome.OK, {"stdout": "stopped\nstopped"}),
        ("fork-bomb", "import os\nwhile True:\n try: os.fork()\n except OSError: pass", Outcome.TIME_LIMIT,
         {"cpu_s": 0.5, "wall_s": 2.0}),
    )
)  # fmt: skip

CONTAINMENT: tuple[Case, ...] = (
    _python("reads-nothing-of-the-machine", programs.FILES),
    _python("writes-nothing-outside", programs.WRITES),
    _python("sees-no-other-processes", programs.PROCESSES, stdout="sees few"),
    _python("has-no-network", programs.NETWORK),
    _python("has-no-privileges", programs.PRIVILEGES),
    _python("system-calls-are-filtered", programs.SYSTEM_CALLS),
    _python("devices", programs.DEVICES),
    _python("signals-reach-nobody-else", programs.SIGNALS, stdout="still here"),
    _python("leaves-nothing", programs.POISON),
    _python("leaves-nothing-the-second-time", programs.POISON),
    _python("odd-files", programs.ODD_FILES),
    _python("daemons-end-with-their-job", programs.DAEMON, stdout="parent ends", takes_token=True),
)

CASES: tuple[Case, ...] = ORDINARY + LANGUAGES + OVER_LIMITS + CONTAINMENT
