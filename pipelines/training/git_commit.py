"""The commit of this code, where it runs from a checkout of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git_commit(file: Path = Path(__file__)) -> str | None:
    """The commit of the checkout that holds ``file``; ``-dirty`` where tracked files have changed.

    None outside of a checkout, and where git does not track the file: med2d installed into an
    environment inside another project's folder is not at that project's commit.
    """
    file = file.resolve()
    if _git(file.parent, "ls-files", "--error-unmatch", file.name) is None:
        return None
    commit = _git(file.parent, "rev-parse", "HEAD")
    changed = _git(file.parent, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}-dirty" if commit and changed else commit


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
