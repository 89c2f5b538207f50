r"""Find the program in a response.

    text --after </think>--> all code fences of the language, joined --> Program

Models explain one solution in several fences (imports here, a helper there), so all fences of the language or
without one count, in order. Nothing is parsed or run here: the names of functions and classes are read off
the line starts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from verifiers.extract import after_think, fences

MAX_SOURCE_CHARS = 200_000

_ALIASES = {
    "python": {"python", "python3", "py"},
    "cpp": {"cpp", "c++", "cc"},
    "javascript": {"javascript", "js"},
}
_FUNCTION = re.compile(r"^(?:async\s+)?def\s+(\w+)", re.MULTILINE)
_CLASS = re.compile(r"^class\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Program:
    """A candidate's source. `functions` and `classes` are the names it defines at its top level."""

    language: str
    source: str

    @property
    def functions(self) -> list[str]:
        return _FUNCTION.findall(self.source)

    @property
    def classes(self) -> list[str]:
        return _CLASS.findall(self.source)


def find_program(response: str, language: str) -> Program | None:
    """The program of a response; None where there is no code fence for the language."""
    accepted = _ALIASES.get(language, {language}) | {""}
    bodies = [body for tag, body in fences(after_think(response)) if (tag.split() or [""])[0] in accepted]
    source = "\n".join(body for body in bodies if body.strip())
    return Program(language, source) if source else None
