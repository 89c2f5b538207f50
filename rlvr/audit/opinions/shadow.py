"""Shadow grading: while a run goes on, a second verifier grades a share of its rollouts too.

    a step's rows as recorded --drawn by `share`--> SecondVerifier --> verdicts/<name>/part-NNNNNN.parquet

Its verdicts are never used for rewards; how often they differ is a metric of the step and a gate. Asking
goes on beside the next step's work, one step at most behind. A verifier that cannot be asked costs its
opinions and not the run: `shadow/answered` tells, and it is left alone for some steps.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

import pyarrow.parquet as pq

from rlvr.audit.book import Audit
from rlvr.audit.books.ledger import ledger_file
from rlvr.audit.opinions.second_verifier import (
    Client,
    SecondVerifier,
    ask_opinions,
    open_client,
    parse_second_verifier,
)
from rlvr.audit.opinions.stored import write_opinions
from rlvr.config import AuditConfig
from rlvr.rollouts import Sample, ScoredGroup
from verifiers import VerifierError, VerifyRequest

log = logging.getLogger(__name__)

REST_STEPS = 10
"""Steps that are not asked about after one without an answer, so that a dead service is seldom waited for."""

WORKERS = 1
"""Child processes of a verifier without a URL: it must not take the cores from the run it looks at."""

Question = tuple[str, VerifyRequest]
"""A ledger row's hash, and what is asked about it."""


class Shadow:
    """Draws from each step's rows and asks about them; closed before the books are."""

    def __init__(
        self, audit: Audit, second: SecondVerifier, client: Client, *, share: float, seed: int
    ) -> None:
        self._audit = audit
        self._second = second
        self._client = client
        self._share = share
        self._seed = seed
        self._asking: asyncio.Task[None] | None = None
        self._next_step = 0

    async def take(self, step: int, scored: Sequence[ScoredGroup]) -> None:
        """Ask about a share of a recorded step, once the step before has its opinions.

        Raises:
            LedgerError: the opinions on the step before could not be written.
        """
        await self.settle()
        if step < self._next_step:
            return
        drawn = Random(f"shadow/{self._seed}/{step}")
        hashes = self._row_hashes(step)
        samples = [(group, sample) for group in scored for sample in group.group.samples]
        chosen = [(g, s) for g, s in samples if drawn.random() < self._share and self._can_be_asked(s)]
        questions = [(hashes[s.rollout_id], self._request(g, s)) for g, s in chosen]
        scores = {hashes[s.rollout_id]: s.verdict.score for _, s in chosen if s.verdict is not None}
        if questions:
            self._asking = asyncio.create_task(self._ask(step, questions, scores))

    async def settle(self) -> None:
        """Wait until what was asked is answered and written."""
        asking, self._asking = self._asking, None
        if asking is not None:
            await asking

    async def drop(self) -> None:
        """Ask no longer; for a run that has failed, whose error shall not wait."""
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
            await asyncio.wait((asking,))

    def _row_hashes(self, step: int) -> dict[str, str]:
        """By rollout, as they were written: what is graded again is what was recorded."""
        path = self._audit.run_dir / ledger_file(step, self._audit.attempt)
        rows = pq.ParquetFile(path).read(["rollout_id", "row_hash"]).to_pylist()
        return {row["rollout_id"]: row["row_hash"] for row in rows}

    def _can_be_asked(self, sample: Sample) -> bool:
        return sample.verdict is not None and sample.verdict.verifier == self._second.grades

    def _request(self, group: ScoredGroup, sample: Sample) -> VerifyRequest:
        assert sample.rollout is not None  # it has a verdict
        problem = group.group.problem
        text = sample.rollout.text
        return self._second.request(text, problem.ground_truth, problem.prompt[-1].content, problem.extra)

    async def _ask(self, step: int, questions: Sequence[Question], scores: dict[str, float | None]) -> None:
        try:
            found = await ask_opinions(self._client, self._second, questions)
        except VerifierError as error:
            log.warning("no opinions of %s on step %d: %s", self._second.opinion, step, error)
            found, self._next_step = [], step + 1 + REST_STEPS
        if found:
            self._audit.seal(write_opinions(self._audit.run_dir, self._second.opinion, found))
        both = [row for row in found if row.get("score") is not None and scores[row["row_hash"]] is not None]
        differ = sum(row["score"] != scores[row["row_hash"]] for row in both)
        metrics = {"shadow/asked": float(len(questions)), "shadow/answered": float(len(found))}
        if both:
            metrics["shadow/disagreement"] = differ / len(both)
        self._audit.log(step, metrics)


@asynccontextmanager
async def open_shadow(
    config: AuditConfig, audit: Audit, *, seed: int, deadline_s: float
) -> AsyncIterator[Shadow | None]:
    """The config's shadow, or None where it asks for none; at the end all its opinions are written.

    `deadline_s` is how long one step's opinions may take.

    Raises:
        ConfigError: `audit.shadow` names no verifier.
    """
    if config.shadow is None:
        yield None
        return
    second = parse_second_verifier(config.shadow)
    async with open_client(second, workers=WORKERS, deadline_s=deadline_s) as client:
        shadow = Shadow(audit, second, client, share=config.shadow_share, seed=seed)
        try:
            yield shadow
            await shadow.settle()
        finally:
            await shadow.drop()
