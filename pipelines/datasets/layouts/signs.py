"""What a folder of unknown layout looks like, so that a message can say it.

A new layout adds its sign to ``SIGNS``. A sign reads names (and, where a name says nothing, the
first bytes of a few files), never pictures.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts.sample import is_litter, natural

_DEPTH = 4  # folders below the root that are looked into
_MOST = 5000  # files that are looked at: enough to know, however large the folder
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
_MASK_FOLDERS = ("mask", "masks", "label", "labels", "labelstr", "annotations", "segmentations")


@dataclass(frozen=True)
class Sign:
    """A kind of folder, and what gives it away.

    Attributes:
        kind: what it looks like, such as ``a folder of NumPy arrays``.
        evidence: names an entry that shows it, or nothing. Takes the root and the paths of the
            files below it.
    """

    kind: str
    evidence: Callable[[Path, list[PurePosixPath]], str | None]


def recognise(root: Path) -> str:
    """Says what a folder looks like.

    Args:
        root: an existing folder.

    Returns:
        Such as ``a folder of NumPy arrays (Input.npy)``.
    """
    files = list(_files(root))
    if not files:
        return "an empty folder"
    for sign in SIGNS:
        evidence = sign.evidence(root, files)
        if evidence is not None:
            return f"{sign.kind} ({evidence})"
    return f"no layout known here (it holds {', '.join(str(file) for file in files[:3])})"


def _files(root: Path) -> Iterator[PurePosixPath]:
    """Yields the files below the root, relative, without litter, some thousand at most."""
    count = 0
    for folder, below, names in os.walk(root):
        here = Path(folder).relative_to(root)
        deep = len(here.parts) >= _DEPTH
        below[:] = [] if deep else sorted((n for n in below if not is_litter(n)), key=natural)
        for name in sorted((name for name in names if not is_litter(name)), key=natural):
            yield PurePosixPath(here.as_posix()) / name
            count += 1
            if count >= _MOST:
                return


def _by_suffix(*suffixes: str) -> Callable[[Path, list[PurePosixPath]], str | None]:
    """Makes a sign of a file name's end."""

    def evidence(root: Path, files: list[PurePosixPath]) -> str | None:
        hits = (file for file in files if file.name.casefold().endswith(suffixes))
        return next(map(str, hits), None)

    return evidence


def _converted(root: Path, files: list[PurePosixPath]) -> str | None:
    return "dataset.json" if PurePosixPath("dataset.json") in files else None


def _dicom(root: Path, files: list[PurePosixPath]) -> str | None:
    """Goes by the suffix, else by the magic word at byte 128 of a few files without one."""
    named = _by_suffix(".dcm", ".dicom", "dicomdir")(root, files)
    if named is not None:
        return named
    for file in [file for file in files if file.suffix.casefold() not in _PICTURES][:20]:
        with (root / file).open("rb") as opened:
            if opened.read(132)[128:] == b"DICM":
                return str(file)
    return None


def _table_and_pictures(root: Path, files: list[PurePosixPath]) -> str | None:
    table = _by_suffix(".csv", ".tsv", ".xlsx", ".xls")(root, files)
    return table if _by_suffix(*_PICTURES)(root, files) else None


def _mask_folder(root: Path, files: list[PurePosixPath]) -> str | None:
    """Finds a folder of masks beside a folder of images."""
    for file in files:
        if file.suffix.casefold() in _PICTURES and file.parent.name.casefold() in _MASK_FOLDERS:
            return f"{file.parent}/"
    return None


def _class_folders(root: Path, files: list[PurePosixPath]) -> str | None:
    hits = (file for file in files if len(file.parts) > 1 and file.suffix.casefold() in _PICTURES)
    return next(map(str, hits), None)


SIGNS: tuple[Sign, ...] = (
    Sign("a dataset folder, converted already", _converted),
    Sign("a folder of DICOM files", _dicom),
    Sign("a folder of NIfTI images", _by_suffix(".nii", ".nii.gz")),
    Sign("a folder of NumPy arrays", _by_suffix(".npy", ".npz")),
    Sign("a table with pictures", _table_and_pictures),
    Sign("two folders, one of images and one of masks", _mask_folder),
    Sign("class folders of pictures without masks", _class_folders),
    Sign("a folder of pictures without class folders", _by_suffix(*_PICTURES)),
    Sign("an archive that is not unpacked", _by_suffix(".zip", ".tar", ".tar.gz", ".rar", ".7z")),
)
