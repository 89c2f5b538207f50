"""A training run without a model: draws batches, makes up outcomes, saves cursors; may be killed.

    python -m tests.guru_data.curriculum_run KIND AHEAD STATE LOG

Appends each step's problem ids to LOG and writes STATE after it, as a trainer would; goes on from
STATE if there is one. Outcomes follow from problem and step alone, as if the model were a fixed one.
"""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from pathlib import Path
from random import Random

from guru_data import CurriculumConfig, Cursor, Message, Outcome, Problem, ProblemStream
from guru_data.curricula.config import DifficultyAwareConfig, MixtureConfig, StageConfig, StagedConfig

STEPS, BATCH, SEED = 40, 6, 3
SIZES = {"code": 17, "logic": 9, "math": 23}
CURRICULA: dict[str, CurriculumConfig] = {
    "mixture": MixtureConfig(),
    "staged": StagedConfig(
        stages=(
            StageConfig(domains=("logic",), steps=4),
            StageConfig(domains=("math", "code"), reward=0.5, window=3, steps=9),
            StageConfig(),
        )
    ),
    "difficulty": DifficultyAwareConfig(model="old", shortest_budget=10, longest_budget=1000),
}


def problems() -> list[Problem]:
    return [
        Problem(
            id=f"{domain}/{number}",
            prompt=(Message(role="user", content=f"{domain} {number}"),),
            domain=domain,
            data_source="made",
            verifier="math",
            ground_truth=str(number),
            source="made",
            licence="CC0-1.0",
            split="train",
            pass_rates={"old": (number % 5) / 4},
        )
        for domain, size in SIZES.items()
        for number in range(size)
    ]


def outcome(name: str, step: int) -> Outcome:
    rng = Random(f"{name}/{step}")
    correct = rng.choice([0, 1, 2, 3, 4])
    longest = rng.randint(50, 900) if correct else 0
    return Outcome(
        samples=4,
        correct=correct,
        reward=correct / 4,
        longest_correct=longest,
        mean_correct=longest * 0.8,
    )


def open_stream(kind: str, ahead: int, state: Cursor | None) -> ProblemStream:
    settings = {"seed": SEED, "curriculum": CURRICULA[kind], "ahead": ahead}
    if state is None:
        return ProblemStream(problems(), **settings)
    return ProblemStream.from_state(state, problems(), **settings)


def run(kind: str, ahead: int, state_file: Path, log: Path, steps: int = STEPS) -> None:
    saved = json.loads(state_file.read_text()) if state_file.exists() else {"done": 0, "cursor": None}
    stream = open_stream(kind, ahead, saved["cursor"])
    under_way: deque[tuple[list[Problem], Cursor]] = deque()
    for step in range(saved["done"], steps):
        while len(under_way) <= ahead:
            batch = stream.next_batch(BATCH)
            under_way.append((batch, stream.state()))
        batch, cursor = under_way.popleft()
        stream.observe(step, {problem.id: outcome(problem.id, step) for problem in batch})
        with log.open("a") as lines:
            budgets = [stream.length_budget(problem) for problem in batch] if ahead == 0 else []
            lines.write(json.dumps([step, [problem.id for problem in batch], budgets]) + "\n")
        beside = state_file.with_suffix(".new")
        beside.write_text(json.dumps({"done": step + 1, "cursor": stream.with_outcomes(cursor)}))
        os.replace(beside, state_file)
        print(step, flush=True)


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
