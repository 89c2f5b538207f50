"""The modules of `sandboxes.inside` as commands: they travel as source, no file has to be visible inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

PACKAGE = "sandboxes.inside"
PREAMBLE = """\
import sys
for name in ("sandboxes", "sandboxes.inside"):
    sys.modules[name] = type(sys)(name)
    sys.modules[name].__path__ = []
sys.modules["sandboxes"].inside = sys.modules["sandboxes.inside"]
def load(name, source):
    module = sys.modules["sandboxes.inside." + name] = type(sys)(name)
    setattr(sys.modules["sandboxes.inside"], name, module)
    exec(compile(source, name, "exec"), module.__dict__)
    return module
"""


def init_command(python: str, control: str) -> tuple[str, ...]:
    """The init of one job, in a bare interpreter; `control` is its descriptor's number."""
    return (python, "-I", "-S", "-c", _source("usage", "job_init"), control)


def zygote_command(python: str, control: str) -> tuple[str, ...]:
    """A warm interpreter, set up as `python main.py` would be, because programs run in its forks; `control`
    is its descriptor's number, or the path of a socket."""
    return (
        python,
        "-s",
        "-B",
        "-c",
        _source("usage", "job_init", "lockdown", "namespaces", "fork", "warm_python", "zygote"),
        control,
    )


def entry_command(socket_path: str, env: Mapping[str, str], command: Sequence[str]) -> tuple[str, ...]:
    """What starts `command`, whose control descriptor is `container_entry.CONTROL`, in a container."""
    pairs = (f"{name}={value}" for name, value in env.items())
    return ("python3", "-I", "-S", "-c", _source("container_entry"), socket_path, *pairs, "--", *command)


@cache
def _source(*modules: str) -> str:
    """A program that makes the modules, in this order, and calls `main()` of the last one."""
    folder = resources.files(PACKAGE)
    loads = [f"load({name!r}, {folder.joinpath(name + '.py').read_text()!r})" for name in modules]
    return PREAMBLE + "\n".join(loads) + ".main()\n"
