r"""Find the part of a response that holds the answer, in time linear in its length.

    after_think    what follows the last </think>
    last_boxed     the content of the last \boxed{...} or \fbox{...}
    last_tag       the content of the last <answer>...</answer>
    fences         Markdown code fences: (language, body)

All of them are plain scans without backtracking, because a response may be a megabyte of braces. A closing
mark that is missing at the very end is forgiven: generation often stops right at `</answer>` or at the token
limit.
"""

from __future__ import annotations

from dataclasses import dataclass

BOX_COMMANDS = ("\\boxed", "\\fbox", "\\framebox")


@dataclass(frozen=True)
class Boxed:
    """A box found in a text: its content, and where the whole command starts and ends."""

    content: str
    start: int
    end: int


def after_think(response: str) -> str:
    """What follows the last `</think>`; the whole response where there is none."""
    return response.rpartition("</think>")[2]


def last_box(text: str, end: int | None = None) -> Boxed | None:
    r"""The last `\boxed{...}` that starts before `end`; `\boxed 7` boxes one token; an unclosed box takes the
    rest."""
    limit = len(text) if end is None else end
    start = max(text.rfind(command, 0, limit) for command in BOX_COMMANDS)
    if start < 0:
        return None
    position = start + 1
    while position < len(text) and text[position].isalpha():
        position += 1
    while position < len(text) and text[position] in " \t\n":
        position += 1
    if position >= len(text):
        return None
    if text[position] != "{":
        token = text[position:].split(maxsplit=1)[0].rstrip(".,;$")
        return Boxed(token, start, position + len(token))
    close = matching_brace(text, position)
    if close is None:
        return Boxed(text[position + 1 :].strip(), start, len(text))
    return Boxed(text[position + 1 : close].strip(), start, close + 1)


def last_boxed(text: str) -> str | None:
    r"""The content of the last `\boxed{...}`, or None; an empty box is an empty string."""
    box = last_box(text)
    return None if box is None else box.content


def matching_brace(text: str, open_at: int) -> int | None:
    r"""Index of the brace that closes the one at `open_at`; `\{` and `\}` do not count."""
    depth = 0
    position = open_at
    while position < len(text):
        char = text[position]
        if char == "\\":
            position += 2
            continue
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return None


def last_tag(text: str, tag: str = "answer") -> str | None:
    """The content of the last `<tag>...</tag>`, newlines included; an unclosed last tag takes the rest."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters change length in lower case; then positions would not fit
        lowered = text
    start = lowered.rfind(f"<{tag}>")
    if start < 0:
        return None
    start += len(tag) + 2
    end = lowered.find(f"</{tag}>", start)
    return text[start : end if end >= 0 else len(text)].strip()


def fences(text: str) -> list[tuple[str, str]]:
    """All Markdown code fences in order, as (lower-case language or "", body); an unclosed last one
    counts."""
    found: list[tuple[str, str]] = []
    language: str | None = None
    body: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        if language is None:
            opening = stripped.find("```")
            if opening >= 0:
                language, body = stripped[opening + 3 :].strip().lower(), []
                if language.endswith("```"):  # opened and closed on one line
                    found.append(("", language[:-3].strip()))
                    language = None
        elif stripped.startswith("```"):
            found.append((language, "\n".join(body)))
            language = None
        else:
            body.append(line)
    if language is not None:
        found.append((language, "\n".join(body)))
    return found


def unfenced(text: str) -> str:
    """The body of the last code fence if the text has one, else the text without surrounding backticks."""
    blocks = fences(text)
    return (blocks[-1][1] if blocks else text).strip().strip("`").strip()
