"""The command line: look at a source, count it, grade its references.

    python -m guru_data show kind=synthetic domains='["math"]' levels.math=1
    python -m guru_data stats kind=jsonl path=mine.jsonl
    python -m guru_data validate kind=synthetic train_per_domain=100

A source config is given as `key=value` words; values are JSON where they parse as JSON, else text.
Exit codes: 0 well, 1 a reference is not accepted, 2 usage, config or an unreadable source, 4 a verifier
cannot be had.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from guru_data.config import SourceConfig
from guru_data.errors import GradingError, GuruDataError, SourceConfigError
from guru_data.problem import Problem, Split
from guru_data.sources import load_problems, parse_source_config

SPLITS: tuple[Split, ...] = ("train", "heldout")

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Problems with provenance.")
Words = Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="The source config.")]


def main() -> None:
    """Run the command line; our own errors become one line and an exit code."""
    try:
        app()
    except GuruDataError as error:
        Console(stderr=True).print(f"error: {error}", markup=False)
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
        console.rule(Text(f"{problem.id}  {problem.domain}, {problem.verifier}, {problem.source}"))
        for message in problem.prompt:
            console.print(f"{message.role}: {message.content}", markup=False, highlight=False)
        console.print(f"reference: {json.dumps(problem.ground_truth)}", markup=False, highlight=False)


@app.command()
def stats(words: Words) -> None:
    """Count the problems by domain, split and verifier."""
    config = _config(words)
    table = Table("domain", "verifier", "split", "problems", "prompt characters, mean", "longest")
    for split in SPLITS:
        lengths: dict[tuple[str, str], list[int]] = {}
        for problem in load_problems(config, split):
            size = sum(len(message.content) for message in problem.prompt)
            lengths.setdefault((problem.domain, problem.verifier), []).append(size)
        for (domain, verifier), sizes in sorted(lengths.items()):
            mean = sum(sizes) / len(sizes)
            table.add_row(domain, verifier, split, str(len(sizes)), f"{mean:.0f}", str(max(sizes)))
    Console().print(table)


@app.command()
def validate(words: Words) -> None:
    """Grade every reference with the problem's own verifier; exit code 1 if one is not accepted."""
    config = _config(words)
    problems = [problem for split in SPLITS for problem in load_problems(config, split)]
    if _print_checks(problems):
        raise typer.Exit(1)


def _print_checks(problems: Sequence[Problem]) -> int:
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
                console.print(
                    f"{problem.id} ({problem.source}): {check.outcome}: {check.reason}", markup=False
                )
    table = Table("domain", "outcome", "problems")
    for (domain, outcome), number in sorted(counts.items()):
        table.add_row(domain, outcome, str(number))
    console.print(table)
    return faults


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
