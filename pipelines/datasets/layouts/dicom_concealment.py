"""Keeps names of files and folders that give a patient away out of what is written."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath

from pipelines.datasets.layouts.dicom_identity import Identity, reveals
from pipelines.datasets.layouts.mask_names import Naming, mask_stems
from pipelines.datasets.layouts.sample import Problem


class Concealment:
    """Learns which names tell, file by file; then gives other names for them.

    A folder that is called after one patient conceals all files in it, those too whose header
    cannot be read.

    Args:
        identity: how patients are told apart; where ids are kept, names are as well.
    """

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._telling: set[str] = set()

    def learn(self, path: str, hidden: frozenset[str]) -> None:
        """Looks for what the header says of the patient in a path.

        Args:
            path: of the file, below the root, as text.
            hidden: the ``secrets`` of its header.
        """
        if self.identity.keep or not reveals(path, hidden):
            return
        parts = [part for part in PurePosixPath(path).parts if reveals(part, hidden)]
        self._telling.update(name for part in parts for name in (part, _stem(part)))
        if not parts:
            self._telling.add(path)

    def source(self, path: str) -> str:
        """Gives the name under which a file is recorded.

        Args:
            path: below the root.

        Returns:
            The path; in its place ``hidden-`` and 12 digits of its SHA-256 (after the salt) where
            it tells.
        """
        names = {path, *(name for part in PurePosixPath(path).parts for name in _names(part))}
        if names.isdisjoint(self._telling):
            return path
        salted = "\x1f".join((self.identity.salt, path))
        return f"hidden-{hashlib.sha256(salted.encode()).hexdigest()[:12]}"

    def problem(self, problem: Problem) -> Problem:
        """Gives a problem in whose source and quoted names nobody is given away."""
        return Problem(self.source(problem.source), self.line(problem.line))

    def line(self, line: str) -> str:
        """Gives a message in whose quoted names nobody is given away."""
        return re.sub(r'"([^"\n]+)"', lambda match: f'"{self.source(match[1])}"', line)


def _stem(part: str) -> str:
    return PurePosixPath(part).stem


def _names(part: str) -> set[str]:
    """Gives a file's name with and without its suffix, and that of the image of a mask."""
    stem = _stem(part)
    return {part, stem, *(image for image, _ in mask_stems(stem, Naming()))}
