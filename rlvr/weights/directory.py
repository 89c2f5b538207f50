"""Where a run's weights pass from the learner to the generators on one host.

    run id -> /dev/shm/rlvr-<run id>/, made by the first version written, removed at the end

Without torch, so that the driver can call it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")


def weights_directory(run_id: str) -> Path:
    """The directory of one run; nothing is created."""
    return SHARED_MEMORY / f"rlvr-{run_id}"


def discard_weights(directory: Path) -> None:
    """Give a run's shared memory back."""
    if directory.exists():
        shutil.rmtree(directory)
