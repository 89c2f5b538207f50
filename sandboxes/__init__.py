"""Run untrusted programs under limits.

    with SandboxPool.open(workers=4) as pool:
        result = pool.run_sync(ExecutionRequest(language="python", source="print(6 * 7)"))

Requests go in, results come out; what isolates the program is a backend behind one protocol
(`sandboxes.base`). This package knows nothing of rewards, verifiers or models and imports nothing else of
this project.
"""

from sandboxes.errors import SandboxError
from sandboxes.pool import SandboxPool
from sandboxes.registry import open_backend
from sandboxes.types import ExecutionRequest, ExecutionResult, Limits, Outcome

__all__ = [
    "ExecutionRequest",
    "ExecutionResult",
    "Limits",
    "Outcome",
    "SandboxError",
    "SandboxPool",
    "open_backend",
]
