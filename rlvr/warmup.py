"""The quickstart's base model: made here, warmed up in two or three minutes, kept for the next run.

    tiny random model --worked answers--> able --worked, guessed and evasive answers--> base model

The second stage is what makes it a base model worth training further: it *can* work most problems
out, and often does not bother to, or leaves the asked form. That is what the rewards then act on.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from guru_data import Demonstration, SyntheticConfig, demonstrations
from rlvr.config import SFTConfig
from rlvr.console import ShareBar
from rlvr.learner.sft import train_sft
from rlvr.learner.tiny_model import make_tiny_model

ABLE_EXAMPLES, ABLE_STEPS, ABLE_MAX_SECONDS = 24_000, 900, 180.0
MIXED_EXAMPLES, MIXED_STEPS, MIXED_MAX_SECONDS = 5_000, 90, 30.0
WORKED_SHARE, EVASIVE_SHARE = 0.4, 0.15
TOKENIZER_EXAMPLES = 2_000
"""More would only slow the tokenizer's training; its vocabulary is full after a few hundred."""


def warm_base_model(directory: Path, source: SyntheticConfig, threads: int) -> bool:
    """Make the base model in `directory` unless this very recipe made it before.

    Returns:
        True if it was made now.
    """
    able = list(demonstrations(source, seed=1, count=ABLE_EXAMPLES, worked_share=1.0))
    mixed = list(
        demonstrations(
            source, seed=2, count=MIXED_EXAMPLES, worked_share=WORKED_SHARE, evasive_share=EVASIVE_SHARE
        )
    )
    work = directory.with_name(directory.name + ".partial")
    stages = _stages(work, threads)
    recipe = _digest(able, mixed, stages)
    mark = directory / "recipe.sha256"
    if mark.exists() and mark.read_text() == recipe:
        return False
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    _write_conversations(work / "able.jsonl", able)
    _write_conversations(work / "mixed.jsonl", mixed)
    texts = [text for d in mixed[:TOKENIZER_EXAMPLES] for text in (d.prompt[-1].content, d.response)]
    make_tiny_model(work / "random", texts, seed=0)
    for label, stage in stages.items():
        with ShareBar(label) as bar:
            train_sft(stage, bar.sft_step)
    (work / "mixed" / mark.name).write_text(recipe)
    shutil.rmtree(directory, ignore_errors=True)
    os.replace(work / "mixed", directory)
    shutil.rmtree(work)
    return True


def _stages(work: Path, threads: int) -> dict[str, SFTConfig]:
    def stage(model: str, data: str, steps: int, max_seconds: float, learning_rate: float) -> SFTConfig:
        return SFTConfig(
            model=str(work / model),
            data=str(work / f"{data}.jsonl"),
            out=str(work / data),
            steps=steps,
            max_seconds=max_seconds,
            optimizer="muon",
            learning_rate=learning_rate,
            warmup_steps=10,
            weight_decay=0.01,
            row_tokens=128,
            rows_per_step=8,
            threads=threads,
        )

    return {
        "warm-up 1/2: worked answers": stage("random", "able", ABLE_STEPS, ABLE_MAX_SECONDS, 3e-3),
        "warm-up 2/2: mixed answers": stage("able", "mixed", MIXED_STEPS, MIXED_MAX_SECONDS, 1e-3),
    }


def _write_conversations(path: Path, items: Iterable[Demonstration]) -> None:
    lines = (json.dumps({"messages": [*d.chat(), _reply(d)]}) for d in items)
    path.write_text("".join(line + "\n" for line in lines))


def _reply(demonstration: Demonstration) -> dict[str, str]:
    return {"role": "assistant", "content": demonstration.response}


def _digest(
    able: Iterable[Demonstration], mixed: Iterable[Demonstration], stages: dict[str, SFTConfig]
) -> str:
    digest = hashlib.sha256()
    for demonstration in (*able, *mixed):
        digest.update(f"{demonstration.prompt}{demonstration.response}".encode())
    for stage in stages.values():
        digest.update(stage.model_dump_json(exclude={"threads"}).encode())
    return digest.hexdigest()
