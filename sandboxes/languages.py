"""The languages that programs may be written in.

A name leads to the file name of the source, the tool that must be installed, the compiler's command if there
is one, and the command that runs the result. Tools are looked up in the sandbox's PATH, which is the same
directories as on the machine; commands run in the job's own directory.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from sandboxes.errors import ToolchainMissingError, UnknownLanguageError
from sandboxes.types import Limits

SYSTEM_PATH: tuple[str, ...] = ("/usr/local/bin", "/usr/bin", "/bin")

COMPILE_LIMITS = Limits(cpu_s=10.0, wall_s=40.0, memory_mb=1024, pids=64, output_bytes=1 << 16, disk_mb=128)
"""For the compiler, whatever the program's own limits: compiling costs a small program's memory many times
over."""


@dataclass(frozen=True)
class Language:
    name: str
    source_file: str
    tool: str
    run: tuple[str, ...]
    fix: str
    """How to get the tool on Debian."""
    compile: tuple[str, ...] = ()
    binary: str = ""
    """What the compiler leaves behind and `run` starts."""
    reserves_address_space: bool = False
    """The runtime reserves gigabytes it never uses, so that RLIMIT_AS would break it."""


# Python keeps `site` (programs call exit(), and use what is installed) but not the user's site directory.
LANGUAGES: dict[str, Language] = {
    language.name: language
    for language in (
        Language(
            "python", "main.py", "python3", ("python3", "-s", "-B", "main.py"), "apt-get install python3"
        ),
        Language(
            "cpp",
            "main.cpp",
            "g++",
            ("./main",),
            "apt-get install g++",
            compile=("g++", "-std=c++17", "-O2", "-pipe", "-o", "main", "main.cpp"),
            binary="main",
        ),
        Language(
            "javascript",
            "main.js",
            "node",
            ("node", "main.js"),
            "apt-get install nodejs",
            reserves_address_space=True,
        ),
        Language("bash", "main.sh", "bash", ("bash", "main.sh"), "apt-get install bash"),
    )
}


_found: dict[tuple[str, str], str] = {}
"""(tool, PATH) -> where it is; one that is missing is looked for again, somebody may be installing it."""


def find_language(name: str) -> Language:
    """The language of a name.

    Raises:
        UnknownLanguageError: not in the table.
    """
    if name not in LANGUAGES:
        raise UnknownLanguageError(f"no language {name!r}; have {', '.join(LANGUAGES)}")
    return LANGUAGES[name]


def require_tool(language: Language, path: tuple[str, ...]) -> str:
    """Where the language's tool is.

    Raises:
        ToolchainMissingError: it is in none of the directories of `path`.
    """
    where = ":".join(path)
    found = _found.get((language.tool, where)) or shutil.which(language.tool, path=where)
    if found is None:
        raise ToolchainMissingError(
            f"cannot run {language.name}: {language.tool} is not in {where}; {language.fix}"
        )
    _found[language.tool, where] = found
    return found
