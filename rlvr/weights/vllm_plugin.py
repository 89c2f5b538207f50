"""Our hook in every vLLM process (entry point `vllm.general_plugins`).

vLLM calls `register` in the process that makes the engine, in the engine's own process and in
each worker. There it makes our weight transfer known and ties the process's life to its parent's:
an actor killed outright has no chance to end its engine.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.process
import os
import shutil
import signal
import threading

SHM_BACKEND = "rlvr_shm"
"""Name of our backend in vLLM's `WeightTransferConfig`."""
SCRATCH_VARIABLE = "RLVR_ENGINE_SCRATCH"
"""Environment variable of an engine's processes: the directory of their sockets, theirs alone."""


def register() -> None:
    """Make the shared-memory transfer known to vLLM, and die with the parent process."""
    from vllm.distributed.weight_transfer.factory import WeightTransferEngineFactory

    with contextlib.suppress(ValueError):  # already registered: vLLM may call plugins more than once
        WeightTransferEngineFactory.register_engine(
            SHM_BACKEND, "rlvr.weights.shm_transfer", "ShmTransferEngine"
        )
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent,), name="die-with-parent", daemon=True).start()


def _die_with(parent: multiprocessing.process.BaseProcess) -> None:
    """Wait for the parent's end (a closed pipe, so nothing is polled), then end this process.

    A thread and not `PR_SET_PDEATHSIG`: that signal comes when the parent's *thread* ends, which
    would kill an engine that was started from a thread pool.
    """
    parent.join()
    scratch = os.environ.get(SCRATCH_VARIABLE)
    if scratch is not None:
        shutil.rmtree(scratch, ignore_errors=True)  # the engine's other processes remove it too
    os.kill(os.getpid(), signal.SIGKILL)
