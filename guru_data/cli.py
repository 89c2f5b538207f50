"""The command line: look at a source, count it, grade its references, prepare a training set.

    python -m guru_data show kind=synthetic domains='["math"]' levels.math=1
    python -m guru_data stats kind=jsonl path=mine.jsonl
    python -m guru_data validate kind=synthetic train_per_domain=100
    python -m guru_data prepare guru.toml

A prepared folder is a source too: `kind=parquet path=data/guru`. A source config is given as `key=value`
words; values are JSON where they parse as JSON, else text.
Exit codes: 0 well, 1 a reference is not accepted, 2 usage, config or an unreadable source, 4 a verifier
cannot be had.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table
from rich.text import Text

from guru_data.config import SourceConfig
from guru_data.difficulty import BANDS, band_of
from guru_data.errors import GradingError, GuruDataError, SourceConfigError
from guru_data.problem import Problem, Split
from guru_data.sources import load_problems, open_source, parse_source_config
from guru_data.visible import visible

SPLITS: tuple[Split, ...] = ("train", "heldout")

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Problems with provenance.")
Words = Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="The source config.")]


def main() -> None:
    """Run the command line; our own errors become one line and an exit code."""
    try:
        app()
    except GuruDataError as error:
        Console(stderr=True).print(visible(f"error: {error}"), markup=False)
        raise SystemExit(4 if isinstance(error, GradingError) else 2) from error


@app.command()
def show(
    words: Words,
    count: Annotated[int, typer.Option(min=1, help="Problems to print per domain.")] = 2,
    heldout: Annotated[bool, typer.Option("--heldout", help="Show the held-out side.")] = False,
) -> None:
    """Print some problems of each domain."""
    console = Console()
    shown: Counter[str] = Counter()
    for problem in load_problems(_config(words), "heldout" if heldout else "train"):
        if shown[problem.domain] == count:
            continue
        shown[problem.domain] += 1
        title = f"{problem.id}  {problem.domain}, {problem.verifier}, {problem.source}"
        console.rule(Text(visible(title)))
        for message in problem.prompt:
            console.print(visible(f"{message.role}: {message.content}"), markup=False, highlight=False)
        console.print(f"reference: {json.dumps(problem.ground_truth)}", markup=False, highlight=False)


@app.command()
def stats(words: Words) -> None:
    """Count the problems by domain, verifier and split, by licence, and by how often models solve them."""
    source = open_source(_config(words))
    lengths: dict[tuple[str, str, Split], list[int]] = {}
    licences: Counter[str] = Counter()
    bands: Counter[tuple[str, int]] = Counter()
    for split in SPLITS:
        for problem in source.problems(split):
            size = sum(len(message.content) for message in problem.prompt)
            lengths.setdefault((problem.domain, problem.verifier, split), []).append(size)
            licences[problem.licence] += 1
            bands.update((model, BANDS.index(band_of(rate))) for model, rate in problem.pass_rates.items())
    console = Console()
    console.print(_length_table(lengths))
    console.print(_table(("licence", "problems"), sorted(licences.items())))
    rows = [(model, BANDS[band], count) for (model, band), count in sorted(bands.items())]
    if rows:
        console.print(_table(("model", "pass rate", "problems"), rows))


@app.command()
def prepare(path: Annotated[Path, typer.Argument(metavar="CONFIG", help="A TOML file.")]) -> None:
    """Clean sources into one folder: Parquet files, a manifest and a data card."""
    from guru_data.prepare import load_prepare_config, prepare  # pyarrow and datasketch are only needed here

    config = load_prepare_config(path)
    console = Console()
    with Progress(
        *Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True)
    ) as bars:
        done = prepare(config, lambda rows, step, total: bars.track(rows, total, description=step))
    rows, removed = done.manifest["rows"], done.manifest["removed"]
    console.print(
        f"{config.out}: {rows['out']} of {rows['in']} rows, {rows['removed']} removed", markup=False
    )
    reasons = [(step, why, n) for step, whys in removed.items() for why, n in whys.items()]
    if reasons:
        console.print(_table(("step", "reason", "rows"), reasons))
    console.print(_table(("step", "seconds"), [(s, f"{took:.1f}") for s, took in done.seconds.items()]))


@app.command()
def validate(words: Words) -> None:
    """Grade every reference with the problem's own verifier; exit code 1 if one is not accepted."""
    config = _config(words)
    problems = (problem for split in SPLITS for problem in load_problems(config, split))
    if _print_checks(problems):
        raise typer.Exit(1)


def _print_checks(problems: Iterable[Problem]) -> int:
    """Print outcomes by domain and each reference that is not accepted; return how many those are."""
    from guru_data.grading import ProblemGrader, ReferenceOutcome  # the verifiers are only needed here

    fine = {ReferenceOutcome.ACCEPTED, ReferenceOutcome.NO_REFERENCE}
    counts: Counter[tuple[str, str]] = Counter()
    console, faults = Console(), 0
    with ProblemGrader() as grader:
        for problem in problems:
            check = grader.check_reference(problem)
            counts[problem.domain, check.outcome.value] += 1
            if check.outcome not in fine:
                faults += 1
                told = f"{problem.id} ({problem.source}): {check.outcome}: {check.reason}"
                console.print(visible(told), markup=False)
    rows = [(domain, outcome, number) for (domain, outcome), number in sorted(counts.items())]
    console.print(_table(("domain", "outcome", "problems"), rows))
    return faults


def _length_table(lengths: Mapping[tuple[str, str, Split], Sequence[int]]) -> Table:
    header = ("domain", "verifier", "split", "problems", "prompt characters, mean", "longest")
    return _table(
        header,
        [
            (domain, verifier, split, len(sizes), f"{sum(sizes) / len(sizes):.0f}", max(sizes))
            for (domain, verifier, split), sizes in sorted(lengths.items(), key=_reading_order)
        ],
    )


def _reading_order(item: tuple[tuple[str, str, Split], Sequence[int]]) -> tuple[str, str, int]:
    domain, verifier, split = item[0]
    return domain, verifier, SPLITS.index(split)


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    table = Table(*header)
    for row in rows:
        table.add_row(*(Text(visible(str(cell))) for cell in row))
    return table


def _config(words: Sequence[str]) -> SourceConfig:
    raw: dict[str, Any] = {}
    for word in words:
        key, separator, text = word.partition("=")
        if not separator or not key:
            raise SourceConfigError(f"a source config is key=value words, got {word!r}")
        *sections, leaf = key.split(".")
        place = raw
        for section in sections:
            place = place.setdefault(section, {})
            if not isinstance(place, dict):
                raise SourceConfigError(f"{key}: {section!r} is a value, not a section")
        place[leaf] = _value(text)
    return parse_source_config(raw)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
