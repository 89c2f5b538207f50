"""Grade requests in this process: the one place where a verdict is stamped with who gave it.

    VerifyRequest --name or data_source--> Verifier --> Verdict + verifier, version, digest, elapsed_ms

Used by worker processes and by libraries. Killing what takes too long is left to
`verifiers.workers`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from verifiers.base import Verifier
from verifiers.digest import digest
from verifiers.errors import UnknownVerifierError, VerifierSetupError
from verifiers.registry import load_verifier, plugin_table, requested_verifier
from verifiers.types import Verdict, VerifyRequest


class Grader:
    """A set of verifiers, each made when it is first asked for.

    Args:
        table: name -> `module:Class`, usually from `registry.plugin_table`; None is every verifier of ours.
    """

    def __init__(self, table: Mapping[str, str] | None = None) -> None:
        self._table = dict(plugin_table({}) if table is None else table)
        self._made: dict[str, tuple[Verifier, str]] = {}

    @property
    def names(self) -> list[str]:
        return sorted(self._table)

    def verifier(self, name: str) -> Verifier:
        return self._get(name)[0]

    def digest(self, name: str) -> str:
        return self._get(name)[1]

    def grade(self, request: VerifyRequest) -> Verdict:
        """Grade one request.

        Raises:
            UnknownVerifierError: no such verifier in this grader.
            GroundTruthError: the reference is malformed.
        """
        name = requested_verifier(request)
        verifier, code_digest = self._get(name)
        start = time.perf_counter()
        verdict = verifier.verify(request)
        elapsed_ms = (time.perf_counter() - start) * 1e3
        identity = {"verifier": name, "version": verifier.version, "digest": code_digest}
        return verdict.model_copy(update={**identity, "elapsed_ms": round(elapsed_ms, 3)})

    def self_test(self, name: str) -> None:
        """Grade the verifier's own examples.

        Raises:
            VerifierSetupError: one of them got another score than it should.
        """
        for example in self.verifier(name).examples:
            verdict = self.grade(example.request(name))
            if verdict.score != example.score:
                raise VerifierSetupError(
                    f"verifier {name!r} gave its own example {example.response!r} {verdict.score} "
                    f"({verdict.reason}), not {example.score}"
                )

    def close(self) -> None:
        """End what the verifiers started (sandboxes, fork servers)."""
        for verifier, _ in self._made.values():
            verifier.close()
        self._made.clear()

    def _get(self, name: str) -> tuple[Verifier, str]:
        if name not in self._made:
            if name not in self._table:
                raise UnknownVerifierError(f"no verifier {name!r} here; have {', '.join(self.names)}")
            verifier = load_verifier(self._table[name])
            self._made[name] = verifier, digest(verifier)
        return self._made[name]
