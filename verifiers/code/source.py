r"""Find the program in a response.

    text --after </think>--> code fences of the language, joined --> Program

Models explain one solution in several fences (imports here, a helper there), so all fences of the language
count, in order; those without a language only where none has one, since a sample of the output has none
either. Two whole programs or an example of use are told from that by `joining.py`. Nothing is run here: the
names of functions and classes are read off the line starts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from verifiers.code.joining import MAX_SOURCE_CHARS, join_python
from verifiers.extract import after_think, fences

__all__ = ["MAX_SOURCE_CHARS", "Program", "find_program"]

_ALIASES = {
    "python": {"python", "python3", "py"},
    "cpp": {"cpp", "c++", "cc"},
    "javascript": {"javascript", "js"},
}
_LABEL = re.compile(r"[{.\s]*([a-z][a-z+#]*)[0-9.]*(?=[\s},:;=]|\Z)")
"""`python3.11`, `{.python}`, `py title="a.py"`: the language without its version."""
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


def find_program(response: str, language: str, *, stdio: bool = False) -> Program | None:
    """The program of a response; None where there is no code fence for the language.

    Args:
        stdio: it is judged by what it reads and prints, not by what its functions return.
    """
    blocks = [(_language(tag), body) for tag, body in fences(after_think(response)) if body.strip()]
    accepted = _ALIASES.get(language, {language})
    bodies = [body for tag, body in blocks if tag in accepted] or [body for tag, body in blocks if not tag]
    if not bodies:
        return None
    source = join_python(bodies, stdio=stdio) if language == "python" else "\n".join(bodies)
    return Program(language, source)


def _language(tag: str) -> str:
    match = _LABEL.match(tag)
    return tag if match is None else match[1]
