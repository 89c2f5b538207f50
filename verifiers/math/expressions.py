r"""Read tokens into an expression tree: a bounded recursive-descent parser, no `eval`, no computer algebra.

    ["\frac", "1", "2", "x", "^", "2"]  ->  Mul(Div(1, 2), Pow(x, 2))

A node is `Number`, `Symbol`, or `Op` with a name and operands. Operators: add mul div neg pow, the functions
of `tokens.FUNCTIONS`, log (with a base as second operand), root, factorial, binom, mod, degrees, percent.
Sums, integrals, limits and derivatives are not read here: an answer that leaves one unevaluated is no final
answer.
"""

from __future__ import annotations

from fractions import Fraction

from verifiers.math.errors import OverBudgetError, UnreadableError
from verifiers.math.token_reader import TokenReader, read_integer, read_number
from verifiers.math.tree import Expression, Number, Op, Symbol, depth_of
from verifiers.math.vocabulary import ENDS_FACTOR, FUNCTIONS, GREEK, OPERANDS

MAX_TREE_DEPTH = 250
"""A sum of that many terms; evaluation descends as deep."""

_CLOSING = {
    "(": ")",
    "[": "]",
    "{": "}",
    "\\{": "\\}",
    "|": "|",
    "\\lfloor": "\\rfloor",
    "\\lceil": "\\rceil",
}


def parse_expression(tokens: list[str]) -> Expression:
    """Read all tokens as one expression.

    Raises:
        UnreadableError: they are not one expression of this language.
        OverBudgetError: nested too deep, or a number too long.
    """
    parser = _Parser(tokens)
    expression = parser.stacked()
    if parser.at < len(tokens):
        raise UnreadableError(f"{tokens[parser.at]!r} behind an expression")
    if depth_of(expression) > MAX_TREE_DEPTH:
        raise OverBudgetError(f"more than {MAX_TREE_DEPTH} operations upon each other")
    return expression


class _Parser(TokenReader):
    def __init__(self, tokens: list[str]) -> None:
        super().__init__(tokens)
        self._bars = 0

    def stacked(self) -> Expression:
        """A sum, or the old ways to set two over each other: `5 \\over 8`, `n \\choose k`."""
        upper = self.sum()
        if self._peek() not in ("\\over", "\\choose"):
            return upper
        name = "div" if self._take() == "\\over" else "binom"
        return Op(name, (upper, self.sum()))

    def sum(self) -> Expression:
        total = self._product()
        while self._peek() in ("+", "-"):
            sign = self._take()
            term = self._product()
            total = Op("add", (total, term if sign == "+" else Op("neg", (term,))))
        return total

    def _product(self) -> Expression:
        signs = 0
        while self._peek() in ("+", "-"):
            signs += self._take() == "-"
        result = last = self._factor(first=True)
        while True:
            token = self._peek()
            if token in ("*", "/", ":"):
                self._take()
                name = "mul" if token == "*" else "div"
                last = self._signed_factor()
                result = Op(name, (result, last))
            elif token in ("\\bmod", "\\mod"):
                self._take()
                result = Op("mod", (result, self._signed_factor()))
            elif token and token != "^" and (token not in ENDS_FACTOR or (token == "|" and not self._bars)):
                if token[0].isdecimal() and isinstance(last, Number):
                    raise UnreadableError("two numbers side by side")
                last = self._factor(first=token == "|")
                result = Op("mul", (result, last))
            else:
                return Op("neg", (result,)) if signs % 2 else result

    def _signed_factor(self) -> Expression:
        signs = 0
        while self._peek() in ("+", "-"):
            signs += self._take() == "-"
        factor = self._factor(first=True)
        return Op("neg", (factor,)) if signs % 2 else factor

    def _factor(self, *, first: bool) -> Expression:
        """An atom with its powers and postfix marks; an integer before a proper fraction is a mixed
        number."""
        base = self._atom(first=first)
        if isinstance(base, Number) and base.decimals is None:
            base = self._mixed(base)
        while True:
            token = self._peek()
            if token == "^":
                self._take()
                if self._peek() == "\\circ" or self._tokens[self.at : self.at + 3] == ["{", "\\circ", "}"]:
                    self.at += 1 if self._peek() == "\\circ" else 3
                    base = Op("degrees", (base,))
                else:
                    base = Op("pow", (base, self._exponent()))
            elif token == "!":
                self._take()
                base = Op("factorial", (base,))
            elif token == "\\circ":
                self._take()
                base = Op("degrees", (base,))
            elif token == "%":
                self._take()
                base = Op("percent", (base,))
            else:
                return base

    def _mixed(self, whole: Number) -> Expression:
        fraction = None
        if self._peek() == "\\frac":
            fraction = self._small_fraction(self.at + 1)
        elif self._peek().isdecimal() and self._peek(1) == "/" and self._peek(2).isdecimal():
            fraction = read_integer(self._peek()), read_integer(self._peek(2)), self.at + 3
        if fraction is None or not 0 < fraction[0] < fraction[1]:
            return whole
        numerator, denominator, self.at = fraction
        return Number(whole.value + Fraction(numerator, denominator))

    def _exponent(self) -> Expression:
        if self._peek() == "{":
            return self._group("{")
        self._go_deeper()
        signs = 0
        while self._peek() in ("+", "-"):
            signs += self._take() == "-"
        exponent = self._atom(first=True)
        if self._peek() == "^":  # 2^3^4 is 2^(3^4)
            self._take()
            exponent = Op("pow", (exponent, self._exponent()))
        self._depth -= 1
        return Op("neg", (exponent,)) if signs % 2 else exponent

    def _atom(self, *, first: bool) -> Expression:
        self._go_deeper()
        atom = self._read_atom(first=first)
        self._depth -= 1
        return atom

    def _read_atom(self, *, first: bool) -> Expression:
        token = self._take()
        if token[0].isdecimal() or (token[0] == "." and len(token) > 1):
            self._skip_base_ten()
            return read_number(token)
        if token in ("(", "[", "{", "\\{"):
            self.at -= 1
            return self._group(token)
        if (token == "|" and first) or token in ("\\lfloor", "\\lceil"):
            self._bars += token == "|"
            inner = self.sum()
            self._expect(_CLOSING[token])
            self._bars -= token == "|"
            return Op({"|": "abs", "\\lfloor": "floor", "\\lceil": "ceil"}[token], (inner,))
        if token == "\\frac":
            return Op("div", (self._argument(), self._argument()))
        if token == "\\binom" and self._peek() != "(":
            return Op("binom", (self._argument(), self._argument()))
        if token == "\\sqrt":
            return self._root()
        if token in ("\\pi", "\\infty", "e", "i"):
            return self._subscripted(token) if self._peek() == "_" else Symbol(token)
        if token[0] == "\\" and token[1:] in FUNCTIONS:
            return self._function(token[1:])
        if token == "C" and (chosen := self._combinations()) is not None:
            return chosen
        if (len(token) == 1 and token.isalpha()) or token in GREEK:
            return self._subscripted(token)
        raise UnreadableError(f"cannot read {token!r}")

    def _combinations(self) -> Expression | None:
        """`C_{10}^{3}` and `C(10, 3)` are ways to write a binomial coefficient; None for another C."""
        start = self.at
        if self._peek() == "(" and "," in self._tokens[start : start + 8]:
            return _applied("binom", self._function_arguments())
        scripts: dict[str, Expression] = {}
        while self._peek() in ("_", "^") and self._peek() not in scripts:
            mark = self._take()
            scripts[mark] = self._argument()
        if len(scripts) == 2:
            return Op("binom", (scripts["_"], scripts["^"]))
        self.at = start
        return None

    def _group(self, opening: str) -> Expression:
        self._go_deeper()
        self._expect(opening)
        bars, self._bars = self._bars, 0
        inner = self.stacked()
        self._bars = bars
        self._depth -= 1
        self._expect(_CLOSING[opening])
        return inner

    def _argument(self) -> Expression:
        """A braced argument, or one token; `\\frac12` and `\\frac{1}2` are one half."""
        if self._peek() == "{":
            return self._group("{")
        token = self._peek()
        if len(token) > 1 and token.isdecimal():
            self._tokens[self.at : self.at + 1] = list(token)
        return self._atom(first=True)

    def _root(self) -> Expression:
        if self._peek() == "[":
            index = self._group("[")
            return Op("root", (self._argument(), index))
        if self._peek() == "(":
            return Op("sqrt", (self._group("("),))
        return Op("sqrt", (self._argument(),))

    def _function(self, name: str) -> Expression:
        base = power = None
        while self._peek() in ("^", "_"):
            if self._take() == "^":
                power = self._exponent()
            else:
                base = self._argument()
        operands = self._function_arguments()
        if base is not None and name != "log":
            raise UnreadableError(f"{name} with a subscript")
        if base is not None:
            operands = (*operands, base)
        if power == Op("neg", (Number(Fraction(1)),)) and f"arc{name}" in FUNCTIONS:
            return _applied(f"arc{name}", operands)
        result = _applied(name, operands)
        return result if power is None else Op("pow", (result, power))

    def _function_arguments(self) -> tuple[Expression, ...]:
        if self._peek() in ("(", "[", "{", "\\{"):
            opening = self._take()
            operands = [self.sum()]
            while self._peek() == ",":
                self._take()
                operands.append(self.sum())
            self._expect(_CLOSING[opening])
            return tuple(operands)
        sign = self._peek() == "-" and self._take() == "-"
        result = self._factor(first=True)
        while self._peek() and self._peek() not in ENDS_FACTOR and self._peek()[1:] not in FUNCTIONS:
            result = Op("mul", (result, self._factor(first=False)))
        while self._peek() == "/" and self._peek(1)[:1].isdecimal():
            self._take()
            result = Op("div", (result, self._factor(first=True)))
        return (Op("neg", (result,)) if sign else result,)


def _applied(name: str, operands: tuple[Expression, ...]) -> Op:
    """A function of as many operands as it takes; what evaluates it relies on that."""
    if len(operands) not in OPERANDS.get(name, (1,)):
        raise UnreadableError(f"{name} of {len(operands)}")
    return Op(name, operands)
