"""What goes into a verifier and what comes out: the two types that cross HTTP.

    VerifyRequest --verifier--> Verdict

Both are frozen pydantic models with the JSON shape of the REST service. Nothing here grades anything, and
nothing here knows about rewards: a verdict is a fact, a reward is a policy of the trainer.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

MAX_ANSWER_CHARS = 2_000
"""A longer extracted answer is cut in the verdict (never before it is compared): verdicts are stored by the
million."""


def without_lone_surrogates(value: Any) -> Any:
    r"""Replace lone surrogates (`"\ud800"` is legal JSON but not legal UTF-8), which no later step could
    encode, in a text or in all texts of a JSON value."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {without_lone_surrogates(key): without_lone_surrogates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_lone_surrogates(item) for item in value]
    return value


Text = Annotated[str, BeforeValidator(without_lone_surrogates)]
Evidence = Annotated[dict[str, JsonValue], AfterValidator(without_lone_surrogates)]


class VerifyRequest(BaseModel):
    """One response to grade against one reference.

    At least one of `verifier` (a name or a third party's `pkg.module:Class`) and `data_source` (Guru's
    string, routed to a verifier) must be given; `verifier` wins.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"verifier": "math", "response": r"so \boxed{42}", "ground_truth": "42"}]
        },
    )

    verifier: str | None = Field(default=None, max_length=200)
    data_source: str | None = Field(default=None, max_length=200)
    response: Text
    """What the model wrote, hostile until proven otherwise."""
    ground_truth: JsonValue
    """The reference; each verifier documents the shapes it takes."""
    prompt: Text | None = None
    extra: dict[str, JsonValue] = Field(default_factory=dict)
    """Options of this one problem, such as `time_limit_s`; keys a verifier does not know are ignored."""

    @model_validator(mode="after")
    def _names_a_verifier(self) -> Self:
        if self.verifier is None and self.data_source is None:
            raise ValueError("give a verifier name or a data_source")
        return self


class VerdictStatus(StrEnum):
    GRADED = "graded"
    """Compared with the reference; the score means something."""
    NO_ANSWER = "no_answer"
    """The response holds no answer in the asked form; the model's fault, score 0."""
    UNDECIDED = "undecided"
    """The verifier could not tell; nobody's fault, no score, never trained on."""


class Verdict(BaseModel):
    """What a verifier found. A fact about the response, not yet a reward.

    `score` is in [0, 1] and null if and only if the status is `undecided`. `verifier`, `version`, `digest`
    and `elapsed_ms` are filled in by `verifiers.grading.grade`, not by the verifier.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "status": "graded",
                    "score": 1.0,
                    "reason": "equal",
                    "answer": "42",
                    "evidence": {"stage": "text"},
                    "verifier": "math",
                    "version": "1",
                    "digest": "9f2c51d0a3b4",
                    "elapsed_ms": 0.1,
                }
            ]
        },
    )

    status: VerdictStatus
    score: float | None = Field(ge=0.0, le=1.0)
    reason: Text = Field(min_length=1)
    """A short code such as `equal`, `not_equal`, `no_boxed`, `candidate_timeout`, `answer_over_budget`."""
    answer: Text | None = None
    """What was taken from the response, cut to `MAX_ANSWER_CHARS`."""
    evidence: Evidence = Field(default_factory=dict)
    """A small object that lets a person see why, such as the stage that decided or the first failing test."""
    verifier: str = ""
    version: str = ""
    digest: str = ""
    elapsed_ms: float = Field(default=0.0, ge=0.0)
    """Wall time of the grading itself; waiting in a queue is not in it."""

    @model_validator(mode="after")
    def _score_fits_status(self) -> Self:
        if (self.score is None) != (self.status is VerdictStatus.UNDECIDED):
            raise ValueError(f"status {self.status} does not go with score {self.score}")
        if self.status is VerdictStatus.NO_ANSWER and self.score != 0.0:
            raise ValueError(f"no_answer scores 0, not {self.score}")
        return self

    @classmethod
    def graded(
        cls, score: float | bool, reason: str, answer: str | None = None, **evidence: JsonValue
    ) -> Self:
        """The answer was compared with the reference."""
        return cls(
            status=VerdictStatus.GRADED,
            score=float(score),
            reason=reason,
            answer=_cut(answer),
            evidence=evidence,
        )

    @classmethod
    def compared(cls, equal: bool, answer: str | None, **evidence: JsonValue) -> Self:
        """All or nothing: 1.0 `equal` or 0.0 `not_equal`."""
        return cls.graded(equal, "equal" if equal else "not_equal", answer, **evidence)

    @classmethod
    def no_answer(cls, reason: str, answer: str | None = None, **evidence: JsonValue) -> Self:
        """The response holds no answer in the asked form."""
        return cls(
            status=VerdictStatus.NO_ANSWER, score=0.0, reason=reason, answer=_cut(answer), evidence=evidence
        )

    @classmethod
    def undecided(cls, reason: str, answer: str | None = None, **evidence: JsonValue) -> Self:
        """The verifier could not tell."""
        return cls(
            status=VerdictStatus.UNDECIDED, score=None, reason=reason, answer=_cut(answer), evidence=evidence
        )


def _cut(answer: str | None) -> str | None:
    if answer is None or len(answer) <= MAX_ANSWER_CHARS:
        return answer
    return answer[: MAX_ANSWER_CHARS - 1] + "…"
