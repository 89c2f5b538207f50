"""Which clues leave exactly one arrangement, proved by z3: the one file that imports it.

    categories, positions, clues --z3: is another arrangement possible?--> enough of the clues

Of z3's answers only `unsat` counts, which is a fact and no matter of version or machine: the same clues
come out everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from guru_data.errors import SourceConfigError
from guru_data.synthetic.logic.clues import Categories, Clue, Positions

try:
    import z3
except ImportError as error:
    raise SourceConfigError(
        "these logic puzzles need z3 to prove them unique: pip install z3-solver"
    ) from error

_BITS = 5
"""Positions and their successors fit."""
_DEADLINE_MS = 10_000
"""Per question; what is not answered by then counts as not proved."""


def enough_clues(categories: Categories, positions: Positions, clues: Sequence[Clue]) -> list[Clue]:
    """Clues, in the given order, of which none can be left out.

    Args:
        positions: the arrangement that is to be the only one.
        clues: true of it; taken from the front until nothing else is possible.

    Raises:
        ValueError: all of them together leave other arrangements.
    """
    solver, places = _other_arrangement(categories, positions)
    switches: list[Any] = []
    for at, clue in enumerate(clues, start=1):
        switches.append(z3.Bool(f"clue {at}"))
        solver.add(z3.Implies(switches[-1], _condition(clue, places)))
        asked = at % (len(positions) // 2) == 0 or at == len(clues)  # too many clues cost less than questions
        if asked and _impossible(solver, switches):
            break
    else:
        raise ValueError("the clues leave more than one arrangement")
    needed = dict(zip(switches, clues, strict=False))
    for switch in switches:
        if _impossible(solver, [other for other in needed if other is not switch]):
            del needed[switch]
    return list(needed.values())


def _other_arrangement(categories: Categories, positions: Positions) -> tuple[Any, dict[str, Any]]:
    """A solver that looks for any arrangement but the given one, and its variables by item."""
    solver = z3.SolverFor("QF_FD")  # bit vectors over a few values: ten times as fast as integers
    solver.set("timeout", _DEADLINE_MS)
    places = {item: z3.BitVec(item, _BITS) for category in categories for item in category}
    for category in categories:
        of_category = [places[item] for item in category]
        solver.add([z3.ULT(place, len(category)) for place in of_category])
        solver.add(z3.Distinct(of_category))
    solver.add(z3.Or([place != positions[item] for item, place in places.items()]))
    return solver, places


def _impossible(solver: Any, switches: Any) -> bool:
    return bool(solver.check(*switches) == z3.unsat)


def _condition(clue: Clue, places: dict[str, Any]) -> Any:
    first = places[clue.first]
    second = places[clue.second] if isinstance(clue.second, str) else clue.second
    match clue.kind:
        case "at" | "same":
            return first == second
        case "apart":
            return first != second
        case "left_of":
            return z3.ULT(first, second)
        case "next_left":
            return first + 1 == second
        case "beside":
            return z3.Or(first + 1 == second, second + 1 == first)
        case "not_beside":
            return z3.And(first != second, first + 1 != second, second + 1 != first)
