"""One row of a Guru file as a problem.

    {data_source, prompt, reward_model, extra_info?, *_pass_rate?, ...} -> Problem, or RowError

Columns differ file by file: `extra_info` is missing from FinQA, `style` from stem_web's
`reward_model`, the pass rates are null or NaN where they were not measured.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue, ValidationError

from guru_data.config import GuruConfig
from guru_data.errors import MissingColumnError, RowError
from guru_data.guru.packed import unpacked, unpacked_column
from guru_data.guru.routes import route_of
from guru_data.guru.truths import TestCap, read_truth
from guru_data.problem import Message, Problem
from guru_data.splits import prompt_side

_PASS_RATE = "_pass_rate"
_FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def problem_of_row(
    row: Mapping[str, Any], file: str, number: int, config: GuruConfig, *, evaluation: bool = False
) -> Problem:
    """The problem in a row.

    Args:
        row: column -> plain Python value.
        file: the file's path below the data set's folder.
        number: the row's place in the file, from 0.
        evaluation: the file is one to evaluate on, so none of its rows is trained on.

    Raises:
        RowError: the row cannot become a problem; the subclass says why.
    """
    data_source = row.get("data_source")
    if not isinstance(data_source, str):
        raise MissingColumnError("no data_source")
    domain, verifier = route_of(data_source)
    reward_model = unpacked_column("reward_model", row.get("reward_model"))
    if "ground_truth" not in reward_model:
        raise MissingColumnError("no reward_model.ground_truth")
    info = unpacked_column("extra_info", row.get("extra_info"))
    prompt = _prompt(row)
    cap = TestCap(config.max_tests, config.max_test_chars)
    truth = read_truth(verifier, unpacked("ground_truth", reward_model["ground_truth"]), cap)
    try:
        return Problem(
            id=f"{file.removesuffix('.parquet')}/{number}",
            prompt=prompt,
            domain=domain,
            data_source=data_source,
            verifier=verifier,
            ground_truth=truth,
            extra=_code_extra(info, prompt) if verifier == "code" else {},
            source=f"{file}:{number}",
            licence=config.licence,
            split="heldout" if evaluation else prompt_side(prompt, heldout_share=config.heldout_share),
            difficulty=_difficulty(info),
            pass_rates=_pass_rates(row),
        )
    except ValidationError as error:
        fault = error.errors()[0]
        raise RowError(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error


def _prompt(row: Mapping[str, Any]) -> tuple[Message, ...]:
    """The chat messages; rows that say not to apply the chat template bring the whole prompt as text."""
    if row.get("apply_chat_template") is False:
        text = row.get("raw_prompt")
        if not isinstance(text, str) or not text:
            raise MissingColumnError("apply_chat_template is false and there is no raw_prompt")
        return (Message(role="user", content=text),)
    turns = row.get("prompt")
    if turns is None:
        raise MissingColumnError("no prompt")
    try:
        messages = tuple(Message(role=turn["role"], content=turn["content"]) for turn in turns)
    except (TypeError, KeyError, ValidationError) as error:
        raise RowError(f"prompt is not a list of messages with role and content: {error}") from error
    if not messages or not messages[-1].content.strip():
        raise RowError("prompt is empty")
    return messages


def _code_extra(info: Mapping[str, Any], prompt: tuple[Message, ...]) -> dict[str, JsonValue]:
    """What the code verifier takes of `extra_info`: imports put before a solution, and a solution."""
    extra: dict[str, JsonValue] = {}
    if isinstance(prefix := info.get("prefix"), str) and prefix:
        extra["extra_info"] = {"prefix": prefix}
    reference = info.get("reference")
    if isinstance(reference, str) and reference.strip():
        shown = _FENCE.findall(prompt[-1].content)
        if reference[0] in " \t" and shown:  # HumanEval's are bodies of the function that the prompt shows
            reference = f"{shown[-1].rstrip()}\n{reference}"
        extra["reference"] = reference
    return extra


def _difficulty(info: Mapping[str, Any]) -> str | None:
    stated = info.get("difficulty")
    return None if stated is None or stated == "" else str(stated)


def _pass_rates(row: Mapping[str, Any]) -> dict[str, float]:
    """Measured pass rates by model; null and NaN mean not measured."""
    rates = {
        column.removesuffix(_PASS_RATE): value for column, value in row.items() if column.endswith(_PASS_RATE)
    }
    return {
        model: float(rate)
        for model, rate in sorted(rates.items())
        if isinstance(rate, int | float) and not math.isnan(rate)
    }
