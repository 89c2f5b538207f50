"""The words of the answer language: which commands mean what, which mean nothing, what is a function or a
unit."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTIONS = _names(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth ln log lg exp sqrt abs floor ceil "
    "max min gcd lcm arcsinh arccosh arctanh factorial binom conjugate"
)
OPERANDS = {name: range(2, 100) for name in ("max", "min", "gcd", "lcm")} | {
    "log": range(1, 3), "binom": range(2, 3),
}  # fmt: skip
"""How many operands a function takes where that is not one."""
FUNCTION_SYNONYMS = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "arsinh": "arcsinh", "asinh": "arcsinh",
    "arcosh": "arccosh", "acosh": "arccosh", "artanh": "arctanh", "atanh": "arctanh", "tg": "tan",
    "ctg": "cot", "cosec": "csc", "arctg": "arctan", "ceiling": "ceil", "binomial": "binom",
}  # fmt: skip
DENIALS = _names(
    "not none never neither nor nothing cannot wrong incorrect false untrue invalid impossible "
    "undefined unknown except excluded excluding without rejected ruled fails fail"
)
NAMED = _names(
    "pi theta alpha beta gamma delta epsilon lambda mu sigma tau phi omega infty infinity Infinity inf oo"
)
WORDS = _names("and or if not yes no odd even true false none all cm mm km kg ft mph sec min hrs hr lb oz")

DROPPED = _names(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr middle displaystyle "
    "textstyle limits nolimits quad qquad enspace thinspace negmedspace negthickspace negthinspace "
    "medspace thickspace small large rm bf it cal hfill"
)
SYNONYMS = {
    "dfrac": "\\frac", "tfrac": "\\frac", "cfrac": "\\frac", "dbinom": "\\binom", "tbinom": "\\binom",
    "cdot": "*", "times": "*", "ast": "*", "div": "/", "le": "<=", "leq": "<=", "leqslant": "<=", "lt": "<",
    "ge": ">=", "geq": ">=", "geqslant": ">=", "gt": ">", "ne": "!=", "neq": "!=", "mid": "|", "vert": "|",
    "lvert": "|", "rvert": "|", "colon": ":", "rightarrow": "\\to", "longrightarrow": "\\to",
    "Rightarrow": "\\to", "Longrightarrow": "\\to", "implies": "\\to", "infinity": "\\infty",
    "Infinity": "\\infty", "oo": "\\infty", "inf": "\\infty", "lbrace": "\\{", "rbrace": "\\}",
    "lbrack": "[", "rbrack": "]",
    "varnothing": "\\emptyset", "approx": "\\approx", "simeq": "\\approx", "varphi": "\\phi",
    "varepsilon": "\\epsilon", "vartheta": "\\theta", "cap": "\\cap", "cup": "\\cup", "bigcup": "\\cup",
    "ldots": "\\dots", "cdots": "\\dots", "lceil": "\\lceil", "exponentialE": "e", "degree": "\\circ",
    "land": "'and", "lor": "'or", "R": "\\mathbb:R", "Reals": "\\mathbb:R", "reals": "\\mathbb:R",
    "arccot": "\\arccot", "deg": "\\circ",
}  # fmt: skip
TEXT_COMMANDS = _names(
    "text textbf textit textrm textsf texttt mathrm mathbf mathit mathsf mathcal mbox hbox operatorname "
    "bold boldsymbol"
)
WRAPPERS = _names("boxed fbox overline vec hat bar widehat ensuremath underline")
CHARACTERS = {
    "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=",
    "π": "\\pi", "∞": "\\infty", "√": "\\sqrt", "∪": "\\cup", "∩": "\\cap", "∈": "\\in", "∅": "\\emptyset",
    "ℝ": "\\mathbb:R", "±": "\\pm",
    "°": "\\circ", "≈": "\\approx", "θ": "\\theta", "α": "\\alpha", "β": "\\beta", "λ": "\\lambda",
    "，": ",", "；": ";", "－": "-", "：": ":", "（": "(", "）": ")", "’": "'", "′": "'",
}  # fmt: skip
GREEK = _names(
    "\\theta \\alpha \\beta \\gamma \\delta \\epsilon \\lambda \\mu \\nu \\xi \\rho \\sigma \\tau \\phi "
    "\\chi \\psi \\omega \\zeta \\eta \\kappa \\Delta \\Gamma \\Omega \\Phi \\Theta \\Lambda \\Sigma \\ell"
)
READABLE = GREEK | {f"\\{name}" for name in FUNCTIONS} | _names("\\frac \\sqrt \\pi \\infty \\circ \\pm \\mp")
"""Commands that the expression parser reads."""
ENDS_FACTOR = _names(
    "+ - * / , ; ) ] } \\} | = < > <= >= != : & \\\\ \\approx \\rfloor \\rceil \\bmod \\mod \\pm \\mp "
    "\\cup \\in \\to \\over \\choose"
)
"""Tokens that no factor of a product can start with."""
