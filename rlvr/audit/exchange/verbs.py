"""`rlvr audit import` and `rlvr audit export`: rollouts of others come in, a run goes out as a dataset.

Parsing and printing; what they do stands in `importing/` and `exporting.py`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rlvr.audit.exchange.exporting import export_run
from rlvr.audit.exchange.importing import FORMATS, Asked, ImportResult, import_run
from rlvr.audit.inert import visible
from rlvr.errors import ConfigError


def import_rollouts(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.")],
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A file of the dump, or the folder of all.", exists=True)
    ],
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory to make.")],
    verifier: Annotated[
        str, typer.Option(help="Which verifier reads the references: a name, or pkg.module:Class.")
    ],
    truth: Annotated[str | None, typer.Option(help="Key of the reference; dots lead into objects.")] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(help="JSONL or Parquet with prompt and reference, if the dump has none.", exists=True),
    ] = None,
    reward: Annotated[list[str] | None, typer.Option(help="KEY or KEY=WEIGHT; several are added up.")] = None,
    score: Annotated[str | None, typer.Option(help="Key of right or wrong, if the reward says more.")] = None,
    score_range: Annotated[
        tuple[float, float],
        typer.Option("--range", metavar="WRONG RIGHT", help="Scores of a wrong and a right answer."),
    ] = (0.0, 1.0),
    evaluation: Annotated[bool, typer.Option("--evaluation", help="Nothing was trained on them.")] = False,
    as_data: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a run directory of rollouts that TRL, verl, or verifiers and prime-rl wrote down."""
    asked = Asked(
        verifier, truth, dataset, tuple(map(_weighted, reward or ())), score, *score_range, evaluation
    )
    found = import_run(kind, path, run, asked, command=sys.argv)
    typer.echo(json.dumps(asdict(found) | {"run": str(run)}, indent=2) if as_data else _told(found, run))


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", exists=True, file_okay=False)],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to make.")],
    as_data: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a finished run as a Hugging Face dataset: its books unchanged, and a card."""
    made = export_run(run, folder)
    counts = ", ".join(f"{count} {name}" for name, count in made.rows.items())
    told = f"{counts} in {made.files} files are in {folder}; head {made.head}"
    typer.echo(json.dumps(asdict(made) | {"folder": str(folder)}, indent=2) if as_data else told)
    typer.echo("manifest.json holds the command line and its paths: read it before you publish", err=True)


def _weighted(option: str) -> tuple[str, float]:
    key, equals, weight = option.rpartition("=")
    try:
        return (key, float(weight)) if equals else (option, 1.0)
    except ValueError as error:
        raise ConfigError(f"--reward is KEY or KEY=WEIGHT, not {option!r}") from error


def _told(found: ImportResult, run: Path) -> str:
    lines = [
        f"{found.rows} rollouts of {found.steps} steps from {len(found.files)} files are in {run}; "
        f"{found.left_out} rows were left out"
    ]
    lines += [f"  {visible(one.file)}:{one.row}: {visible(one.reason)}" for one in found.named]
    if found.left_out > len(found.named):
        lines.append(f"  and {found.left_out - len(found.named)} more, all in {run / 'left_out.jsonl'}")
    return "\n".join([*lines, f"head {found.head}"])
