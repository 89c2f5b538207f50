"""The card of an exported run: what the dataset holds, how it came about, and how to check it.

    folder + RunFacts --dataset_card--> rows by configuration, README.md

The front matter is JSON, which every YAML reader takes: names that somebody else chose cannot break out of
it. In the text they stand between backticks, as in `markdown.py`.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
from pydantic import JsonValue

from rlvr.audit.books.problems import read_problems
from rlvr.audit.books.schema import LEDGER_SCHEMA, PROBLEM_SCHEMA
from rlvr.audit.opinions.stored import OPINION_SCHEMA, opinion_files
from rlvr.audit.report.facts import RunFacts
from rlvr.audit.report.markdown import code

CARD_FILE = Path("README.md")

LICENCES = {
    "cc0-1.0": "cc0-1.0",
    "cc-by-4.0": "cc-by-4.0",
    "cc-by-sa-4.0": "cc-by-sa-4.0",
    "apache-2.0": "apache-2.0",
    "mit": "mit",
}
"""Those of problems, in small letters, by the name that the Hub has for them; all else is `other`."""

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
"""The Hub's classes of size, by what they end before."""

_ABOUT = {
    "rollouts": "One row per rollout that was *requested*, lost ones included.",
    "problems": "Each problem as it was asked; `id` is the rollouts' `problem_id`.",
    "verdicts": "Second opinions, never used for rewards; `row_hash` is that of the rollout.",
}

_GLOBS = {
    "rollouts": "ledger/*/*.parquet",
    "problems": "problems.parquet",
    "verdicts": "verdicts/*/*.parquet",
}

_SCHEMAS = {"rollouts": LEDGER_SCHEMA, "problems": PROBLEM_SCHEMA, "verdicts": OPINION_SCHEMA}


def dataset_card(folder: Path, facts: RunFacts) -> tuple[dict[str, int], str]:
    """The card of the books in `folder`, and how many rows each configuration has."""
    problems = read_problems(folder)
    licences = Counter[str](problems["licence"].to_pylist())
    rows = {"rollouts": facts.check.rows, "problems": problems.num_rows}
    if opinions := opinion_files(folder):
        rows["verdicts"] = sum(pq.read_metadata(file).num_rows for file in opinions)
    matter = json.dumps(_front_matter(facts, rows, licences), indent=2)
    return rows, f"---\n{matter}\n---\n\n{_text(facts, rows, licences)}"


def _front_matter(facts: RunFacts, rows: dict[str, int], licences: Counter[str]) -> dict[str, JsonValue]:
    known = {LICENCES.get(licence.lower(), "other") for licence in licences}
    return {
        "pretty_name": f"Rollouts of {facts.manifest.name}",
        "license": known.pop() if len(known) == 1 else "other",
        "tags": ["rlvr", "reinforcement-learning", "verifiable-rewards", "rollouts", "reward-audit"],
        "size_categories": [next((name for end, name in SIZES if rows["rollouts"] < end), "n>1M")],
        "configs": [
            {
                "config_name": name,
                "data_files": [{"split": "train", "path": _GLOBS[name]}],
                **({"default": True} if name == "rollouts" else {}),
            }
            for name in rows
        ],
    }


def _text(facts: RunFacts, rows: dict[str, int], licences: Counter[str]) -> str:
    balance = facts.summary.balance
    dropped = "".join(f" + {count} {code(reason)}" for reason, count in balance.dropped.most_common())
    return "\n".join(
        [
            f"# Rollouts of {code(facts.manifest.name)}",
            "",
            _origin(facts),
            "",
            f"- {balance.requested} rollouts requested = {balance.used} used{dropped}, "
            f"in {len(facts.summary.steps)} steps",
            *(f"- {count} {code(outcome)}" for outcome, count in facts.summary.totals.most_common()),
            f"- the audit's verdict is **{facts.level}**: "
            + ", ".join(f"{gate.title} {gate.level}" for gate in facts.gates_worst_first[:4]),
            *(f"- {count} problems under {code(licence)}" for licence, count in licences.most_common(10)),
            "",
            "Texts of models are as they came and may hold anything, markup and control characters included.",
            "",
            "## Check it",
            "",
            "The files are those of the run, unchanged. With the head from somewhere other than this page,",
            "",
            f"    rlvr audit check FOLDER --head {facts.check.head}",
            "",
            "finds any file or line that was changed, dropped or put in another order since.",
            "`rlvr audit report FOLDER`, `sql` and `regrade` work on it, too.",
            *(line for name in rows for line in _configuration(name, rows[name])),
            "",
        ]
    )


def _origin(facts: RunFacts) -> str:
    origin = facts.origin
    if origin.imported is not None:
        return (
            f"Imported from a dump of {code(origin.imported.format)}: {origin.imported.rows} rollouts, "
            f"{origin.imported.left_out} rows left out. Who trained what on them is not in the books."
        )
    return f"A training of {code(origin.model or 'a model')}, seed {origin.seed}, as `manifest.json` tells."


def _configuration(name: str, count: int) -> list[str]:
    columns = [f"| `{field.name}` | {field.type} |" for field in _SCHEMAS[name]]
    about = ["", f"## `{name}`: {count} rows", "", _ABOUT[name]]
    load = ["", f'    load_dataset(FOLDER, "{name}", split="train")']
    return [*about, *load, "", "| column | type |", "|---|---|", *columns]
