"""Questions for made Guru rows: varied texts with right references, of the lengths that real ones have."""

from __future__ import annotations

import json
from random import Random

WORDS = """
river garden lantern copper window market engine valley harbour ticket orchard signal bridge pencil
violin tunnel carpet mirror ladder basket rocket meadow anchor button castle desert forest glacier
hammer island jacket kettle lemon magnet needle oyster palace quarry ribbon saddle temple umbrella
velvet walnut yellow zipper amber beacon candle dragon ember falcon granite hollow ivory
""".split()  # noqa: SIM905 - sixty words are read more easily so
NAMES = ("Ann", "Bob", "Cal", "Dan", "Eve", "Fay", "Gus", "Ida", "Jon", "Kim", "Lea", "Max")


def story(rng: Random, words: int) -> str:
    """Sentences of random words; two of them are never near each other."""
    chosen = rng.choices(WORDS, k=words)
    sentences = [chosen[at : at + 9] for at in range(0, words, 9)]
    return " ".join(f"{rng.choice(NAMES)} sees the {' '.join(sentence)}." for sentence in sentences)


def sum_question(rng: Random) -> tuple[str, str]:
    """A word problem and its answer."""
    count, price, rest = rng.randint(12, 99), rng.randint(12, 99), rng.randint(100, 999)
    things = rng.choice(WORDS)
    question = (
        f"{story(rng, 30)} {rng.choice(NAMES)} buys {count} {things}s at ${price}$ coins each "
        f"and keeps {rest}. How many coins were there?"
    )
    return question, str(count * price + rest)


def function_task(rng: Random) -> tuple[str, str, str, list[tuple[int, int]]]:
    """A description, a function's name, its solution and (argument, result) pairs."""
    factor, offset = rng.randint(2, 99), rng.randint(1, 999)
    name = f"{rng.choice(WORDS)}_{rng.choice(WORDS)}"
    text = f"{story(rng, 60)} Multiply the given number by {factor} and add {offset}."
    solution = f"def {name}(x):\n    return {factor} * x + {offset}"
    pairs = [(x, factor * x + offset) for x in rng.sample(range(1000), 12)]
    return text, name, solution, pairs


def stdin_task(rng: Random, *, stress_chars: int) -> tuple[str, str, str]:
    """A description, a program, and its tests as Guru's JSON text, one in two with so many spaces more."""
    text, _, _, pairs = function_task(rng)
    (x0, y0), (x1, y1) = pairs[:2]
    factor = (y1 - y0) // (x1 - x0)
    program = f"print({factor} * int(input()) + {y0 - factor * x0})"
    inputs = [f"{' ' * (stress_chars * (at % 2))}{x}\n" for at, (x, _) in enumerate(pairs)]
    tests = {"inputs": inputs, "outputs": [f"{y}\n" for _, y in pairs]}
    return f"{text} Read it from stdin.", program, json.dumps(tests)


def table_question(rng: Random) -> tuple[str, str]:
    """A markdown table with a question about one cell, and the cell."""
    names, columns = rng.sample(WORDS, 6), rng.sample(WORDS, 3)
    cells = [[str(rng.randint(10, 9999)) for _ in columns] for _ in names]
    lines = [f"| item | {' | '.join(columns)} |", "|---" * 4 + "|"]
    lines += [f"| {name} | {' | '.join(row)} |" for name, row in zip(names, cells, strict=True)]
    row, column = rng.randrange(6), rng.randrange(3)
    question = f"what is the {columns[column]} of {names[row]}?"
    return "\n".join([*lines, "The question is:", question]), cells[row][column]
