"""Which domain a Guru row is of and which verifier grades it, told from its `data_source`.

Files and fields disagree: the file is called `logic__arcagi1` where its rows say
`simulation__arcagi1`, and repacks write `stem__web` for `stem_web`. The field decides. The verifiers'
own table of data sources says the same; a test compares the two.
"""

from __future__ import annotations

from typing import NamedTuple

from guru_data.errors import UnknownDataSourceError
from guru_data.problem import Domain


class Route(NamedTuple):
    """Where the rows of a data source go."""

    domain: Domain
    verifier: str


ROUTES: dict[str, Route] = {
    "math__": Route("math", "math"),
    "codegen__": Route("code", "code"),
    "simulation__codeio": Route("simulation", "codeio"),
    "simulation__cruxeval": Route("simulation", "cruxeval"),
    "simulation__arcagi": Route("logic", "arc"),
    "simulation__barc": Route("logic", "arc"),
    "logic__arcagi": Route("logic", "arc"),
    "logic__barc": Route("logic", "arc"),
    "logic__zebra_puzzle": Route("logic", "zebra"),
    "logic__ordering_puzzle": Route("logic", "ordering"),
    "logic__graph": Route("logic", "graph"),
    "table__": Route("table", "table"),
    "stem__gpqa": Route("science", "choice"),
    "stem__supergpqa": Route("science", "choice"),
    "stem_web": Route("science", "stem"),
    "stem__web": Route("science", "stem"),
}
"""By the beginning of the `data_source`; no beginning is the beginning of another."""


def route_of(data_source: str) -> Route:
    """The route of a `data_source`.

    Raises:
        UnknownDataSourceError: no route; the row cannot be graded.
    """
    for prefix, route in ROUTES.items():
        if data_source.startswith(prefix):
            return route
    raise UnknownDataSourceError(f"no verifier for data_source {data_source!r}; known: {', '.join(ROUTES)}")
