"""Problems of the reasoning-gym package: the one file that imports it.

    task, seed --create_dataset--> question, answer --> Problem

Of its hundred tasks those are taken whose answer is one number that our `math` verifier compares;
the others bring scoring functions of their own. The package's version is part of the provenance,
because another one may make other problems of the same seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from guru_data.base import strictly
from guru_data.config import ReasoningGymConfig
from guru_data.errors import SourceConfigError
from guru_data.problem import Domain, Message, Problem, Split
from guru_data.splits import prompt_side

TASKS: dict[str, Domain] = {
    "basic_arithmetic": "math",
    "chain_sum": "math",
    "count_bits": "math",
    "count_primes": "math",
    "decimal_chain_sum": "math",
    "gcd": "math",
    "gsm_symbolic": "math",
    "lcm": "math",
    "leg_counting": "math",
    "number_sequence": "math",
    "products": "math",
    "simple_equations": "math",
    "largest_island": "logic",
    "letter_counting": "logic",
    "rectangle_count": "logic",
}
_ASK = "Please output the final answer within \\boxed{}."
_LICENCE = "Apache-2.0"


class ReasoningGymSource:
    """Makes the problems anew each time, the same for the same config and version of the package."""

    def __init__(self, config: ReasoningGymConfig) -> None:
        if unknown := sorted(set(config.tasks) - set(TASKS)):
            raise SourceConfigError(
                f"no reasoning-gym task {', '.join(unknown)} here; have {', '.join(TASKS)}"
            )
        self._config = config

    def problems(self, split: Split) -> Iterator[Problem]:
        return strictly(self.rows(), split)

    def rows(self) -> Iterator[Problem]:
        config = self._config
        create_dataset = _package()
        for task in config.tasks:
            made = create_dataset(task, size=config.per_task, seed=config.seed)
            for number in range(config.per_task):
                yield self._problem(task, number, made[number])

    def files(self) -> list[Path]:
        return []

    def _problem(self, task: str, number: int, entry: dict[str, Any]) -> Problem:
        seed = self._config.seed
        prompt = (Message(role="user", content=f"{entry['question']}\n{_ASK}"),)
        return Problem(
            id=f"reasoning_gym/{task}/{seed}/{number}",
            prompt=prompt,
            domain=TASKS[task],
            data_source=f"reasoning_gym__{task}",
            verifier="math",
            ground_truth=str(entry["answer"]),
            source=f"reasoning-gym {version('reasoning-gym')}, {task}, seed {seed}:{number}",
            licence=_LICENCE,
            split=prompt_side(prompt, heldout_share=self._config.heldout_share),
        )


def _package() -> Any:
    try:
        from reasoning_gym import create_dataset  # an optional extra
    except ImportError as error:
        raise SourceConfigError(
            "kind=reasoning_gym needs the `reasoning-gym` package: pip install reasoning-gym"
        ) from error
    return create_dataset
