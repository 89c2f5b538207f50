"""A run as a Hugging Face dataset: its own files, byte for byte, and a card.

    run directory --export_run--> FOLDER: README.md, ledger/, problems.parquet, verdicts/, manifest.json, ...

`datasets.load_dataset(FOLDER, "rollouts")` reads it, and since nothing is rewritten, `rlvr audit check FOLDER
--head HASH` proves it to whoever downloads it. What the card says stands in `dataset_card.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rlvr.audit.books.chain import CHAIN_FILE, parse_link
from rlvr.audit.books.manifest import LEFT_OUT_FILE
from rlvr.audit.books.metrics import METRICS_FILE
from rlvr.audit.books.problems import JOURNAL_FILE, PROBLEMS_FILE
from rlvr.audit.books.storage import write_whole
from rlvr.audit.exchange.dataset_card import CARD_FILE, dataset_card
from rlvr.audit.inert import visible
from rlvr.audit.opinions.stored import opinion_files
from rlvr.audit.report.facts import gather
from rlvr.errors import ConfigError, LedgerError


@dataclass(frozen=True, slots=True)
class Exported:
    """What was put into the folder."""

    head: str
    """Hash of the chain's last line."""
    rows: dict[str, int]
    """By configuration of the dataset."""
    files: int


def export_run(run_dir: Path, folder: Path) -> Exported:
    """Copy a finished run's books into `folder`, which is made, and write the card.

    Raises:
        ConfigError: `folder` holds something already.
        LedgerError: there is no run, it was not finished, or its books do not hold; nothing is written then.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} holds something already; give a folder that is not there")
    facts = gather(run_dir)
    if not facts.check.ok:
        raise LedgerError(f"the books of {run_dir} do not hold: {visible(facts.check.faults[0])}")
    if (run_dir / JOURNAL_FILE).exists() or not (run_dir / PROBLEMS_FILE).exists():
        raise LedgerError(f"{run_dir} was not finished: resume it, or wait for its end")
    files = list(_books(run_dir))
    try:
        for file in files:
            target = folder / file.relative_to(run_dir)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    except OSError as error:
        raise LedgerError(f"cannot write {folder}: {error.strerror}; make room and export again") from error
    rows, card = dataset_card(folder, facts)
    write_whole(folder / CARD_FILE, card.encode())
    return Exported(facts.check.head, rows, len(files) + 1)


def _books(run_dir: Path) -> Iterator[Path]:
    """The files that the chain seals (it was checked), itself, and what stands beside it."""
    chained = {run_dir / parse_link(line).file for line in (run_dir / CHAIN_FILE).read_bytes().splitlines()}
    beside = [run_dir / CHAIN_FILE, run_dir / METRICS_FILE, run_dir / LEFT_OUT_FILE, *opinion_files(run_dir)]
    yield from sorted(chained | {file for file in beside if file.exists()})
