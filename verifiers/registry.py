"""Which verifiers there are, and which one grades what.

A name or a Guru `data_source` comes in, a verifier object comes out. Modules are imported on use, so that
asking for `math` does not load the sandboxes. Third parties are named by import path and need no
registration.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from verifiers.base import Verifier
from verifiers.errors import UnknownVerifierError, VerifierSetupError
from verifiers.types import VerifyRequest

VERIFIERS: dict[str, str] = {
    "math": "verifiers.math.verifier:MathVerifier",
    "code": "verifiers.code.verifier:CodeVerifier",
    "codeio": "verifiers.code.codeio:CodeIOVerifier",
    "cruxeval": "verifiers.code.cruxeval:CruxEvalVerifier",
    "zebra": "verifiers.puzzles.zebra:ZebraVerifier",
    "ordering": "verifiers.puzzles.ordering:OrderingVerifier",
    "graph": "verifiers.puzzles.graph:GraphVerifier",
    "arc": "verifiers.puzzles.arc:ArcVerifier",
    "table": "verifiers.table:TableVerifier",
    "choice": "verifiers.choice:ChoiceVerifier",
    "stem": "verifiers.stem:StemVerifier",
}

DATA_SOURCES: tuple[tuple[str, str], ...] = (
    ("math", "math"),
    ("codegen", "code"),
    ("simulation__codeio", "codeio"),
    ("simulation__cruxeval", "cruxeval"),
    ("simulation__arcagi", "arc"),
    ("simulation__barc", "arc"),
    ("logic__arcagi", "arc"),
    ("logic__barc", "arc"),
    ("logic__zebra_puzzle", "zebra"),
    ("logic__ordering_puzzle", "ordering"),
    ("logic__graph", "graph"),
    ("table", "table"),
    ("stem__gpqa", "choice"),
    ("stem__supergpqa", "choice"),
    ("stem_web", "stem"),
    ("stem__web", "stem"),
)
"""Guru's `data_source` prefixes. Files are called `logic__arcagi1` where the rows inside say
`simulation__arcagi1`, and repacks write `stem__web` for `stem_web`: both spellings are routed."""


def verifier_for(data_source: str) -> str:
    """The name of the verifier that grades rows of a Guru `data_source`.

    Raises:
        UnknownVerifierError: no prefix matches.
    """
    for prefix, name in DATA_SOURCES:
        if data_source.startswith(prefix):
            return name
    known = ", ".join(prefix for prefix, _ in DATA_SOURCES)
    raise UnknownVerifierError(f"no verifier for data_source {data_source!r}; known prefixes: {known}")


def requested_verifier(request: VerifyRequest) -> str:
    """The name a request asks for, directly or by its data_source."""
    if request.verifier is not None:
        return request.verifier
    assert request.data_source is not None  # VerifyRequest makes sure of it
    return verifier_for(request.data_source)


def load_verifier(name_or_path: str) -> Verifier:
    """Make the verifier of a name in `VERIFIERS`, or of a third party's `pkg.module:Class`.

    Only for operators: a path that came over HTTP is never given to this function.

    Raises:
        UnknownVerifierError: neither a known name nor an import path.
        VerifierSetupError: the path does not lead to a verifier.
    """
    path = VERIFIERS.get(name_or_path, name_or_path)
    module_name, separator, class_name = path.partition(":")
    if not separator:
        raise UnknownVerifierError(
            f"no verifier {name_or_path!r}; have {', '.join(VERIFIERS)}, or give a path pkg.module:Class"
        )
    try:
        verifier = getattr(importlib.import_module(module_name), class_name)()
    except (ImportError, AttributeError, TypeError) as error:
        raise VerifierSetupError(f"cannot load verifier {path!r}: {error}") from error
    if not isinstance(verifier, Verifier):
        raise VerifierSetupError(
            f"{path!r} is not a verifier: it needs the members of verifiers.base.Verifier; "
            "subclass that for the defaults"
        )
    return verifier


def plugin_table(plugins: Mapping[str, str], *, only: frozenset[str] | None = None) -> dict[str, str]:
    """Our table, narrowed to `only`, together with an operator's plug-ins: name -> `module:Class`.

    Raises:
        UnknownVerifierError: `only` names something that is not there.
    """
    table = VERIFIERS | dict(plugins)
    if only is None:
        return table
    if missing := sorted(only - set(table)):
        raise UnknownVerifierError(f"no verifier {', '.join(missing)}; have {', '.join(sorted(table))}")
    return {name: path for name, path in table.items() if name in only or name in plugins}
