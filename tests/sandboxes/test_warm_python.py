"""A program cannot tell a fork of the warm interpreter from a new one by what it prints and how it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from sandboxes import ExecutionRequest, Limits, SandboxPool

PROGRAMS: dict[str, str] = {
    "main": "import sys; print(__name__, __file__, sys.argv, sys.path[0], __builtins__ is not None)",
    "main-module": "import __main__; x = 3; print(__main__.x, __doc__, __spec__, __annotations__)",
    "exit-none": "import sys; print('a'); sys.exit()",
    "exit-number": "exit(300)",
    "exit-negative": "import sys; sys.exit(-1)",
    "exit-text": "import sys; sys.exit('no luck')",
    "exit-builtin": "quit()",
    "system-exit-in-function": "def f():\n    raise SystemExit(4)\nf()",
    "hard-exit": "import os; print('lost'); os._exit(7)",
    "error": "def f(x):\n    return 1 / x\n\nf(0)",
    "chained-error": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('x') from e",
    "error-group": "raise ExceptionGroup('g', [ValueError(1), TypeError(2)])",
    "syntax-error": "x = (1,\nprint('hello'",
    "bad-indentation": "if True:\nprint(1)",
    "coding-line": "# -*- coding: latin-1 -*-\nprint('x')",
    "assertion": "assert 1 == 2, 'one is not two'",
    "recursion": "def f(n):\n    return f(n + 1)\nf(0)",
    "recursion-depth": (
        "def f(n):\n    try:\n        return f(n + 1)\n    except RecursionError:\n        return n\n"
        "print(f(0))"
    ),
    "recursion-limit": "import sys; sys.setrecursionlimit(50000)\ndef f(n):\n"
    "    return n and f(n - 1)\nprint(f(40000), sys.getrecursionlimit())",
    "excepthook": "import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__)\n1 / 0",
    "atexit": "import atexit; atexit.register(print, 'bye'); print('main')",
    "atexit-error": "import atexit; atexit.register(lambda: 1 / 0)",
    "threads-are-joined": (
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.2), print('thread'))).start()\nprint('main')"
    ),
    "error-in-thread": (
        "import threading\ndef f():\n    1 / 0\nt = threading.Thread(target=f, name='t'); t.start(); t.join()"
    ),
    "file-never-closed": "out = open(1, 'w', closefd=False)\nout.write('unflushed')",
    "own-stdout": "import io, os, sys\nsys.stdout = io.TextIOWrapper(os.fdopen(1, 'wb'))\nprint('mine')",
    "stdout-closed": "import sys; print('x'); sys.stdout.close()",
    "destructor": "class A:\n    def __del__(self):\n        print('deleted')\na = A()",
    "destructor-of-a-cycle": (
        "class A:\n    def __del__(self):\n        print('deleted')\na = A()\na.me = a\ndel a"
    ),
    "input": "print(input(), input())\ninput()",
    "stdin-forms": "import sys; print(sys.stdin.readline(), sys.stdin.buffer.read())",
    "read-by-descriptor": "import os; print(open(0).read(), os.fstat(1).st_size)",
    "encodings": "import sys\nfor s in (sys.stdin, sys.stdout, sys.stderr):\n"
    "    print(s.encoding, s.errors, s.line_buffering, s.seekable(), s.isatty(), s.name, s.mode)",
    "surrogates": "import sys; sys.stdout.write('a\\udcffb')",
    "set-order": "print(*{'a', 'b', 'c', 'd', 'e'}, hash('x'))",
    "star-import": "from math import *\nfrom collections import *\nprint(pi, Counter('aab'))",
    "dataclass-and-pickle": (
        "import pickle\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n"
        "print(pickle.loads(pickle.dumps(P(1))))"
    ),
    "inspect-source": "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))",
    "flags": (
        "import sys\nprint(sys.flags.no_user_site, sys.flags.optimize, sys.dont_write_bytecode)\n"
        "print(sys.executable)"
    ),
    "modules-of-ours": "import sys; print([name for name in sys.modules if 'sandbox' in name])",
    "fork": "import os\npid = os.fork()\nif pid == 0:\n    print('child')\n    raise SystemExit(3)\n"
    "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))",
    "subprocess": "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'print(5)'], "
    "capture_output=True).stdout)",
    "sigint": "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
    "signal-handlers": "import signal; print([signal.getsignal(s) for s in (2, 13, 15, 17, 25)])",
    "broken-pipe": "import os; r, w = os.pipe(); os.close(r); os.write(w, b'x')",
    "native-thread": "import os, threading; print(threading.main_thread().native_id == os.getpid())",
    "environment": "import os; print(sorted(os.environ.items()))",
    "globals-at-exit": "x = [1]\ndef f():\n    print(x)\nimport atexit; atexit.register(f)",
}


@pytest.fixture(scope="module")
def pools() -> Iterator[tuple[SandboxPool, SandboxPool]]:
    with SandboxPool.open("zygote") as warm, SandboxPool.open("bubblewrap") as cold:
        yield warm, cold


@pytest.mark.parametrize("source", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_warm_interpreter_behaves_as_a_new_one(source: str, pools: tuple[SandboxPool, SandboxPool]) -> None:
    request = ExecutionRequest(
        language="python", source=source, stdin="first\nsecond\n", limits=Limits(cpu_s=5, wall_s=30)
    )
    warm, cold = (pool.run_sync(request) for pool in pools)
    assert (warm.stdout, warm.exit_code, warm.signal) == (cold.stdout, cold.exit_code, cold.signal)
    assert _without_addresses(warm.stderr) == _without_addresses(cold.stderr)
    assert warm.outcome is cold.outcome


def test_a_failing_excepthook_is_the_programs_own_failure(pools: tuple[SandboxPool, SandboxPool]) -> None:
    request = ExecutionRequest(language="python", source="import sys; sys.excepthook = None; 1 / 0")
    warm, cold = (pool.run_sync(request) for pool in pools)
    assert (warm.outcome, warm.exit_code) == (cold.outcome, cold.exit_code)


def test_random_numbers_differ_from_job_to_job(pools: tuple[SandboxPool, SandboxPool]) -> None:
    request = ExecutionRequest(language="python", source="import random; print(random.random())")
    assert len({pools[0].run_sync(request).stdout for _ in range(3)}) == 3


def _without_addresses(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+", "0x", text)
