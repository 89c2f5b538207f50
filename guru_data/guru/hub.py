"""Fetch Guru's files from the Hugging Face Hub: the one file that imports huggingface_hub.

repo, revision, patterns --snapshot_download--> a local folder, kept in the Hub's own cache
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from guru_data.errors import SourceError


def download(repo: str, revision: str, files: Sequence[str]) -> Path:
    """The folder that holds the matching files of a data set.

    Raises:
        SourceError: the Hub cannot be reached and the files are not in the cache, or there is no such
            data set or revision.
    """
    try:
        folder = snapshot_download(repo, repo_type="dataset", revision=revision, allow_patterns=list(files))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise SourceError(f"cannot fetch {repo} at revision {revision} from the Hub: {error}") from error
    return Path(folder)
