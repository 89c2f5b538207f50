"""`report.md`: the gates and the few numbers that belong into a pull request or a model card.

    RunFacts --as_markdown--> Markdown

Texts that somebody else chose (names, faults) go between backticks as they are visible, without backticks.
"""

from __future__ import annotations

from rlvr.audit.gates import Gate
from rlvr.audit.inert import visible
from rlvr.audit.report.facts import RunFacts
from rlvr.audit.report.headline import Movement
from rlvr.audit.report.measures import measure, number

CODE_CHARS = 200


def as_markdown(facts: RunFacts) -> str:
    """The report as Markdown, worst gates first."""
    balance = facts.summary.balance
    dropped = "".join(f" + {count} {code(reason)}" for reason, count in balance.dropped.most_common())
    movements = [movement for movement in (facts.reward, *facts.held_out) if movement is not None]
    return "\n".join(
        [
            f"# {facts.level}: run {code(facts.manifest.name)}",
            "",
            *(_moved(movement) for movement in movements),
            f"- {balance.requested} rollouts requested = {balance.used} used{dropped}",
            f"- head of the chain {code(facts.check.head)}",
            *(f"- fault: {code(fault)}" for fault in facts.check.faults[:5]),
            "",
            "| | gate | value | 95 % interval | warns above | fails above | n |",
            "|---|---|---:|---:|---:|---:|---:|",
            *(_line(gate) for gate in facts.gates_worst_first),
            "",
        ]
    )


def _line(gate: Gate) -> str:
    found = gate.found
    limits = (measure(gate.warn, gate.unit), "-" if gate.fail is None else measure(gate.fail, gate.unit))
    values = (
        ("-", "-", *limits, "0")
        if found is None
        else (
            measure(found.value, gate.unit),
            f"{number(found.low, gate.unit)} to {measure(found.high, gate.unit)}",
            *limits,
            f"{found.n}",
        )
    )
    return f"| {gate.level} | {gate.title} | {' | '.join(values)} |"


def _moved(movement: Movement) -> str:
    name = code(movement.name)
    return f"- {name} {movement.word}: {movement.before:.3f} at the start, {movement.after:.3f} at the end"


def code(text: str) -> str:
    plain = visible(text).replace("`", "'").replace("|", "/").replace("\n", " ").strip()
    return f"`{plain[:CODE_CHARS]}`"
