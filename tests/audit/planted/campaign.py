"""Every planted fault at 1, 5 and 20 %, beside clean runs: what found it, and the least that was found.

    FAULTS x STRENGTHS + clean seeds --run--> bench/planted_faults.json, and a table in Markdown

A fault counts as found by a gate that warns or fails and did neither in the clean run of the same seed and
domains, or by the run or the report refusing to go on.
"""

from __future__ import annotations

import json
import multiprocessing
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from guru_data import Domain, SyntheticConfig, demonstrations
from tests.audit.planted.faults import FAULTS, Fault
from tests.audit.planted.model import make_small_model
from tests.audit.planted.run import TEXT, WITH_CODE, Size, audited, parts_of_a_run
from tests.benchmarks.record import FOLDER, this_machine

STRENGTHS = (0.2, 0.05, 0.01)
CLEAN_TEXT, CLEAN_CODE = 15, 5
"""Clean runs of each mixture of domains, by seed."""
WORKERS = 2


@dataclass(frozen=True)
class Job:
    """One run: of a fault, or a clean one."""

    fault: str | None
    strength: float
    seed: int
    domains: tuple[Domain, ...]


Found = dict[str, str]
"""Gate, or what was refused -> level."""


def play_job(model: Path, size: Size, job: Job) -> Found:
    """One run in a folder of its own; what the audit says of it."""
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        parts = parts_of_a_run(model, Path(folder), seed=job.seed, domains=job.domains, size=size)
        if job.fault is not None:
            [fault] = [one for one in FAULTS if one.name == job.fault]
            fault.plant(parts, job.strength)
        return {name: level.value for name, level in audited(parts).items()}


def make_model(directory: Path) -> Path:
    """The small model that all runs start from."""
    shown = demonstrations(SyntheticConfig(), seed=0, count=400)
    make_small_model(directory, [f"{one.prompt[-1].content}\n{one.response}" for one in shown])
    return directory


def all_jobs() -> list[Job]:
    clean = [Job(None, 0.0, seed, TEXT) for seed in range(CLEAN_TEXT)]
    clean += [Job(None, 0.0, seed, WITH_CODE) for seed in range(CLEAN_CODE)]
    return clean + [Job(f.name, strength, 0, f.domains) for f in FAULTS for strength in STRENGTHS]


def run() -> None:
    """Play everything, print the table, write the JSON."""
    began, jobs, size = time.monotonic(), all_jobs(), Size()
    spawn = multiprocessing.get_context("spawn")  # a forked torch hangs
    with tempfile.TemporaryDirectory(prefix="planted-model-") as folder:
        model = make_model(Path(folder) / "model")
        with ProcessPoolExecutor(WORKERS, mp_context=spawn) as pool:
            results = dict(zip(jobs, pool.map(partial(play_job, model, size), jobs), strict=True))
    print(as_markdown(results, size))
    FOLDER.mkdir(exist_ok=True)
    content = as_json(results, size) | {"seconds": round(time.monotonic() - began), "machine": this_machine()}
    (FOLDER / "planted_faults.json").write_text(json.dumps(content, indent=2))


def new_in(results: dict[Job, Found], job: Job) -> Found:
    """What the audit says of a faulty run and not of the clean one beside it."""
    usual = results[Job(None, 0.0, job.seed, job.domains)]
    return {name: level for name, level in results[job].items() if name not in usual}


def least_found(results: dict[Job, Found], fault: Fault) -> float | None:
    """The smallest strength from which on every stronger one was found too."""
    found = None
    for strength in STRENGTHS:
        if not new_in(results, Job(fault.name, strength, 0, fault.domains)):
            break
        found = strength
    return found


def clean_levels(results: dict[Job, Found]) -> Counter[tuple[str, str]]:
    """(gate, level) of everything that was said about clean runs."""
    return Counter(pair for job, found in results.items() if job.fault is None for pair in found.items())


def as_markdown(results: dict[Job, Found], size: Size) -> str:
    lines = [
        f"{size.steps} steps of {size.problems_per_step} problems x {size.group_size} rollouts "
        f"({size.rollouts} in all); strength is the share of what the third column names.",
        "",
        "| fault | where | share of | found at 20 % by | at 5 % by | at 1 % by | least found |",
        "|---|---|---|---|---|---|---|",
    ]
    for fault in FAULTS:
        found = [_gates(new_in(results, Job(fault.name, s, 0, fault.domains))) for s in STRENGTHS]
        least = least_found(results, fault)
        shown = "none" if least is None else f"{least:.0%}"
        lines.append(f"| {fault.name} | {fault.place} | {fault.hits} | {' | '.join(found)} | {shown} |")
    clean = clean_levels(results)
    said = ", ".join(f"{gate} {level} x{n}" for (gate, level), n in clean.items()) or "nothing"
    runs = sum(job.fault is None for job in results)
    return "\n".join([*lines, "", f"{runs} clean runs with other seeds: {said}."])


def _gates(found: Found) -> str:
    """FAILs in bold."""
    return ", ".join(f"**{name}**" if level == "FAIL" else name for name, level in found.items()) or "-"


def as_json(results: dict[Job, Found], size: Size) -> dict[str, object]:
    return {
        "name": "planted_faults",
        "run": asdict(size) | {"rollouts": size.rollouts},
        "kinds": len(FAULTS),
        "faults": [_fault_json(results, fault) for fault in FAULTS],
        "clean_runs": sum(job.fault is None for job in results),
        "clean_findings": [[gate, level, n] for (gate, level), n in clean_levels(results).items()],
    }


def _fault_json(results: dict[Job, Found], fault: Fault) -> dict[str, object]:
    by_strength = {f"{s:g}": new_in(results, Job(fault.name, s, 0, fault.domains)) for s in STRENGTHS}
    return {
        "name": fault.name,
        "place": fault.place,
        "share_of": fault.hits,
        "about": fault.about,
        "found_by": by_strength,
        "least_found": least_found(results, fault),
    }
