"""Two runs side by side, as tables for a terminal or as JSON.

RunDiff --told_diff--> text        RunDiff --diff_data--> plain data
"""

from __future__ import annotations

from pydantic import JsonValue

from rlvr.audit.asking.sql import Answer, as_table
from rlvr.audit.diff import RunDiff

SHOWN_FLIPS = 15


def told_diff(found: RunDiff) -> str:
    """Every part that has something to say, under its heading."""
    total = sum(found.confusion.values())
    verdicts = f"Responses graded in both runs: {total}, McNemar p = {found.p_value:.3g}"
    parts = [
        ("Made differently", _table("what", found.made)),
        ("Numbers", _table("what", found.numbers)),
        ("Reward over problems of both runs", _shifts(found)),
        (verdicts, Answer(("A", "B", "n"), [(*pair, n) for pair, n in sorted(found.confusion.items())])),
        ("Verdicts that differ", _flips(found)),
        ("Gates", _table("gate", found.gates)),
    ]
    shown = [f"{title}\n{as_table(table)}" for title, table in parts if table.rows]
    return "\n\n".join(shown)


def diff_data(found: RunDiff) -> dict[str, JsonValue]:
    """The same for programs."""
    return {
        "made": {name: list(pair) for name, pair in found.made.items()},
        "numbers": {name: list(pair) for name, pair in found.numbers.items()},
        "reward_by_source": [
            {
                "data_source": shift.data_source,
                "problems": shift.problems,
                "a": shift.before,
                "b": shift.after,
                "stderr": shift.stderr,
            }
            for shift in found.shifts
        ],
        "confusion": [[*pair, n] for pair, n in sorted(found.confusion.items())],
        "mcnemar_p": found.p_value,
        "flips": [[*flip, n] for flip, n in found.flips.most_common()],
        "gates": {name: list(pair) for name, pair in found.gates.items()},
    }


def _table(
    what: str, pairs: dict[str, tuple[str, str]] | dict[str, tuple[float | None, float | None]]
) -> Answer:
    return Answer((what, "A", "B"), [(name, *pair) for name, pair in pairs.items()])


def _shifts(found: RunDiff) -> Answer:
    rows: list[tuple[object, ...]] = [
        (one.data_source, one.problems, one.before, one.after, one.after - one.before, one.stderr)
        for one in found.shifts
    ]
    return Answer(("data_source", "problems", "A", "B", "change", "stderr"), rows)


def _flips(found: RunDiff) -> Answer:
    rows: list[tuple[object, ...]] = [(*flip, n) for flip, n in found.flips.most_common(SHOWN_FLIPS)]
    return Answer(("verifier", "reason_A", "B", "reason_B", "n"), rows)
