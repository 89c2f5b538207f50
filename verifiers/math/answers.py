r"""Read tokens into an answer: a value, or several in some order, an interval, a relation, a matrix, words.

    "x \in (-\infty, 3] \cup \{5\}"  ->  Labelled(x, Union(Group("(", "]", ...), Group("\{", ...)))

What stands at the top level decides: separators make a list, `=` and `<` a relation, `\cup` a union, brackets
a group. What is left is an expression with perhaps a unit. Text that is no mathematics becomes `Words`, which
equal only the same words.
"""

from __future__ import annotations

from fractions import Fraction

from verifiers.math.brackets import OPENING, closing_index, split_outside, without_outer_braces
from verifiers.math.derivatives import has_derivative
from verifiers.math.errors import OverBudgetError, UnreadableError
from verifiers.math.expressions import parse_expression
from verifiers.math.labels import is_label
from verifiers.math.shapes import (
    PLUS_INFINITY,
    Answer,
    Group,
    Matrix,
    Relation,
    Union,
    Value,
    Words,
)
from verifiers.math.tree import Expression, Number, Op, Symbol
from verifiers.math.units import read_unit

MAX_NESTING = 12

RELATIONS = frozenset(
    {"=", "<", ">", "<=", ">=", "!=", "\\approx", "\\in", "\\equiv", "\\to", "\\subset", "\\sim"}
)
_SEPARATORS = frozenset({",", ";", "'and", "'or", "&", "\\\\"})
_UNEVALUATED = frozenset({"\\int", "\\sum", "\\prod", "\\lim", "\\iint", "\\oint"})
_MATRICES = frozenset(f"\\begin:{kind}matrix" for kind in ("p", "b", "", "v", "B", "small")) | {
    "\\begin:array"
}
REALS = "\\mathbb:R"
_ALL_REALS = frozenset({"all real numbers", "all reals", "real numbers", "the real numbers", "all real x"})
_NOTHING = frozenset(
    ["\\emptyset", "empty set", "the empty set", "none"]
    + [f"no {which}solution{ending}" for which in ("", "real ") for ending in ("", "s")]
)
_POSITIVE = frozenset({f"{REALS}^+", f"{REALS}_+", f"{REALS}_>0"})
_NOT_NEGATIVE = frozenset({f"{REALS}_>=0", f"{REALS}_0^+", f"{REALS}^+_0"})
_INTEGERS = frozenset({"\\mathbb:Z", "\\mathbb:N", "\\mathbb:Q", REALS})


def parse_answer(tokens: list[str], depth: int = 0) -> Answer:
    """The meaning of an answer's tokens.

    Raises:
        OverBudgetError: too deep or too many parts.
    """
    if depth > MAX_NESTING:
        raise OverBudgetError(f"an answer nested deeper than {MAX_NESTING}")
    tokens = without_outer_braces(tokens)
    for read in (_named_set, _plus_minus, _separated, _ratio, _related, _joined, _bracketed, _matrix):
        answer = read(tokens, depth)
        if answer is not None:
            return answer
    return _value(tokens)


def _named_set(tokens: list[str], depth: int) -> Answer | None:
    """The reals, the positive ones and the empty set, in words or symbols."""
    if not tokens or len(tokens) > 7:
        return None
    name = " ".join(token.lstrip("'") for token in tokens)
    if name in _ALL_REALS:
        return Words((REALS,), False)
    if name in _NOTHING:
        return Group("\\{", (), "\\}")
    symbols = "".join(token for token in tokens if token not in ("{", "}"))
    if symbols in _POSITIVE or symbols in _NOT_NEGATIVE:
        return Group("(" if symbols in _POSITIVE else "[", (Value(Number(Fraction(0))), PLUS_INFINITY), ")")
    return None


def _plus_minus(tokens: list[str], depth: int) -> Answer | None:
    """`1 \\pm x` stands for two values; a list is split first, so that only its own parts are doubled."""
    if "\\pm" not in tokens and "\\mp" not in tokens:
        return None
    if len(split_outside(tokens, _SEPARATORS)[0]) > 1 or tokens[0] in OPENING:
        return None
    upper = {"\\pm": "+", "\\mp": "-"}
    lower = {"\\pm": "-", "\\mp": "+"}
    both = [
        parse_answer([signs.get(token, token) for token in tokens], depth + 1) for signs in (upper, lower)
    ]
    return Group("", tuple(both), "")


def _separated(tokens: list[str], depth: int) -> Answer | None:
    pieces, separators = split_outside(tokens, _SEPARATORS)
    if not separators:
        return None
    items = [parse_answer(piece, depth + 1) for piece in pieces if piece]
    items = [item for item in items if not _says_integer(item)] or items
    return Group("", tuple(_flattened(items)), "") if len(items) > 1 else items[0] if items else None


def _says_integer(item: Answer) -> bool:
    """`k \\in \\mathbb{Z}` behind a solution says what is meant anyway."""
    return (
        isinstance(item, Relation)
        and item.operators == ("\\in",)
        and item.side_tokens[1][0] in _INTEGERS
        and len(item.side_tokens[1]) == 1
    )


def _flattened(items: list[Answer]) -> list[Answer]:
    """A doubled value inside a list is two parts of the list."""
    flat: list[Answer] = []
    for item in items:
        flat += item.items if isinstance(item, Group) and not item.opening else (item,)
    return flat


def _ratio(tokens: list[str], depth: int) -> Answer | None:
    """`1:2:3`; with a single colon it is a quotient."""
    pieces, colons = split_outside(tokens, frozenset({":"}))
    if len(colons) < 2 or not all(pieces):
        return None
    return Group(":", tuple(parse_answer(piece, depth + 1) for piece in pieces), ":")


def _related(tokens: list[str], depth: int) -> Answer | None:
    pieces, operators = split_outside(tokens, RELATIONS)
    if not operators or any(token in _UNEVALUATED for token in tokens):
        return None
    if not all(pieces):
        return None
    sides = tuple(parse_answer(piece, depth + 1) for piece in pieces)
    return Relation(tuple(operators), sides, tuple(map(tuple, pieces)))


def _joined(tokens: list[str], depth: int) -> Answer | None:
    pieces, joints = split_outside(tokens, frozenset({"\\cup"}))
    if not joints or not all(pieces):
        return None
    return Union(tuple(parse_answer(piece, depth + 1) for piece in pieces))


def _bracketed(tokens: list[str], depth: int) -> Answer | None:
    outward = _outward_interval(tokens, depth)
    if outward is not None:
        return outward
    if len(tokens) > 2 and tokens[0].isupper() and tokens[0] != "C" and tokens[1] == "(" and "," in tokens:
        tokens = tokens[1:]  # a point and its name, A(3, -4)
    if tokens[:2] == ["'matrix", "("] and tokens[-1] == ")":
        tokens = tokens[2:-1]
    if not tokens or tokens[0] not in OPENING or closing_index(tokens, 0) != len(tokens) - 1:
        return None
    opening, closing, inner = tokens[0], tokens[-1], tokens[1:-1]
    if opening == "\\{":
        for bar in ("|", ":"):
            pieces, bars = split_outside(inner, frozenset({bar}))
            if len(bars) == 1 and any(token in RELATIONS for token in pieces[1]):
                name = split_outside(pieces[0], frozenset({"\\in"}))[0][0]
                if is_label(tuple(name)):
                    return parse_answer(pieces[1], depth + 1)
                return Group(opening, tuple(parse_answer(piece, depth + 1) for piece in pieces), closing)
    content = parse_answer(inner, depth + 1) if inner else Group("", (), "")
    if isinstance(content, Group) and not content.opening:
        return Group(opening, content.items, closing)
    if opening in ("\\{", "[") or isinstance(content, Relation | Group | Union | Matrix):
        return Group(opening, (content,), closing)
    return None if OPENING[opening] == closing else Group(opening, (content,), closing)


def _outward_interval(tokens: list[str], depth: int) -> Answer | None:
    """`]0, 1]`, as open ends are written in half of the world."""
    if len(tokens) < 5 or not (tokens[0] == "]" or (tokens[0] == "[" and tokens[-1] == "[")):
        return None
    inner = tokens[1:-1]
    if tokens[-1] not in ("[", "]") or "[" in inner or "]" in inner:
        return None
    ends, _ = split_outside(inner, frozenset({",", ";"}))
    if len(ends) != 2 or not all(ends):
        return None
    opening, closing = "(" if tokens[0] == "]" else "[", ")" if tokens[-1] == "[" else "]"
    return Group(opening, tuple(parse_answer(end, depth + 1) for end in ends), closing)


def _matrix(tokens: list[str], depth: int) -> Answer | None:
    if not tokens or tokens[0] not in _MATRICES or closing_index(tokens, 0) != len(tokens) - 1:
        return None
    if tokens[0] == "\\begin:vmatrix":
        return None
    inner = tokens[1:-1]
    if tokens[0] == "\\begin:array" and inner[:1] == ["{"]:
        inner = inner[(closing_index(inner, 0) or 0) + 1 :]
    rows = [
        split_outside(row, frozenset({"&"}))[0] for row in split_outside(inner, frozenset({"\\\\"}))[0] if row
    ]
    return (
        Matrix(tuple(tuple(parse_answer(cell, depth + 1) for cell in row) for row in rows)) if rows else None
    )


def _value(tokens: list[str]) -> Answer:
    """An expression; what cannot be part of one at its end is its unit."""
    words = Words(tuple(tokens), any(token in _UNEVALUATED for token in tokens) or has_derivative(tokens))
    if words.unevaluated or not tokens:
        return words
    end = next(
        (at for at, token in enumerate(tokens) if token.startswith("'") and len(token) > 1), len(tokens)
    )
    while end and tokens[end - 1] in ("(", "{") and end < len(tokens):
        end -= 1
    if end == 0:
        return words
    try:
        unit, factor = read_unit(tokens[end:])
        expression = parse_expression(list(tokens[:end]))
    except UnreadableError:
        return words
    expression, unit = _without_degrees(expression, unit)
    return Value(expression if factor == 1 else Op("mul", (expression, Number(factor))), unit)


def _without_degrees(expression: Expression, unit: str) -> tuple[Expression, str]:
    """Degrees are a unit at the end of an answer, of angles or, with a C or F behind, of temperatures."""
    if isinstance(expression, Op) and expression.name == "mul" and not unit:
        left, right = expression.operands
        if isinstance(left, Op) and left.name == "degrees" and right in (Symbol("C"), Symbol("F")):
            return left.operands[0], "degree"
    if isinstance(expression, Op) and expression.name == "degrees" and not unit:
        return expression.operands[0], "degree"
    return expression, unit
