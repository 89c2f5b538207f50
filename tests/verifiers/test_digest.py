"""A digest changes with the code, the options and the libraries behind a verdict, and with nothing else."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from verifiers.digest import digest

VERIFIER = """
import somelib
from {package}.rules import RULE
from verifiers.base import Verifier

class MyVerifier(Verifier):
    name = "mine"
    def __init__(self, strict=True):
        self.strict = strict
    def options(self):
        return {{"strict": self.strict}}
    def verify(self, request):
        raise NotImplementedError
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A third party's package with a verifier, a module it imports, one it does not, and a library."""
    folder = tmp_path / "mypackage"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "verifier.py").write_text(VERIFIER.format(package=folder.name))
    (folder / "rules.py").write_text("RULE = 1\n")
    (folder / "unrelated.py").write_text("X = 1\n")
    (tmp_path / "somelib.py").touch()
    set_version(tmp_path, "1.0")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.startswith("mypackage")]:
        del sys.modules[name]


def set_version(site: Path, version: str) -> None:
    metadata = site / "somelib-0.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: somelib\nVersion: {version}\n")


def digest_now(*, strict: bool = True) -> str:
    importlib.invalidate_caches()
    return digest(importlib.import_module("mypackage.verifier").MyVerifier(strict))


@pytest.mark.parametrize(
    ("change", "changes_it"),
    [
        pytest.param(lambda folder: (folder / "rules.py").write_text("RULE = 2\n"), True, id="code"),
        pytest.param(lambda folder: set_version(folder.parent, "2.0"), True, id="library-version"),
        pytest.param(lambda folder: (folder / "unrelated.py").write_text("X = 2\n"), False, id="unrelated"),
    ],
)
def test_what_changes_a_digest(package: Path, change: Callable[[Path], object], changes_it: bool) -> None:
    before = digest_now()
    assert digest_now() == before
    change(package)
    assert (digest_now() != before) == changes_it


def test_options_are_part_of_a_digest(package: Path) -> None:
    assert digest_now(strict=True) != digest_now(strict=False)
