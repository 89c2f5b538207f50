"""Ask a judge: any OpenAI-compatible endpoint, `POST {url}/chat/completions`, at temperature 0."""

from __future__ import annotations

import json
import time

import httpx
from pydantic import BaseModel, Field, ValidationError

from verifiers.address import authorization, checked_url, shown
from verifiers.errors import VerifierUnavailableError
from verifiers.judge import JudgeConfig, JudgeError, judge_messages, read_ruling
from verifiers.posting import post
from verifiers.retrying import TRANSIENT_STATUS, Attempts

MAX_REPLY_TOKENS = 2_048


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)


class Judge:
    """Asks one endpoint.

    Args:
        deadline_s: for one ruling, retries included.

    Raises:
        VerifierSetupError: the URL or the token is none that a request can be made with.
    """

    def __init__(self, config: JudgeConfig, *, deadline_s: float) -> None:
        self._config = config
        self._deadline_s = deadline_s
        headers = {"Content-Type": "application/json", **authorization(config.token)}
        self._http = httpx.Client(base_url=checked_url(config.url), headers=headers)

    def same_meaning(self, answer: str, reference: str, question: str) -> bool:
        """The judge's ruling.

        Raises:
            JudgeError: there is none; the message says why.
        """
        response = self._post(judge_messages(answer, reference, question))
        if response.status_code != 200:
            raise JudgeError(f"HTTP {response.status_code}")
        try:
            completion = _Completion.model_validate_json(response.content)
        except ValidationError as error:
            raise JudgeError("the reply is not a chat completion") from error
        choice = completion.choices[0]
        if choice.finish_reason not in ("stop", None):
            raise JudgeError(f"the reply ended by {choice.finish_reason}")
        return read_ruling(choice.message.content or "")

    def close(self) -> None:
        self._http.close()

    def _post(self, messages: list[dict[str, str]]) -> httpx.Response:
        body = {
            "model": self._config.model,
            "messages": messages,
            "temperature": 0,
            "max_tokens": MAX_REPLY_TOKENS,
        }
        attempts = Attempts(shown(self._http.base_url), deadline=time.monotonic() + self._deadline_s)
        try:
            return post(self._http, "/chat/completions", json.dumps(body).encode(), attempts, _is_transient)
        except VerifierUnavailableError as error:
            raise JudgeError(str(error)) from error


def _is_transient(response: httpx.Response) -> bool:
    return response.status_code in TRANSIENT_STATUS
