"""The data card: the manifest for people, as a README beside the files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from guru_data.visible import visible

CARD_FILE = "README.md"


def card_of(manifest: Mapping[str, Any]) -> str:
    """The card as Markdown; says nothing that the manifest does not."""
    rows, config = manifest["rows"], manifest["config"]
    share = config["clean"]["graded_programs"]
    sections = [
        "# Prepared training set",
        f"{rows['out']} problems ({_sides(manifest['splits'])}) of {rows['in']} rows. Made by "
        f"`python -m guru_data prepare`; every figure is from `manifest.json`.",
        "## Sources",
        _table(
            ("kind", "rows", "rejected", "files"),
            [
                (s["kind"], s["rows"], s["rejected"], ", ".join(f["name"] for f in s["files"]) or "made")
                for s in manifest["sources"]
            ],
        ),
        "## Problems by domain",
        _table(
            ("domain", "train", "held out"),
            [(name, n.get("train", 0), n.get("heldout", 0)) for name, n in manifest["domains"].items()],
        ),
        "## Rows removed",
        f"{rows['removed']} rows; each is in `removed.parquet` with its source, step, reason and detail.",
        _table(
            ("step", "reason", "rows"),
            [(step, why, n) for step, reasons in manifest["removed"].items() for why, n in reasons.items()],
        ),
        f"Compared with {manifest['benchmarks']['different_questions']} different benchmark questions.",
        "## References",
        f"Graded by their own verifiers; of programs a share of {share} was run, chosen by their ids.",
        _table(
            ("verifier", "outcome", "problems"),
            [(name, how, n) for name, hows in manifest["references"].items() for how, n in hows.items()],
        ),
        "## Difficulty",
        "Problems by pass rate, where it was measured.",
        _table(
            ("model", "pass rate", "problems"),
            [(model, band, n) for model, bands in manifest["bands"].items() for band, n in bands.items()],
        ),
        "## Licences",
        _table(("licence", "problems"), list(manifest["licences"].items())),
    ]
    return "\n\n".join(sections) + "\n"


def _sides(splits: Mapping[str, int]) -> str:
    return f"{splits.get('train', 0)} to train on, {splits.get('heldout', 0)} held out"


def _table(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    if not rows:
        return "None."
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(value: Any) -> str:
    """Data may hold names that would end the cell, or be a link or an image."""
    text = escape(visible(" ".join(str(value).split())), quote=False)
    return re.sub(r"([|`\[\\])", r"\\\1", text)
