r"""Whether two answers are equal: values by value, sets in any order, intervals with their ends, words by
word.

Policies, all on the strict side: units must agree where both have one; p% is p/100; several values are not
one value, so naming alternatives is wrong; an integral, sum or limit left unevaluated equals no value; a
label (`x =`) is not part of an answer, but an equation is not its right-hand side.
"""

from __future__ import annotations

from collections.abc import Sequence

from verifiers.math.answers import parse_answer
from verifiers.math.brackets import OPENING
from verifiers.math.errors import UnreadableError
from verifiers.math.labels import function_variable, same_name
from verifiers.math.meanings import is_solved, meaning, named_value, total
from verifiers.math.regions import is_region, pieces_of
from verifiers.math.relations import as_interval, same_relation
from verifiers.math.same_quantity import same_quantity
from verifiers.math.same_value import same_value
from verifiers.math.shapes import Answer, Group, Matrix, Relation, Union, Value, Words
from verifiers.math.tree import Op, symbols_of
from verifiers.math.vocabulary import READABLE

_ARTICLES = frozenset({"'a", "'an", "'the", "'is", "'are"})


def same_answer(reference: Answer, answer: Answer) -> bool:
    """Whether the answer equals the reference.

    Raises:
        UnreadableError: it cannot be told here.
        OverBudgetError: computing one of them would take too much.
    """
    if reference == answer:
        return True
    if is_region(reference) or is_region(answer):
        pieces = pieces_of(reference), pieces_of(answer)
        if pieces[0] is not None and pieces[1] is not None:
            return _same_in_any_order(pieces[0], pieces[1])
    if isinstance(reference, Relation) or isinstance(answer, Relation):
        return _same_with_relations(reference, answer)
    reference, answer = _unwrapped(reference), _unwrapped(answer)
    if isinstance(reference, Words) or isinstance(answer, Words):
        return _same_words(reference, answer)
    if isinstance(reference, Value) and isinstance(answer, Value):
        return same_quantity(reference, answer)
    if isinstance(reference, Union) and isinstance(answer, Union):
        return _same_in_any_order(reference.parts, answer.parts)
    return _same_collections(reference, answer)


def _unwrapped(answer: Answer) -> Answer:
    """`[-3]` and `\\{-3\\}` are ways to write -3."""
    while isinstance(answer, Group) and len(answer.items) == 1:
        answer = answer.items[0]
    return answer


def _same_words(reference: Answer, answer: Answer) -> bool:
    unevaluated = [isinstance(side, Words) and side.unevaluated for side in (reference, answer)]
    if unevaluated == [False, True]:
        return False
    both_words = isinstance(reference, Words) and isinstance(answer, Words)
    if both_words and not any(unevaluated) and _plain_words(reference) == _plain_words(answer):
        return True
    if any(unevaluated) or _has_unknown_mathematics(reference) or _has_unknown_mathematics(answer):
        raise UnreadableError("not in the language of the bounded parser")
    return False


def _plain_words(words: Answer) -> list[str]:
    assert isinstance(words, Words)
    return [
        token for token in words.tokens if token not in _ARTICLES and token not in ("{", "}", "(", ")", ".")
    ]


def _has_unknown_mathematics(answer: Answer) -> bool:
    """Whether a computer algebra system may know more: a command among the tokens that the parser does not
    read. What it could not read although it knows all commands is no mathematics."""
    return isinstance(answer, Words) and any(
        token.startswith("\\") and len(token) > 2 and token not in READABLE for token in answer.tokens
    )


def _same_collections(reference: Answer, answer: Answer) -> bool:
    if isinstance(reference, Matrix) or isinstance(answer, Matrix):
        reference, answer = _rows_as_matrix(reference), _rows_as_matrix(answer)
    if isinstance(reference, Matrix) and isinstance(answer, Matrix):
        return len(reference.rows) == len(answer.rows) and all(
            map(_same_in_order, reference.rows, answer.rows)
        )
    wanted, given = _as_group(reference), _as_group(answer)
    if wanted is None or given is None:
        return False
    if wanted.opening == given.opening == "\\{":
        return _same_set(wanted.items, given.items)
    if len(wanted.items) != len(given.items):
        return False
    if ":" in (wanted.opening, given.opening):
        return wanted.opening == given.opening and _proportional(wanted.items, given.items)
    if "" in (wanted.opening, given.opening) and (_is_interval(wanted) or _is_interval(given)):
        return False  # an interval is not its two ends
    if "" in (wanted.opening, given.opening) and "(" not in (wanted.opening, given.opening):
        return _same_in_any_order(wanted.items, given.items)
    if "\\{" in (wanted.opening, given.opening):
        return False
    brackets = _brackets(wanted), _brackets(given)
    if len(wanted.items) == 2 and "" not in (wanted.opening, given.opening) and brackets[0] != brackets[1]:
        return False
    return _same_in_order(wanted.items, given.items)


def _rows_as_matrix(answer: Answer) -> Answer:
    """`[[1, 2], [3, 4]]` beside a matrix is one."""
    if not isinstance(answer, Group) or answer.opening != "[":
        return answer
    rows = [item for item in answer.items if isinstance(item, Group) and item.opening == "["]
    return Matrix(tuple(row.items for row in rows)) if len(rows) == len(answer.items) else answer


def _is_interval(group: Group) -> bool:
    """`[1, 2)`, and `[1, 2]` too, as math-verify reads it; `(1, 2)` is more often a point."""
    half_open = bool(group.opening) and OPENING.get(group.opening) != group.closing
    return half_open or (group.opening == "[" and len(group.items) == 2)


def _brackets(group: Group) -> tuple[str, str]:
    return ("(", ")") if group.opening == "\\langle" else (group.opening, group.closing)


def _proportional(reference: Sequence[Answer], answer: Sequence[Answer]) -> bool:
    """Whether two ratios of several terms are the same: 1:2:3 and 2:4:6."""
    values = [item.expression for item in (*reference, *answer) if isinstance(item, Value)]
    if len(reference) != len(answer) or len(values) != 2 * len(reference):
        return False
    wanted, given = values[: len(reference)], values[len(reference) :]
    return all(
        same_value(Op("mul", (a, given[0])), Op("mul", (b, wanted[0])))
        for a, b in zip(wanted, given, strict=True)
    )


def _as_group(answer: Answer) -> Group | None:
    """A row or column is a tuple; a single value is no collection."""
    if isinstance(answer, Group):
        return answer
    if isinstance(answer, Matrix):
        if len(answer.rows) == 1:
            return Group("(", answer.rows[0], ")")
        if all(len(row) == 1 for row in answer.rows):
            return Group("(", tuple(row[0] for row in answer.rows), ")")
    return None


def _same_in_order(reference: Sequence[Answer], answer: Sequence[Answer]) -> bool:
    return len(reference) == len(answer) and all(map(same_answer, reference, answer))


def _same_in_any_order(reference: Sequence[Answer], answer: Sequence[Answer]) -> bool:
    if len(reference) != len(answer):
        return False
    left = list(answer)
    for wanted in reference:
        match = next((given for given in left if same_answer(wanted, given)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _same_set(reference: Sequence[Answer], answer: Sequence[Answer]) -> bool:
    """A set is the same however often an element is written."""
    return all(any(same_answer(wanted, given) for given in answer) for wanted in reference) and all(
        any(same_answer(wanted, given) for wanted in reference) for given in answer
    )


def _same_with_relations(reference: Answer, answer: Answer) -> bool:
    if isinstance(reference, Relation) and isinstance(answer, Relation):
        named = _both_named(reference, answer)
        if named is not None:
            return named
        intervals = [as_interval(side) or named_value(side) for side in (reference, answer)]
        if intervals[0] is not None and intervals[1] is not None:
            return intervals[0] == intervals[1] or _same_collections(intervals[0], intervals[1])
        if is_solved(reference) and meaning(answer) is None:
            return False  # the question, or a step on the way
        return same_relation(reference, answer)
    interval = as_interval(reference if isinstance(reference, Relation) else answer)  # type: ignore[arg-type]
    other = answer if isinstance(reference, Relation) else reference
    if interval is not None and isinstance(other, Group) and other.opening in ("", "\\{"):
        return False  # an interval is not its two ends
    if isinstance(reference, Value) and isinstance(answer, Relation) and not symbols_of(reference.expression):
        stated = total(answer)
        if stated is not None:
            return same_quantity(reference, stated)
    meanings = [meaning(side) if isinstance(side, Relation) else side for side in (reference, answer)]
    if meanings[0] is None or meanings[1] is None:
        return False
    return same_answer(meanings[0], meanings[1])


def _both_named(reference: Relation, answer: Relation) -> bool | None:
    """Compare `label = value` with `label = value`; None where one of them is not of that form."""
    wanted, given = named_value(reference), named_value(answer)
    if wanted is None or given is None:
        return None
    names = reference.side_tokens[0], answer.side_tokens[0]
    if not same_name(*names):
        swapped = (
            (reference.side_tokens[0], reference.side_tokens[-1]),
            (answer.side_tokens[-1], answer.side_tokens[0]),
        )
        return len(reference.sides) == len(answer.sides) == 2 and swapped[0] == swapped[1]
    variables = function_variable(names[0]), function_variable(names[1])
    if variables[0] != variables[1] and None not in variables:
        renamed = [variables[0] if token == variables[1] else token for token in answer.side_tokens[-1]]
        given = parse_answer([token for token in renamed if token is not None])
    return same_answer(wanted, given)
