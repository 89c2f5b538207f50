"""Calls to actors: every one may have a deadline, and Ray's errors become ours.

ObjectRef --ask--> the answer | GeneratorLostError | the actor's own RlvrError | InfrastructureError
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import ray
from ray import ObjectRef
from ray.actor import ActorHandle
from ray.exceptions import RayActorError, RayError, RayTaskError

from rlvr.errors import GeneratorLostError, InfrastructureError, RlvrError

CLOSE_TIMEOUT_S = 15.0


async def ask(reference: ObjectRef, timeout_s: float | None = None) -> Any:
    """A generator's answer; a caller who stops waiting also stops the work.

    Raises:
        GeneratorLostError: the actor died or cannot be reached.
        InfrastructureError: no answer within `timeout_s`.
        RlvrError: whatever of ours the actor raised.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await reference
    except RayActorError as error:
        raise GeneratorLostError(f"a generator actor died: {error}") from error
    except RayTaskError as error:
        if isinstance(error.cause, RlvrError):
            raise type(error.cause)(str(error.cause)) from error
        raise
    except TimeoutError as error:
        raise InfrastructureError(f"a generator did not answer within {timeout_s} s") from error
    except asyncio.CancelledError:
        ray.cancel(reference)
        raise


async def end(actor: ActorHandle) -> None:
    """Have an actor close what it holds, then kill it; what does not close goes with the actor."""
    with contextlib.suppress(RayError, TimeoutError):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await actor.close.remote()
    ray.kill(actor)
