"""Steps on words of lower-case letters: reorder, replace, remove and repeat."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from string import ascii_lowercase

from guru_data.synthetic.pipelines.pipeline import Grammar, Step

_PLAIN: tuple[Step[str], ...] = (
    Step("reverse the text", "s[::-1]", lambda s: s[::-1]),
    Step("sort the letters", "''.join(sorted(s))", lambda s: "".join(sorted(s))),
    Step(
        "remove the vowels (a, e, i, o, u)",
        "''.join(c for c in s if c not in 'aeiou')",
        lambda s: "".join(c for c in s if c not in "aeiou"),
    ),
    Step("write each letter twice", "''.join(c * 2 for c in s)", lambda s: "".join(c * 2 for c in s)),
    Step("keep every second letter, beginning with the first", "s[::2]", lambda s: s[::2]),
    Step(
        "remove repeated letters, keeping the first of each",
        "''.join(dict.fromkeys(s))",
        lambda s: "".join(dict.fromkeys(s)),
    ),
    Step("append the text reversed", "s + s[::-1]", lambda s: s + s[::-1]),
)


def _replaced(rng: Random) -> Step[str]:
    old, new = rng.sample(ascii_lowercase, 2)
    return Step(
        f"replace every {old} by {new}", f"s.replace('{old}', '{new}')", lambda s: s.replace(old, new)
    )


def _removed(rng: Random) -> Step[str]:
    letter = rng.choice(ascii_lowercase)
    return Step(f"remove every {letter}", f"s.replace('{letter}', '')", lambda s: s.replace(letter, ""))


def _rotated(rng: Random) -> Step[str]:
    count = rng.randint(1, 4)
    letters = "letter" if count == 1 else f"{count} letters"
    return Step(
        f"move the first {letters} to the end", f"s[{count}:] + s[:{count}]", lambda s: s[count:] + s[:count]
    )


def _shifted(rng: Random) -> Step[str]:
    by = rng.randint(1, 25)
    return Step(
        f"move each letter {by} on in the alphabet, with a after z",
        f"''.join(chr((ord(c) - 97 + {by}) % 26 + 97) for c in s)",
        lambda s: "".join(chr((ord(c) - 97 + by) % 26 + 97) for c in s),
    )


def _framed(rng: Random) -> Step[str]:
    before, after = rng.sample(ascii_lowercase, 2)
    return Step(
        f"put {before} before and {after} behind the text",
        f"'{before}' + s + '{after}'",
        lambda s: before + s + after,
    )


_WITH_CHOICE: tuple[Callable[[Random], Step[str]], ...] = (_replaced, _removed, _rotated, _shifted, _framed)


def _draw_step(rng: Random) -> Step[str]:
    if rng.random() < 0.4:
        return rng.choice(_PLAIN)
    return rng.choice(_WITH_CHOICE)(rng)


def _draw_value(rng: Random) -> str:
    return "".join(rng.choices(ascii_lowercase, k=rng.randint(5, 9)))


TEXTS = Grammar(
    variable="s",
    draw_step=_draw_step,
    draw_value=_draw_value,
    probes=(
        "the", "quick", "brownfox", "jumps", "overlazydog", "packmybox", "withfive", "dozenliquor",
        "jugs", "sphinxof", "blackquartz", "judgemyvow", "aabbcc", "zyxwv", "mississippi", "abcdefghij",
        "klmnopqrst", "uvwxyzuvw",
    ),
)  # fmt: skip
