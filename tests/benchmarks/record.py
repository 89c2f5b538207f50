"""What every benchmark writes, and the table it prints."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

FOLDER = Path("bench")


def this_machine() -> str:
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


@dataclass(frozen=True)
class Measurement:
    """One figure beside what it is compared with; `ratio` is value / baseline."""

    name: str
    unit: str
    value: float
    baseline_name: str
    baseline: float
    runs: int
    command: str
    machine: str = field(default_factory=this_machine)

    @property
    def ratio(self) -> float:
        return self.value / self.baseline if self.baseline else float("nan")


def publish(name: str, measurements: list[Measurement]) -> None:
    """Print a table and write `bench/<name>.json`."""
    table = Table("measured", "value", "against", "baseline", "ratio", "runs", title=name)
    for m in measurements:
        value, baseline = f"{m.value:.4g} {m.unit}", f"{m.baseline:.4g} {m.unit}"
        table.add_row(m.name, value, m.baseline_name, baseline, f"{m.ratio:.2f}", str(m.runs))
    Console().print(table)
    FOLDER.mkdir(exist_ok=True)
    rows = [asdict(m) | {"ratio": m.ratio} for m in measurements]
    (FOLDER / f"{name}.json").write_text(json.dumps(rows, indent=2))
