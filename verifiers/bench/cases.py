r"""Labelled cases: responses whose right verdict somebody knows.

One JSON object per line, the same for the cases that come with the package and for a person's own labels:

    {"id": "math-units-007", "verifier": "math", "kind": "units", "response": "so \\boxed{12\\text{ m}}",
     "ground_truth": "12\\text{ cm}", "expected": "wrong"}

`expected` is `right` where the full score is deserved and `wrong` otherwise. `kind` (a word of the author's
choice, by which misses are summed up), `prompt` and `extra` may be left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from verifiers.errors import InvalidRequestError
from verifiers.types import Text, VerifyRequest


class LabelledCase(BaseModel):
    """One response, its reference, and what the verdict should be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    verifier: str = Field(min_length=1)
    kind: str = "any"
    response: Text
    ground_truth: JsonValue
    expected: Literal["right", "wrong"]
    prompt: Text | None = None
    extra: dict[str, JsonValue] = Field(default_factory=dict)

    def request(self, response: str | None = None) -> VerifyRequest:
        """What is sent to the verifier; with another response where one is given."""
        return VerifyRequest(
            verifier=self.verifier,
            response=self.response if response is None else response,
            ground_truth=self.ground_truth,
            prompt=self.prompt,
            extra=self.extra,
        )


def packaged_cases(names: Sequence[str]) -> list[LabelledCase]:
    """The cases that come with the package, for these verifiers; none for a third party's."""
    folder = files("verifiers.bench") / "cases"
    sources = [folder / f"{name}.jsonl" for name in names]
    return [case for source in sources if source.is_file() for case in _cases_of(source)]


def read_cases(path: Path) -> list[LabelledCase]:
    """The cases of a person's own file.

    Raises:
        InvalidRequestError: a line is not a labelled case, or an id occurs twice; names the line.
        OSError: the file cannot be read.
    """
    return list(_cases_of(path))


def _cases_of(source: Path | Traversable) -> Iterator[LabelledCase]:
    seen: set[str] = set()
    for number, line in enumerate(source.read_text(encoding="utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            case = LabelledCase.model_validate_json(line)
        except ValidationError as error:
            fault = error.errors(include_input=False)[0]
            where = ".".join(map(str, fault["loc"])) or "line"
            raise InvalidRequestError(f"{source.name}, line {number}: {where}: {fault['msg']}") from error
        if case.id in seen:
            raise InvalidRequestError(f"{source.name}, line {number}: id {case.id!r} occurs twice")
        seen.add(case.id)
        yield case
