"""Run a Python file in this process as `python main.py` would, without starting an interpreter.

Called in a fork of the warm interpreter. What a program can see of the difference: some of the standard
library is loaded already, its stack begins with a few frames of ours, and its recursion limit is greater by
as many.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType, ModuleType, TracebackType

FLUSH_FAILED = 120
INTERRUPTED = -int(signal.SIGINT)
"""Not an exit code: the process ends by the signal, as the interpreter does."""
FRAMES_OF_OURS = 5
"""Above the program's first frame; it must not be able to recurse less deeply for them."""
PRELOADED = (
    "bisect", "collections", "copy", "functools", "heapq", "io", "itertools", "json", "math", "operator",
    "re", "string", "time", "typing",
)  # fmt: skip
"""What most programs import; every further module makes every fork dearer. Never `random`: its state would be
the same in every fork."""

NEVER_COLLECTED = (0, 0)
"""Then all that the program made is still in the youngest generation; collecting that touches little else."""
WARM_UP = """
import sys
def f(x, *y, z=1, **w):
    with open("/dev/null", "w") as out:
        print(f"{x!r} {z:.2f}", *y, sep=",", file=out)
    return [int(i) + len(w) for i in "1 2".split() if i not in y]
class C:
    def __init__(self): self.a = {1: (2, 3)}
try:
    sum(f(C().a, b=2)) / 0
except ZeroDivisionError as e:
    sorted(map(str, e.args), key=lambda s: s[:1])
"""
SIGNALS_OF_PYTHON: dict[int, Callable[[int, FrameType | None], object] | signal.Handlers] = {
    signal.SIGINT: signal.default_int_handler, signal.SIGPIPE: signal.SIG_IGN, signal.SIGXFSZ: signal.SIG_IGN,
}  # fmt: skip


def warm_up() -> None:
    """Import what programs import, hide what they would not have, and keep the collector off all of it."""
    for number in signal.valid_signals():  # whatever our caller ignored
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, SIGNALS_OF_PYTHON.get(number, signal.SIG_DFL))
    for name in PRELOADED:
        __import__(name)
    # what the compiler and the interpreter make on first use is then there in every fork
    exec(compile(WARM_UP, "warm_up", "exec"), {})
    for name in [name for name in sys.modules if name.partition(".")[0] == "sandboxes"]:
        del sys.modules[name]
    sys.path[:] = [folder for folder in sys.path if folder]
    os.environ.pop("PWD", None)  # set by bubblewrap
    gc.collect()
    gc.freeze()


def run_file(path: str) -> None:
    """Run the file, of the working directory, as `__main__` and end the process with its exit code."""
    sys.argv[:] = [path]
    folder = os.getcwd()
    full_path = f"{folder}/{path}"
    sys.path.insert(0, folder)
    main = ModuleType("__main__")
    main.__dict__.update(__file__=full_path, __builtins__=sys.modules["builtins"], __annotations__={})
    sys.modules["__main__"] = main
    threading.main_thread()._set_native_id()  # type: ignore[attr-defined]
    sys.setrecursionlimit(sys.getrecursionlimit() + FRAMES_OF_OURS)
    code = finalize(main, execute(full_path, main))
    if code == INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(code)


def execute(path: str, main: ModuleType) -> int:
    """The exit code that the program's own code leads to."""
    try:
        with io.open_code(path) as file:
            code: CodeType = compile(file.read(), path, "exec", dont_inherit=True)
        exec(code, main.__dict__)
    except SystemExit as end:
        return exit_code(end)
    except BaseException as error:  # noqa: BLE001 - the interpreter prints whatever it is, too
        show(error)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return 0


def exit_code(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    print(end.code, file=sys.stderr)
    return 1


def show(error: BaseException) -> None:
    """Through the program's own excepthook, without the frames of this file."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals is globals():
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)


def finalize(main: ModuleType, code: int) -> int:
    """What the interpreter does at its end, in its order: join threads, atexit, flush, drop the globals.

    A program may have replaced all of it, and whatever its replacements raise is its own failure.
    """
    try:
        if threading._shutdown_locks or threading._threading_atexits:  # type: ignore[attr-defined]
            threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
        main.__dict__.clear()  # files that were never closed are flushed when they go
        gc.collect(0 if gc.get_count()[1:] == NEVER_COLLECTED else 2)
        for stream in (sys.__stdout__, sys.__stderr__):
            if stream is not None and not stream.closed:
                stream.flush()
    except BaseException:  # noqa: BLE001 - see above: the exit code says it
        return code or FLUSH_FAILED
    return code
