"""OpenRLHF's remote reward protocol: its bodies, and the response inside a query.

    {query, prompts, labels} --requests_of--> VerifyRequests
    verdicts --reply_of--> {rewards, scores, extra_logs}

`query` is prompt and response in one decoded text, special tokens included. A label is the reference, or an
object (or its JSON text) of `ground_truth` and, if they differ by row, `verifier`, `data_source` and `extra`.
A reward cannot be null there: an undecided verdict is an error, so that the trainer's own retries fire.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from verifiers.adapters.base import checked
from verifiers.errors import InvalidRequestError, UndecidedError
from verifiers.types import Text, Verdict, VerdictStatus, VerifyRequest

MIN_OVERLAP_CHARS = 16
"""A prompt that was cut on the left must still be recognised by this many characters of its end."""
MAX_SEARCHED_CHARS = 1_000_000
"""Of a prompt that was cut, no more than this is looked for, which takes about a second."""

_WORD = re.compile(r"\S+")
_SPECIAL = re.compile(
    r"(?:<\|[^<>|\s]{1,40}\|>|<｜[^<>｜\s]{1,40}｜>|</?s>|<(?:eos|bos|pad|end_of_turn)>|\[PAD\])\Z"
)
_SPECIAL_CHARS = 48


class RewardRequest(BaseModel):
    """What OpenRLHF posts: three lists of the same length."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "query": [
                        "<|im_start|>user\n6*7?<|im_end|>\n<|im_start|>assistant\n\\boxed{42}<|im_end|>"
                    ],
                    "prompts": ["<|im_start|>user\n6*7?<|im_end|>\n<|im_start|>assistant\n"],
                    "labels": ["42"],
                }
            ]
        }
    )

    query: list[Text] = Field(min_length=1)
    prompts: list[Text]
    labels: list[JsonValue]

    @model_validator(mode="after")
    def _one_of_each_per_sample(self) -> RewardRequest:
        if not len(self.query) == len(self.prompts) == len(self.labels):
            raise ValueError(
                "query, prompts and labels must be of one length, not "
                f"{len(self.query)}, {len(self.prompts)} and {len(self.labels)}"
            )
        return self


class RewardReply(BaseModel):
    """What OpenRLHF reads; every list has one number per sample."""

    rewards: list[float]
    scores: list[float]
    extra_logs: dict[str, list[float]]


class _Label(BaseModel):
    """A label that says more than the reference."""

    model_config = ConfigDict(extra="forbid")

    ground_truth: JsonValue
    verifier: str | None = None
    data_source: str | None = None
    extra: dict[str, JsonValue] = Field(default_factory=dict)


def requests_of(body: RewardRequest, verifier: str | None) -> list[VerifyRequest]:
    """One request per sample.

    Args:
        verifier: grades what a label does not route itself.

    Raises:
        InvalidRequestError: a query does not begin with its prompt, or nothing says who grades.
    """
    return [
        _request(response_in(query, prompt), prompt, _label(label), verifier)
        for query, prompt, label in zip(body.query, body.prompts, body.labels, strict=True)
    ]


def reply_of(verdicts: list[Verdict]) -> RewardReply:
    """The reply for verdicts in request order.

    Raises:
        UndecidedError: one of them has no score.
    """
    scores = []
    for verdict in verdicts:
        if verdict.score is None:
            raise UndecidedError(f"{verdict.verifier} could not tell ({verdict.reason})")
        scores.append(verdict.score)
    no_answer = [float(verdict.status is VerdictStatus.NO_ANSWER) for verdict in verdicts]
    return RewardReply(rewards=scores, scores=scores, extra_logs={"no_answer": no_answer})


def response_in(query: str, prompt: str) -> str:
    """What follows the prompt, without the special tokens that end it.

    Decoding may have changed the prompt's white space, and a long prompt is cut on the left: then the longest
    end of the prompt that the query begins with counts, white space aside.

    Raises:
        InvalidRequestError: the query does not begin with the prompt or enough of its end.
    """
    if query.startswith(prompt):
        return _without_special_tokens(query[len(prompt) :])
    dense_query, dense_prompt = "".join(query.split()), "".join(prompt.split())
    overlap = _overlap(dense_query, dense_prompt)
    if overlap < min(len(dense_prompt), MIN_OVERLAP_CHARS):
        raise InvalidRequestError(
            f"the query does not begin with its prompt: {query[:80]!r} after {prompt[-80:]!r}"
        )
    return _without_special_tokens(query[_end_of(overlap, query) :])


def _end_of(dense_chars: int, text: str) -> int:
    """Where the first so many characters of a text end, white space aside."""
    end = 0
    for word in _WORD.finditer(text):
        if dense_chars <= 0:
            break
        end = min(word.end(), word.start() + dense_chars)
        dense_chars -= end - word.start()
    return end


def _overlap(text: str, before: str) -> int:
    """Length of the longest beginning of `text` that `before` ends with, in linear time (Knuth, Morris,
    Pratt); unless it is all of `before`, no longer one than `MAX_SEARCHED_CHARS` is found."""
    if text.startswith(before):
        return len(before)
    before = before[-MAX_SEARCHED_CHARS:]
    pattern = text[: len(before)]
    borders = [0] * len(pattern)
    for index in range(1, len(pattern)):
        length = borders[index - 1]
        while length and pattern[index] != pattern[length]:
            length = borders[length - 1]
        borders[index] = length + (pattern[index] == pattern[length])
    matched = 0
    for char in before:
        while matched and (matched == len(pattern) or pattern[matched] != char):
            matched = borders[matched - 1]
        matched += bool(pattern) and pattern[matched] == char
    return matched


def _without_special_tokens(response: str) -> str:
    response = response.rstrip()
    while match := _SPECIAL.search(response[-_SPECIAL_CHARS:]):
        response = response[: len(response) - len(match[0])].rstrip()
    return response


def _label(label: JsonValue) -> _Label:
    stated: Any = label
    if isinstance(label, str) and label.lstrip().startswith("{"):
        try:
            stated = json.loads(label)
        except (ValueError, RecursionError):
            stated = label
    if isinstance(stated, dict) and "ground_truth" in stated:
        return checked(_Label, stated)
    return _Label(ground_truth=label)


def _request(response: str, prompt: str, label: _Label, verifier: str | None) -> VerifyRequest:
    named = label.verifier if label.verifier or label.data_source else verifier
    if named is None and label.data_source is None:
        raise InvalidRequestError(
            "say who grades: /get_reward?verifier=..., or labels with a verifier or a data_source"
        )
    return checked(
        VerifyRequest,
        {
            "verifier": named,
            "data_source": label.data_source,
            "response": response,
            "ground_truth": label.ground_truth,
            "prompt": prompt,
            "extra": label.extra,
        },
    )
