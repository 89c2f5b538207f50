"""`rlvr audit`: read a run's books from the command line.

    rlvr audit report RUN [--json]        writes report.html, .json and .md, says where, or prints the facts
                          [--gate]        exit code 3 if a gate fails, or the run holds no rollout
    rlvr audit check RUN [--head HASH]    exit code 0 if the books hold, 3 and the first bad place if not
    rlvr audit sql RUN [QUERY|@name]      asks the books a question; without one, lists what can be asked
    rlvr audit regrade RUN --verifier NAME[@url|option=value]   grades again, and says what that changes
    rlvr audit diff RUN_A RUN_B           what differs between two runs: origin, rewards, verdicts, gates
    rlvr audit label RUN ROW right|wrong  a rollout becomes a labelled case for `verifiers bench --cases`
    rlvr audit import FORMAT PATH RUN --verifier NAME   another trainer's rollouts become a run
    rlvr audit export RUN FOLDER          the run as a Hugging Face dataset with a card

All but `regrade` work on a run that is still going, too. None changes what its books hold; `regrade` adds
second opinions to them.
"""

from __future__ import annotations

import asyncio
import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rlvr.audit.asking.named_queries import NAMED_QUERIES
from rlvr.audit.asking.sql import Answer, as_table, ask
from rlvr.audit.books.check import CheckResult, check_run
from rlvr.audit.diff import compare_runs
from rlvr.audit.exchange import verbs as exchange
from rlvr.audit.gates import Level
from rlvr.audit.inert import visible
from rlvr.audit.labels import LABELS_FILE, label_row
from rlvr.audit.opinions import told
from rlvr.audit.opinions.grading_again import grade_again
from rlvr.audit.opinions.second_verifier import parse_second_verifier
from rlvr.audit.opinions.whatif import what_if
from rlvr.audit.report.facts import as_json, gather
from rlvr.audit.report.page import write_report
from rlvr.audit.told_diff import diff_data, told_diff
from rlvr.strict_json import strict_json

GATE_FAILED = 3
"""Exit code of a check that found a fault."""

INFRASTRUCTURE = 4
"""Exit code when a verifier service could not take all rows."""

MAX_FAULTS = 20


class Label(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"


app = typer.Typer(name="audit", help="Read, check and explain the books of a run.", no_args_is_help=True)
app.command("import")(exchange.import_rollouts)
app.command()(exchange.export)

RunDir = Annotated[
    Path, typer.Argument(metavar="RUN", help="Directory of the run.", exists=True, file_okay=False)
]


@app.command()
def report(
    run: RunDir,
    as_data: Annotated[bool, typer.Option("--json", help="Print the facts as JSON as well.")] = False,
    gate: Annotated[
        bool, typer.Option("--gate", help="Exit with 3 if a gate fails, or without rollouts.")
    ] = False,
) -> None:
    """Write the run's report.html, report.json and report.md."""
    facts = gather(run)
    path = write_report(run, facts)
    typer.echo(json.dumps(as_json(facts) | {"report": str(path)}, indent=2) if as_data else str(path))
    if gate:
        for one in facts.gates_worst_first:
            if one.level in (Level.FAIL, Level.WARN):
                typer.echo(f"{one.level}: {one.title}: {one.about}", err=True)
        if facts.level is Level.NONE:
            typer.echo("not measured: the run holds no rollout", err=True)
        if facts.level in (Level.FAIL, Level.NONE):
            raise typer.Exit(GATE_FAILED)


@app.command()
def check(
    run: RunDir,
    head: Annotated[
        str | None, typer.Option(help="Hash of the chain's last line, from the log or a checkpoint.")
    ] = None,
) -> None:
    """Check that nothing in the run's books was changed, dropped or reordered, and that they balance."""
    result = check_run(run, head)
    typer.echo(_told(result, head))
    if not result.ok:
        raise typer.Exit(GATE_FAILED)


@app.command()
def sql(
    run: RunDir,
    query: Annotated[str | None, typer.Argument(help="One SELECT, or @name of a named query.")] = None,
    as_data: Annotated[bool, typer.Option("--json", help="Print one JSON object per row.")] = False,
) -> None:
    """Ask the run's books a question in SQL (DuckDB, read only)."""
    answer = _catalogue() if query is None else ask(run, query)
    if not as_data:
        typer.echo(as_table(answer))
        return
    for row in answer.rows:
        typer.echo(strict_json(dict(zip(answer.columns, row, strict=True))))


@app.command()
def regrade(
    run: RunDir,
    verifier: Annotated[str, typer.Option(help="NAME or pkg.module:Class, then @URL or @option=value,...")],
    workers: Annotated[int, typer.Option(min=1, help="Processes, where no URL is given.")] = 2,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Grade so many in all, spread over domains and outcomes.")
    ] = None,
    as_data: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Grade stored rollouts again and say what that would have done to training; resumes where it stopped."""
    second = parse_second_verifier(verifier)
    left = asyncio.run(
        grade_again(run, second, workers=workers, sample=sample, said=lambda line: typer.echo(line, err=True))
    )
    found = what_if(run, second.opinion)
    typer.echo(json.dumps(told.as_data(found), indent=2) if as_data else told.told(found))
    if left:
        typer.echo(f"{left} rows could not be graded now: run the same command again", err=True)
        raise typer.Exit(INFRASTRUCTURE)


@app.command()
def diff(
    run_a: Annotated[Path, typer.Argument(metavar="RUN_A", exists=True, file_okay=False)],
    run_b: Annotated[Path, typer.Argument(metavar="RUN_B", exists=True, file_okay=False)],
    as_data: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two runs: how they were made, rewards, verdicts on the same responses, gates."""
    found = compare_runs(run_a, run_b)
    typer.echo(json.dumps(diff_data(found), indent=2) if as_data else told_diff(found))


@app.command()
def label(
    run: RunDir,
    row: Annotated[str, typer.Argument(help="The rollout's row_hash, or at least 8 characters of it.")],
    expected: Annotated[Label, typer.Argument(help="What the verdict should have been.")],
    to: Annotated[
        Path | None, typer.Option(help="File to add the case to; RUN/labels.jsonl if left out.")
    ] = None,
) -> None:
    """Mark a rollout right or wrong: it becomes a case that `python -m verifiers bench --cases` reads."""
    target = to or run / LABELS_FILE
    case = label_row(run, row, expected.value, target)
    typer.echo(f"{visible(case.id)}: {case.kind}, expected {case.expected}; in {target}")


def _catalogue() -> Answer:
    """The named queries, with the number each takes by default."""
    rows: list[tuple[object, ...]] = [
        (f"@{name}" + (f"({named.n})" if named.n is not None else ""), named.about)
        for name, named in NAMED_QUERIES.items()
    ]
    return Answer(("query", "answers"), rows)


def _told(result: CheckResult, head: str | None) -> str:
    """What was found, a line each; names of files and drop reasons may be anybody's, and act on nothing."""
    lines = _faults(result) if result.faults else _sound(result, head)
    return "\n".join(visible(line).replace("\n", r"\n") for line in lines)


def _faults(result: CheckResult) -> list[str]:
    shown = result.faults[:MAX_FAULTS]
    rest = [f"and {len(result.faults) - len(shown)} more"] if len(result.faults) > len(shown) else []
    return [f"FAIL: {shown[0]}", *shown[1:], *rest]


def _sound(result: CheckResult, head: str | None) -> list[str]:
    lines = [
        f"attempt {attempt}: {balance.requested} requested = {balance.used} used"
        + "".join(f" + {count} {reason}" for reason, count in balance.dropped.most_common())
        for attempt, balance in sorted(result.balances.items())
    ]
    lines.append(f"{result.lines} sealed files and {result.rows} rows hold; head {result.head}")
    if head is None:
        lines.append("without --head, lines dropped from the end of the chain would not be noticed")
    elif result.lines_after_head:
        lines.append(f"{result.lines_after_head} lines follow the given head; it does not seal them")
        lines += [f"{file} was sealed anew after the given head" for file in result.sealed_anew]
    return lines
