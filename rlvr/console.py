"""What a person sees of a run: a progress bar with a table on a terminal, one line per step elsewhere.

Only numbers and our own words are printed here; model output never reaches the terminal.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console as RichConsole
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from rlvr.evaluate import Evaluation

STEP_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("reward", "reward/mean", "{:.3f}"),
    ("no answer", "verify/no_answer_share", "{:.2f}"),
    ("undecided", "verify/undecided_share", "{:.2f}"),
    ("flat groups", "groups/zero_variance_share", "{:.2f}"),
    ("|dlogp|", "policy/logprob_diff", "{:.4f}"),
    ("tok/s", "rollout/tokens_per_second", "{:.0f}"),
    ("s", "time/step", "{:.1f}"),
)


class RunConsole:
    """Prints the progress of a run of `total` steps."""

    def __init__(self, total: int, rich: RichConsole | None = None) -> None:
        self._console = rich or RichConsole()
        self._total = total
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task("training", total=total)

    def __enter__(self) -> RunConsole:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def step(self, step: int, metrics: Mapping[str, float]) -> None:
        cells = [f"{name} {form.format(metrics[key])}" for name, key, form in STEP_COLUMNS if key in metrics]
        self._print(f"step {step + 1:4d}/{self._total}  " + "  ".join(cells))
        self._progress.update(self._task, completed=step + 1)

    def evaluation(self, step: int, evaluation: Evaluation) -> None:
        domains = "  ".join(
            f"{name} {evaluation.of_domain(name).pass_at_1:.2f}" for name in evaluation.domains
        )
        self._print(
            f"held-out after {step} steps: pass@1 {evaluation.pass_at_1:.3f} ± {evaluation.stderr:.3f} "
            f"(n={len(evaluation.results)})  in form {evaluation.form_share:.2f}  "
            f"right if in form {evaluation.pass_given_form:.2f}  {domains}"
        )

    def say(self, text: str) -> None:
        self._print(text)

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


class ShareBar:
    """A progress bar over a share from 0 to 1; one line at every tenth where nobody watches."""

    def __init__(self, label: str) -> None:
        self._label = label
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns)
        self._quiet = not self._progress.console.is_terminal
        self._progress.disable = self._quiet
        self._task = self._progress.add_task(label, total=1.0)
        self._told = 0

    def __enter__(self) -> ShareBar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def sft_step(self, step: int, loss: float, share: float) -> None:
        """One step of supervised training; fits `rlvr.learner.sft.Progress`."""
        self._progress.update(self._task, completed=share, description=f"{self._label}  loss {loss:.3f}")
        if self._quiet and int(share * 10) > self._told:
            self._told = int(share * 10)
            self._progress.console.print(f"{self._label}: step {step}, loss {loss:.3f}", highlight=False)
