"""What adapters share: whom they ask, and values of dataset columns as JSON.

a row of a trainer's dataset --json_value--> the JSON of a VerifyRequest
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from verifiers.errors import InvalidRequestError, VerifierError
from verifiers.types import Verdict, VerifyRequest

M = TypeVar("M", bound=BaseModel)


class BatchClient(Protocol):
    """`VerifierClient` and `LocalVerifierClient` are such clients."""

    async def verify_batch(self, requests: Sequence[VerifyRequest]) -> list[Verdict | VerifierError]: ...


def checked(model: type[M], fields: Mapping[str, Any]) -> M:
    """A `model` of these fields.

    Raises:
        InvalidRequestError: names the first field that does not fit.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"])) or "request"
        raise InvalidRequestError(f"{place}: {fault['msg']}") from error


def json_value(value: Any) -> JsonValue:
    """A column's value as plain JSON: arrays become lists, and the nulls that Arrow fills records with are
    left out.

    Raises:
        InvalidRequestError: the value holds something that JSON does not have.
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if hasattr(value, "tolist"):  # numpy, which parquet readers give; not imported for this
        return json_value(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items() if item is not None}
    if isinstance(value, Sequence):
        return [json_value(item) for item in value]
    raise InvalidRequestError(f"a column holds a {type(value).__name__}, which is not JSON: {value!r:.100}")


def json_object(value: Any) -> dict[str, JsonValue]:
    """`json_value` of a column that holds records; None is an empty one.

    Raises:
        InvalidRequestError: it holds something else.
    """
    found = {} if value is None else json_value(value)
    if not isinstance(found, dict):
        raise InvalidRequestError(f"expected a record of options, got {value!r:.100}")
    return found
