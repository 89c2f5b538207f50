"""Run the benchmarks named on the command line, or all of them."""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = {
    "audit": "tests.benchmarks.audit",
    "guru_data": "tests.benchmarks.guru_data",
    "learning": "tests.benchmarks.learning",
    "pipelining": "tests.benchmarks.pipelining",
    "planted_faults": "tests.audit.planted.campaign",
    "sandboxes": "tests.benchmarks.sandboxes",
    "synthetic": "tests.benchmarks.synthetic",
    "verifier_service": "tests.benchmarks.verifier_service",
    "verifiers": "tests.benchmarks.verifiers",
}


def main(names: list[str]) -> None:
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        sys.exit(f"no benchmark {sorted(unknown)}; have {sorted(BENCHMARKS)}")
    for name in names or BENCHMARKS:
        importlib.import_module(BENCHMARKS[name]).run()


if __name__ == "__main__":
    main(sys.argv[1:])
