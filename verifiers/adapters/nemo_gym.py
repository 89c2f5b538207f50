"""NeMo-Gym's resources server protocol: its bodies, and the answer inside a Responses object.

    {responses_create_params, response, ground_truth, ...} --request_of--> VerifyRequest
    Verdict --reply_of--> the same body + reward + verdict

A row of a NeMo-Gym dataset carries `ground_truth` (or `expected_answer`), `verifier` or `data_source`, and
`extra` beside `responses_create_params`; whatever else it carries is echoed. A reward cannot be null there:
an undecided verdict is an error, so that the rollout counts as failed and not as wrong.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from verifiers.adapters.base import checked
from verifiers.adapters.messages import last_text
from verifiers.errors import InvalidRequestError, UndecidedError
from verifiers.types import Verdict, VerifyRequest, without_lone_surrogates

REVERIFY_MODE = "stateless"
"""A verdict depends on nothing but the request."""


class ResponseObject(BaseModel):
    """OpenAI's Responses object, as far as grading needs it; the rest is echoed."""

    model_config = ConfigDict(extra="allow")

    output: list[dict[str, JsonValue]]


class CreateParams(BaseModel):
    """What the model was asked, as far as grading needs it; the rest is echoed."""

    model_config = ConfigDict(extra="allow")

    input: str | list[dict[str, JsonValue]]


class GymRequest(BaseModel):
    """The body of `/verify`."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "responses_create_params": {"input": [{"role": "user", "content": "6*7?"}]},
                    "response": {
                        "output": [
                            {
                                "type": "message",
                                "role": "assistant",
                                "content": [{"type": "output_text", "text": "\\boxed{42}"}],
                            }
                        ]
                    },
                    "verifier": "math",
                    "ground_truth": "42",
                }
            ]
        },
    )

    responses_create_params: CreateParams
    response: ResponseObject
    ground_truth: JsonValue = None
    expected_answer: JsonValue = None
    verifier: str | None = Field(default=None, max_length=200)
    data_source: str | None = Field(default=None, max_length=200)
    extra: dict[str, JsonValue] = Field(default_factory=dict)


class GymReply(BaseModel):
    """The request, echoed, with its reward."""

    model_config = ConfigDict(extra="allow")

    reward: float
    verdict: Verdict


def request_of(body: GymRequest) -> VerifyRequest:
    """What to grade: the last thing the assistant said.

    Raises:
        InvalidRequestError: the row does not say who grades it.
    """
    if body.verifier is None and body.data_source is None:
        raise InvalidRequestError("a row must name its verifier or its data_source")
    said = [item for item in body.response.output if item.get("type") == "message"]
    return checked(
        VerifyRequest,
        {
            "verifier": body.verifier,
            "data_source": body.data_source,
            "response": last_text(said, "assistant"),
            "ground_truth": body.expected_answer if body.ground_truth is None else body.ground_truth,
            "prompt": last_text(body.responses_create_params.input, "user"),
            "extra": body.extra,
        },
    )


def reply_of(body: GymRequest, verdict: Verdict) -> dict[str, JsonValue]:
    """The body as it came, lone surrogates aside, with the reward.

    Raises:
        UndecidedError: the verdict has no score.
    """
    if verdict.score is None:
        raise UndecidedError(f"{verdict.verifier} could not tell ({verdict.reason})")
    sent = without_lone_surrogates(body.model_dump(mode="json", exclude_unset=True))
    return {**sent, "reward": verdict.score, "verdict": verdict.model_dump(mode="json")}
