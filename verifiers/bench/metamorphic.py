r"""Changes of a right response that must keep its verdict, and one that must flip it.

    \boxed{\frac{1}{2}}  --spacing, LaTeX variant, order of a set-->  still right
    \boxed{\frac{1}{2}}  --another digit-->  no longer right

Only responses that were called right are changed, so these say something that the labels do not: whether
a verdict hangs on how an answer happens to be written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pydantic import BaseModel, ConfigDict

from verifiers.bench.judging import Judged, sign
from verifiers.extract import last_box, last_tag
from verifiers.grading import Grader

Change = Callable[[str], str | None]
"""The changed response; None where the change does not apply to it."""

_LATEX_VARIANTS = (
    (re.compile(r"\\frac(?=\{)"), r"\\dfrac"),
    (re.compile(r"\\dfrac(?=\{)"), r"\\tfrac"),
    (re.compile(r"\\leq?(?![a-z])"), r"\\leqslant"),
    (re.compile(r"\\cdot(?![a-z])"), r"\\times"),
)
_SET = re.compile(r"\\\{([^{}()\[\]|:<>=\\]+(?:,[^{}()\[\]|:<>=\\]+)+)\\\}")
_DIGIT = re.compile(r"(?<![_\d.])\d")
_LETTER = re.compile(r"(?<![A-Za-z\\])[A-J](?![A-Za-z])")


class MetamorphicCheck(BaseModel):
    """How many changed responses got the verdict they should."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    held: int
    of: int
    broken: list[str]
    """Ids of the cases whose changed response got another verdict."""


def check_metamorphic(grader: Grader, judged: Sequence[Judged]) -> list[MetamorphicCheck]:
    """Every change on every case that was called right."""
    checks = []
    for name, changes, stays_right in _CHECKS:
        tried, broken = 0, []
        for one in judged:
            change = changes.get(one.case.verifier, changes.get(""))
            changed = change(one.case.response) if change and one.called_right else None
            if changed is None or changed == one.case.response:
                continue
            tried += 1
            if (sign(grader, one.case.request(changed))[1] == 1.0) != stays_right:
                broken.append(one.case.id)
        checks.append(MetamorphicCheck(name=name, held=tried - len(broken), of=tried, broken=broken))
    return [check for check in checks if check.of]


def _in_answer(change: Callable[[str], str]) -> Change:
    """Apply a change inside the last box, else inside the last answer tag."""

    def changed(response: str) -> str | None:
        box = last_box(response)
        content = box.content if box is not None else last_tag(response)
        if not content:
            return None
        end = len(response) if box is None else box.end
        start = response.rfind(content, 0, end)
        return response[:start] + change(content) + response[start + len(content) :]

    return changed


def _spaced(response: str) -> str:
    return f"  \n{response}\n\n"


def _latex_variant(content: str) -> str:
    for pattern, variant in _LATEX_VARIANTS:
        content = pattern.sub(variant, content)
    return rf"\displaystyle {content}" if "\\" in content else content


def _reordered(content: str) -> str:
    return _SET.sub(lambda match: rf"\{{{','.join(reversed(match[1].split(',')))}\}}", content)


def _other_digit(content: str) -> str:
    """The first digit that is not part of a subscript, made another one; not where words are the answer."""
    if "\\text" in content:
        return content
    return _DIGIT.sub(lambda match: str((int(match[0]) + 1) % 10), content, count=1)


def _other_last_digit(content: str) -> str:
    return re.sub(r"\d(?=\D*$)", lambda match: str((int(match[0]) + 1) % 10), content)


def _other_letter(content: str) -> str:
    return _LETTER.sub(lambda match: "B" if match[0] == "A" else "A", content, count=1)


def _other_last_word(content: str) -> str:
    return re.sub(r"[A-Za-z]{2,}(?=[^A-Za-z]*$)", lambda match: match[0] + "x", content)


def _other_result(response: str) -> str:
    """What a program returns or prints is something else."""
    changed = re.sub(r"\breturn (?!None)", "return 'not', ", response)
    return re.sub(r"\bprint\(", "print('not', ", changed)


_padded = _in_answer(lambda content: f" {content} ")

_CHECKS: tuple[tuple[str, dict[str, Change], bool], ...] = (
    ("spacing around it", {"": _spaced}, True),
    (
        "spacing inside",
        dict.fromkeys(("math", "choice", "table", "stem", "graph", "ordering", "zebra", "arc"), _padded),
        True,
    ),
    ("LaTeX variant", {"math": _in_answer(_latex_variant)}, True),
    ("order of a set", {"math": _in_answer(_reordered)}, True),
    (
        "another answer",
        {
            "math": _in_answer(_other_digit), "table": _in_answer(_other_digit),
            "stem": _in_answer(_other_digit), "arc": _in_answer(_other_last_digit),
            "choice": _in_answer(_other_letter), "graph": _in_answer(_other_last_word),
            "ordering": _in_answer(_other_last_word), "zebra": _in_answer(_other_digit),
            "code": _other_result,
        },
        False,
    ),
)  # fmt: skip
"""Name, the change per verifier ("" is any other), and whether a right answer stays right under it."""
