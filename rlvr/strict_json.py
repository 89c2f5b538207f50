"""JSON that every parser takes: a number that is not finite is null.

Python's `json` writes NaN and Infinity instead, which JSON does not have.
"""

from __future__ import annotations

import json
import math


def strict_json(value: object) -> str:
    """One line of JSON; NaN and infinities are null at any depth, what has no form in JSON its text."""
    return json.dumps(_finite(value), default=str, allow_nan=False)


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
