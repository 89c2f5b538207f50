"""Configs of the sources: which problems to load, from where.

One frozen model per kind of source, told apart by `kind`. They live apart from the sources so
that reading a config imports none of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    NonNegativeInt,
    PositiveInt,
    field_validator,
    model_validator,
)

from guru_data.problem import Domain

Level = Literal[1, 2, 3]
TaskName = Literal[
    "addition",
    "arithmetic",
    "fraction",
    "divisibility",
    "linear_equation",
    "linear_system",
    "quadratic",
    "sequence",
    "expression",
    "list_function",
    "text_function",
    "stdin_program",
    "quantity",
    "conversion",
    "formula",
    "multiple_choice",
    "ordering",
    "arrangement",
    "zebra",
    "path",
    "grid",
    "loop",
    "program_output",
    "program_input",
    "return_value",
    "argument",
    "lookup",
    "table_sum",
    "table_comparison",
    "table_percent",
]
"""Kinds of synthetic problems; where they are made stands in `guru_data.synthetic.tasks`."""
Share = Annotated[float, Field(ge=0.0, lt=1.0)]
OwnKey = Literal[
    "prompt",
    "ground_truth",
    "verifier",
    "domain",
    "id",
    "data_source",
    "extra",
    "source",
    "licence",
    "split",
    "difficulty",
    "pass_rates",
]
"""What a row of a person's own data may say; see `guru_data.own_rows`."""


class Config(BaseModel):
    """A typo is an error, a loaded config never changes, docstrings become `--help`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SyntheticConfig(Config):
    """Problems made on the spot: seeded, without network, as many as asked for."""

    kind: Literal["synthetic"] = "synthetic"
    """Chooses this source."""
    seed: NonNegativeInt = 0
    """Another seed draws other problems; which side of the split a problem is on stays the same."""
    domains: Annotated[tuple[Domain, ...], Field(min_length=1)] = ("math", "logic", "table", "code")
    """Domains to make problems of."""
    tasks: tuple[TaskName, ...] = ()
    """Tasks of these domains, which take turns; a domain of which none is named has its usual one."""
    levels: dict[Domain, Level] = {}
    """Difficulty by domain, 1 to 3; a task of a domain not named here is at its usual level."""
    train_per_domain: PositiveInt = 1000
    """Distinct training problems of each domain."""
    heldout_per_domain: PositiveInt = 128
    """Distinct held-out problems of each domain."""

    @field_validator("domains", "tasks")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{', '.join(repeated)} is named twice")
        return names


class JsonlConfig(Config):
    """A person's own problems, one JSON object per line."""

    kind: Literal["jsonl"] = "jsonl"
    """Chooses this source."""
    path: Path
    """The file; its rows are described in `guru_data.jsonl`."""
    heldout_share: Share = 0.1
    """Share of the rows without a `split` of their own that is held out."""
    licence: str = "unknown"
    """Licence of the rows that name none."""


class ParquetConfig(Config):
    """Problems in Parquet: what `prepare` wrote, or a person's own."""

    kind: Literal["parquet"] = "parquet"
    """Chooses this source."""
    path: Path
    """A prepared folder, or a file; the columns of a person's own are described in `guru_data.own_rows`."""
    heldout_share: Share = 0.1
    """Share of the rows without a `split` of their own that is held out."""
    licence: str = "unknown"
    """Licence of the rows that name none."""


class GuruConfig(Config):
    """The Guru data set: `train/`, `online_eval/` and `offline_eval/` with Parquet files of many schemas."""

    kind: Literal["guru"] = "guru"
    """Chooses this source."""
    path: Path | None = None
    """A local folder that holds the three; without it they come from the Hugging Face Hub."""
    repo: str = "LLM360/guru-RL-92k"
    """The data set on the Hub."""
    revision: str | None = None
    """Commit, tag or branch on the Hub; only a commit names the same bytes for ever."""
    files: Annotated[tuple[str, ...], Field(min_length=1)] = ("train/*.parquet",)
    """Which files to read, as patterns below the folder. Rows of the evaluation folders are held out."""
    heldout_share: Share = 0.02
    """Share of the training rows that is held out."""
    licence: str = "MIT"
    """Licence recorded with every problem."""
    max_tests: PositiveInt = 40
    """Tests kept of a programming problem, evenly spaced; some rows ship thousands."""
    max_test_chars: PositiveInt = 262_144
    """Length at which a programming problem loses its longest tests; some rows ship tens of megabytes."""

    @model_validator(mode="after")
    def _comes_from_one_place(self) -> Self:
        if (self.path is None) == (self.revision is None):
            raise ValueError("give either path (a local folder) or revision (of the data set on the Hub)")
        return self


class HuggingfaceConfig(Config):
    """Any data set that the `datasets` library loads, its columns named one by one."""

    kind: Literal["huggingface"] = "huggingface"
    """Chooses this source."""
    dataset: str
    """Name on the Hub, or a local folder."""
    subset: str | None = None
    """Which of the data set's configurations to read; None is its default one."""
    revision: str | None = None
    """Commit, tag or branch; only a commit names the same rows for ever."""
    rows_of: str = "train"
    """Which split of the data set to read."""
    columns: Annotated[dict[OwnKey, str], Field(min_length=1)]
    """Column by key of a problem; a dot leads into a nested column (`reward_model.ground_truth`)."""
    values: dict[OwnKey, JsonValue] = {}
    """What is the same for all rows, such as `verifier` and `domain`."""
    heldout_share: Share = 0.1
    """Share of the rows without a `split` of their own that is held out."""
    licence: str = "unknown"
    """Licence of the rows that name none."""


class ReasoningGymConfig(Config):
    """Problems made by the reasoning-gym package, of tasks whose answer is one number."""

    kind: Literal["reasoning_gym"] = "reasoning_gym"
    """Chooses this source."""
    tasks: Annotated[tuple[str, ...], Field(min_length=1)] = ("basic_arithmetic", "chain_sum", "gcd", "lcm")
    """Names in `guru_data.reasoning_gym.TASKS`."""
    per_task: PositiveInt = 1000
    """Rows of each task; they may repeat one another, which `prepare` removes."""
    seed: NonNegativeInt = 0
    """Another seed makes other problems."""
    heldout_share: Share = 0.1
    """Share of the problems that is held out."""


SourceConfig = Annotated[
    SyntheticConfig | JsonlConfig | ParquetConfig | GuruConfig | HuggingfaceConfig | ReasoningGymConfig,
    Field(discriminator="kind"),
]
