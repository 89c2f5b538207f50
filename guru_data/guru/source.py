"""The Guru source: every row of the chosen files, as a problem or as a reject with its reason.

    folder | Hub --files in order of name--> rows --problem_of_row--> Problem | Rejected

No more than a few rows are held at a time.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from guru_data.config import GuruConfig
from guru_data.errors import RowError, SourceError
from guru_data.guru.rows import problem_of_row
from guru_data.parquet_rows import parquet_rows
from guru_data.problem import Problem, Rejected, Split

_EVALUATION_FOLDERS = {"online_eval", "offline_eval"}
"""Wherever in a path; the folder that a config names may lie inside of one."""

_log = logging.getLogger(__name__)


class GuruSource:
    """Reads the files anew each time; holds no rows."""

    def __init__(self, config: GuruConfig) -> None:
        self._config = config

    def rows(self) -> Iterator[Problem | Rejected]:
        folder, files = self._folder_and_files()
        for path in files:
            file = path.relative_to(folder).as_posix()
            evaluation = not _EVALUATION_FOLDERS.isdisjoint(path.absolute().parts)
            for number, row in parquet_rows(path):
                try:
                    yield problem_of_row(row, file, number, self._config, evaluation=evaluation)
                except RowError as error:
                    yield Rejected(f"{file}:{number}", error.reason, str(error))

    def problems(self, split: Split) -> Iterator[Problem]:
        """The problems of one side; the data set is not the user's to mend, so rejects are logged."""
        rejected: Counter[str] = Counter()
        for row in self.rows():
            if isinstance(row, Rejected):
                rejected[row.reason] += 1
            elif row.split == split:
                yield row
        if rejected:
            counts = ", ".join(f"{count} {reason}" for reason, count in sorted(rejected.items()))
            _log.warning("Guru: %d rows left out (%s)", rejected.total(), counts)

    def files(self) -> list[Path]:
        return self._folder_and_files()[1]

    def _folder_and_files(self) -> tuple[Path, list[Path]]:
        config = self._config
        if config.path is not None:
            folder = config.path
        else:
            from guru_data.guru.hub import download  # needs an extra package and the network

            folder = download(config.repo, config.revision or "", config.files)
        files = sorted({path for pattern in config.files for path in folder.glob(pattern)})
        if not files:
            raise SourceError(f"no file in {folder} matches {', '.join(config.files)}")
        return folder, files
