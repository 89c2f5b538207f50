"""Questions planted among others: some rewritten and still the same, some changed and no longer so.

corpus(n) -> problems    REWRITES: still the same question    CHANGES: another question
LEAKS: ways in which a benchmark's question turns up in training data
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from guru_data import Message, Problem
from tests.guru_data.guru_texts import NAMES, WORDS

_FRAMES = (
    "A {a} company sells {x} {b}s for ${y} each. It gives away {z} of them. How much does the company earn?",
    "Let $f(x) = {x}x^2 + {y}x - {z}$. What is the largest value of $f$ between the {a} and the {b}?",
    "In triangle ABC the side AB is {x} and BC is {y}. The {a} of the {b} is $\\frac{{{z}}}{{7}}$. Find AC.",
    "{n} and {m} share {x} {a}s. {n} gets {y} more than {m}, who loses {z} in the {b}. How many has {m}?",
    "How many ways are there to put {x} {a}s into {y} boxes so that at least {z} boxes hold exactly one {b}?",
    "The {a} travels {x} km in {y} hours and the {b} needs {z} minutes longer. Which of them is faster?",
    "Find the remainder when ${x}^{{{y}}}$ is divided by {z}, where the {a} is counted before the {b}.",
    "Determine every integer k below {x} for which the {a} of k and {y} equals the {b} of k and {z}.",
)
_CLAUSES = (
    "The {a} stands near the {b}, where {n} has been waiting since the morning for the {c} to open.",
    "Nobody except {n} knows that the {a} was once painted in the colour of the {b} beside the {c}.",
    "It is known that {n} never leaves the {c} without taking the {a} and at least one {b} along.",
)


def question(rng: Random) -> str:
    words = dict(zip("abc", rng.sample(WORDS, 3), strict=True))
    numbers = {name: rng.randint(11, 997) for name in "xyz"}
    people = dict(zip("nm", rng.sample(NAMES, 2), strict=True))
    clauses = [clause.format(**words, **people) for clause in rng.sample(_CLAUSES, rng.randint(1, 2))]
    return " ".join([*clauses, rng.choice(_FRAMES).format(**words, **numbers, **people)])


def problem(name: str, text: str, reference: str, *, source: str = "made", verifier: str = "math") -> Problem:
    return Problem(
        id=name,
        prompt=(Message(role="user", content=text),),
        domain="math",
        data_source=source,
        verifier=verifier,
        ground_truth=reference,
        source=f"{source}:{name}",
        licence="CC0-1.0",
        split="train",
    )


def corpus(count: int, seed: int = 0) -> list[Problem]:
    rng = Random(f"corpus/{seed}")
    return [problem(f"{seed}/{at}", question(rng), str(rng.randint(2, 99))) for at in range(count)]


def _reflow(text: str, rng: Random) -> str:
    return re.sub(" ", lambda _: rng.choice([" ", " ", "\n", "  ", "\t"]), text)


def _recase(text: str, rng: Random) -> str:
    return rng.choice([text.upper(), text.lower(), text.title()])


def _restyle(text: str, rng: Random) -> str:
    plain = re.sub(r"\\frac\{(\d+)\}\{(\d+)\}", r"\1/\2", text).replace("$", "")
    return plain.replace(".", rng.choice([";", " .", "!"])).replace(",", " ,")


def _reframe(text: str, rng: Random) -> str:
    before = rng.choice(["", "Solve the following problem.\n\n", "**Question.** ", "7. "])
    return before + text + rng.choice([" Please reason step by step.", "\n\nAnswer:", " Show your work."])


def _reword(text: str, rng: Random) -> str:
    """One word in twelve is another."""
    words = text.split()
    places = [at for at, word in enumerate(words) if word.isalpha()]
    for at in rng.sample(places, max(1, len(words) // 12)):
        words[at] = rng.choice(WORDS)
    return " ".join(words)


def _renumber(text: str, rng: Random) -> str:
    """One number is another."""
    found = rng.choice(list(re.finditer(r"\d+", text)))
    return f"{text[: found.start()]}{int(found.group()) + rng.randint(1, 9)}{text[found.end() :]}"


def _turn_round(text: str, rng: Random) -> str:
    turned = [("largest", "smallest"), ("faster", "slower"), ("at least", "at most"), ("more", "less")]
    for old, new in turned:
        if old in text:
            return text.replace(old, new)
    return _renumber(text, rng)


def _truncate(text: str, rng: Random) -> str:
    words = text.split(" ")
    kept = max(14, round(len(words) * rng.uniform(0.6, 0.9)))
    return " ".join(words[:kept])


def _embed(text: str, rng: Random) -> str:
    return f"{question(rng)}\n\nNow to something else. {text}\n\nWrite {rng.randint(2, 9)} lines."


def _turn_options(text: str, rng: Random) -> str:
    """Options A) B) C) become (1) (2) (3)."""
    return re.sub(r"^([A-E])\)", lambda match: f"({ord(match.group(1)) - 64})", text, flags=re.MULTILINE)


def with_options(text: str, rng: Random) -> str:
    options = rng.sample(WORDS, 4)
    return "\n".join([text, *(f"{letter}) {option}" for letter, option in zip("ABCD", options, strict=True))])


REWRITES: dict[str, Callable[[str, Random], str]] = {
    "reflow": _reflow,
    "recase": _recase,
    "restyle": _restyle,
    "reframe": _reframe,
    "reword": _reword,
}
CHANGES: dict[str, Callable[[str, Random], str]] = {"renumber": _renumber, "turn-round": _turn_round}
LEAKS: dict[str, Callable[[str, Random], str]] = REWRITES | {
    "truncate": _truncate,
    "embed": _embed,
    "options": _turn_options,
}
