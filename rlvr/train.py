"""The training loop. Start reading here.

problems -> rollouts -> verdicts -> rewards -> advantages -> batch -> weights
'------- run.groups --------'      '---- score ----'    build_batch   learner
"""

from __future__ import annotations

import time

from rlvr.audit.books.metrics import step_metrics
from rlvr.batch import build_batch
from rlvr.run import Run, StopRequestedError
from rlvr.score import score_step


async def train(run: Run, *, first: int, steps: int) -> int:
    """Take steps `first` to `steps - 1`; returns how many steps the weights have taken in all.

    How far generation may run ahead of the weights is `run.groups`' business: the loop is the
    same on-policy (zero ahead) and pipelined (one or more). A request to stop ends it between
    steps; either way, and also when the run cannot go on, the last weights are checkpointed.

    Raises:
        VerifierDownError: too few rewards of a step could be had; nothing was learned from it.
        InfrastructureError: another part of the cluster failed and could not be replaced.
    """
    done = first
    try:
        await run.publish()
        await run.evaluate(done)
        for step in range(first, steps):
            began = time.monotonic()
            made = await run.until_stopped(run.groups.step(step))
            scored = score_step(made.groups, run.config.reward, run.algorithm, run.permute_rng(step))
            run.audit.record(step, scored)  # before any reward is used
            await run.grade_beside(step, scored)
            run.groups.observe(step, scored)
            run.stop_if_too_much_was_lost(step, scored)

            batch = build_batch(step, scored, run.batching, run.deal_rng(step))
            metrics = {**step_metrics(scored, step), **await run.learn(batch)}
            done, run.cursor = step + 1, made.cursor
            run.audit.log(step, metrics)  # it was learned from, also where it cannot be published
            published = await run.publish()

            run.log(step, began, made, metrics, published)
            await run.checkpoint_if_due(done)
            await run.evaluate_if_due(done)
        await run.evaluate(done)
    except StopRequestedError:
        run.say(f"stopping after step {done}, as asked")
    except Exception as error:  # and not BaseException: who leaves at once saves nothing
        await run.rescue(done, error)
        raise
    finally:
        await run.groups.close()
    await run.checkpoint(done)
    return done
