"""Preparing a whole Guru: 92,000 rows in the real schemas, end to end, in a process of its own.

The rows are made; they include exact copies, and questions of the benchmarks that they are compared
with. Bars: 15 minutes and 2 GB on two cores. Beside it, what cleaning finds of what was planted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.record import Measurement, publish
from tests.guru_data.guru_files import EVAL_FILES, TRAIN_FILES, write_guru
from tests.guru_data.measured import planted_duplicates, planted_leaks

MOST_SECONDS, MOST_MB = 900.0, 2048.0
BAR_RATE = 92_000 / MOST_SECONDS
COMMAND = "python -m tests.benchmarks guru_data"
_CHILD = """
import json, resource, sys, time
from pathlib import Path
from guru_data.prepare import load_prepare_config, prepare
config, began = load_prepare_config(Path(sys.argv[1])), time.perf_counter()
done = prepare(config)
seconds = time.perf_counter() - began
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"manifest": done.manifest, "steps": done.seconds, "seconds": seconds, "peak_mb": peak_mb}))
"""


def prepared(folder: Path, share: float) -> dict[str, Any]:
    """Make `share` of a Guru's rows, and prepare them in a new process."""
    counts = {file: round(count * share) for file, (count, _) in TRAIN_FILES.items()}
    write_guru(folder / "guru", counts)
    write_guru(folder / "copies", {"train/math__combined_54.4k.parquet": round(1_000 * share)})
    benchmarks = {file: round(count * share) for file, (count, _) in EVAL_FILES.items()}
    leaked = {"train/stem__web_3.6k.parquet": round(200 * share)}
    write_guru(folder / "benchmarks", benchmarks | leaked)
    paths = [str(folder / "benchmarks" / file) for file in benchmarks | leaked]
    config = folder / "prepare.toml"
    sources = [json.dumps(str(folder / name)) for name in ("guru", "copies")]
    listed = "".join(f'[[sources]]\nkind = "guru"\npath = {path}\n' for path in sources)
    out = json.dumps(str(folder / "out"))
    config.write_text(f"out = {out}\n{listed}[clean]\nbenchmarks = {json.dumps(paths)}\n")
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(config)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=3600,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def run(share: float = 1.0) -> None:
    """Measure on a share of the 92,000 rows; the bars are for all of them."""
    with tempfile.TemporaryDirectory() as folder:
        found = prepared(Path(folder), share)
    manifest = found["manifest"]
    rows = manifest["rows"]
    assert rows["in"] == rows["out"] + rows["removed"]
    print(f"{rows}\nremoved: {manifest['removed']}\ncode references: {manifest['references']['code']}")
    measured = [
        Measurement(f"{rows['in']} rows prepared", "s", found["seconds"], "bar", MOST_SECONDS, 1, COMMAND),
        Measurement("peak memory", "MB", found["peak_mb"], "bar", MOST_MB, 1, COMMAND),
    ]
    for step, seconds in found["steps"].items():
        rate = rows["in"] / max(seconds, 1e-9)
        measured.append(Measurement(step, "rows/s", rate, "92,000 rows in 15 minutes", BAR_RATE, 1, COMMAND))
    publish("guru_data", measured + cleaning())


def cleaning() -> list[Measurement]:
    """What cleaning finds of what was planted; `tests.guru_data.measured` says how."""
    copies = planted_duplicates(originals=10_000, each=1_000)
    leaked = planted_leaks(questions=2_000, others=20_000, each=500)
    figures = [
        ("near duplicates, recall", copies.recall, "at least", 0.95),
        ("near duplicates, precision", copies.precision, "at least", 0.95),
        *(
            (f"benchmark leaks, {kind}, recall", share, "at least", 0.95)
            for kind, share in leaked.recall.items()
        ),
        ("benchmark leaks, false removals", leaked.false_removals, "at most", 0.01),
    ]
    return [Measurement(name, "", value, bar, limit, 1, COMMAND) for name, value, bar, limit in figures]
