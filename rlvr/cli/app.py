"""`rlvr`: every verb, and how an error becomes one sentence and an exit code.

0 well, 1 failed, 2 usage or config, 3 an audit gate failed, 4 infrastructure.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import typer

from guru_data import GuruDataError
from rlvr.audit import cli as audit
from rlvr.audit.inert import visible
from rlvr.cli import config, doctor, evaluate, quickstart, sft, submit, train
from rlvr.errors import ConfigError, RlvrError, exit_code
from rlvr.openmp import idle_threads_sleep
from verifiers import VerifierError, VerifierSetupError

app = typer.Typer(
    name="rlvr",
    help="Reinforcement learning with verifiable rewards, as a cluster.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("quickstart")(quickstart.quickstart)
app.command("train")(train.train)
app.command("sft")(sft.sft)
app.command("eval")(evaluate.evaluate)
app.command("doctor")(doctor.doctor)
app.add_typer(submit.app, name="submit")
app.add_typer(audit.app, name="audit")
app.add_typer(config.app, name="config")


def main() -> None:
    """Run the command line; an error of ours is one sentence, any other a traceback."""
    os.environ |= idle_threads_sleep() | os.environ
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)  # a person's own verifier is imported from where they stand
    try:
        app()
    except RlvrError as error:
        fail(error, exit_code(error))
    except GuruDataError as error:
        fail(error, exit_code(ConfigError()))
    except VerifierError as error:
        fail(error, 2 if isinstance(error, VerifierSetupError) else 4)


def fail(error: Exception, code: int) -> NoReturn:
    """Say what failed, then what was noted on the way up, a line each; nothing in it acts on a terminal."""
    for text in (f"rlvr: {error}", *getattr(error, "__notes__", ())):
        print(visible(text), file=sys.stderr)
    sys.exit(code)
