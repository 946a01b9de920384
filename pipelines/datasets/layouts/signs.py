"""What a folder of unknown layout looks like, so that a message can say it, or a layout be chosen.

Each layout's ``sign`` is asked first, then the other kinds of folders here. A sign reads names, and
the first bytes of a few files where a name says nothing; a few pictures only where one folder may
hold the masks of another.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts import LAYOUTS, Layout
from pipelines.datasets.layouts.mask_look import images_and_masks
from pipelines.datasets.layouts.mask_names import IMAGE, Naming, folder_role, mask_stems
from pipelines.datasets.layouts.sample import is_litter, listing, natural
from pipelines.datasets.layouts.walk import is_picture, shown
from pipelines.errors import InputError
from transforms.picture import SUFFIXES

_DEPTH = 4  # folders below the root that are looked into
_MOST = 5000  # files that are looked at: enough to know, however large the folder


@dataclass(frozen=True)
class Sign:
    """A kind of folder, and what gives it away.

    Attributes:
        kind: what it looks like, such as ``a folder of pictures without class folders``.
        evidence: names an entry that shows it, or nothing. Takes the root and the paths of the
            files below it.
        remedy: what to do, after "which no layout reads;".
    """

    kind: str
    evidence: Callable[[Path, list[PurePosixPath]], str | None]
    remedy: str


def recognise(root: Path) -> str:
    """Says what a folder looks like.

    Args:
        root: an existing folder.

    Returns:
        Such as ``the npy-arrays layout (Input.npy)``.
    """
    return _kind(root)[0]


def _kind(root: Path) -> tuple[str, str]:
    """Says what a folder looks like, and what to do where no layout reads it."""
    files = list(_files(root))
    if not files:
        return _without_files(root), "give the folder that holds the images"
    fits = _fits(root, files)
    if PurePosixPath("dataset.json") in files and "datalist" in {each.name for each, _ in fits}:
        return "a dataset folder, converted already (dataset.json)", _SEE
    if fits:
        names = [f"the {layout.name} layout ({evidence})" for layout, evidence in fits]
        return " or ".join(names), _SEE
    for sign in SIGNS:
        evidence = sign.evidence(root, files)
        if evidence is not None:
            return f"{sign.kind} ({_printable(evidence)})", sign.remedy
    held = ", ".join(_printable(str(file)) for file in files[:3])
    return f"no layout known here (it holds {held})", _SEE


def _without_files(root: Path) -> str:
    """Says what a folder without any file looks like."""
    below = sorted((path.name for path in listing(root)), key=natural)
    if below:
        return f"a folder of empty folders ({_printable(below[0])}/)"
    return "an empty folder" + (" (hidden files are not read)" if any(root.iterdir()) else "")


def fitting(root: Path) -> list[tuple[Layout, str]]:
    """Lists the layouts that a folder may be of.

    Args:
        root: the raw folder, or a single ``.npz`` archive of arrays.

    Returns:
        Each layout whose sign is there, with the entry that shows it, in the order of the table.

    Raises:
        InputError: the folder does not exist, or is another file.
    """
    if not root.exists():
        raise InputError(f"the raw folder {root} does not exist")
    if root.is_file() and root.suffix.casefold() == ".npz":
        return [(LAYOUTS["npy-arrays"], _printable(root.name))]
    if root.is_file() and root.suffix.casefold() == ".npy":
        raise InputError(
            f"{root} is a single array; expected the folder that holds it with its targets or "
            "masks, or an .npz file of all"
        )
    if not root.is_dir():
        raise InputError(f"{root} is a file; expected a folder")
    return _fits(root, list(_files(root)))


def _fits(root: Path, files: list[PurePosixPath]) -> list[tuple[Layout, str]]:
    fits = []
    if _datasets(root, files):
        return []
    for layout in LAYOUTS.values():
        evidence = importlib.import_module(layout.module).sign(root, files)
        if evidence is not None:
            fits.append((layout, _printable(evidence)))
    covered = {name for layout, _ in fits for name in layout.before}
    return [(layout, evidence) for layout, evidence in fits if layout.name not in covered]


def the_one(root: Path) -> tuple[Layout, str]:
    """Gives the one layout that a folder is of.

    Args:
        root: the raw folder.

    Returns:
        The layout, and the entry that shows it.

    Raises:
        InputError: the folder is of none, or may be of several; the message says what to type.
    """
    fits = fitting(root)
    if not fits:
        kind, remedy = _kind(root)
        raise InputError(f"{root} looks like {kind}, which no layout reads; {remedy}")
    if len(fits) > 1:
        found = "; ".join(
            f"{layout.name} ({evidence}): med2d convert {layout.name} RAW OUT"
            for layout, evidence in fits
        )
        raise InputError(f"{root} may be of {len(fits)} layouts; choose one: {found}")
    return fits[0]


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


def _datasets(root: Path, files: list[PurePosixPath]) -> str | None:
    """Looks for a dataset folder beside other folders."""
    found = [file for file in files if len(file.parts) == 2 and file.name == "dataset.json"]
    several = len({file.parts[0] for file in files if len(file.parts) > 1}) > 1
    return str(found[0]) if found and several else None


def _other_names(root: Path, files: list[PurePosixPath]) -> str | None:
    """Looks for a folder that holds the masks of another, by the look of a few pictures."""
    folders: dict[str, list[PurePosixPath]] = {}
    for file in _pictures(files):
        if len(file.parts) > 1:
            folders.setdefault(file.parts[-2], []).append(file)
    pair = images_and_masks(root, folders)
    return f"{pair[0]}/ and {pair[1]}/" if pair else None


def _masks_alone(root: Path, files: list[PurePosixPath]) -> str | None:
    """Looks for pictures that are all masks by their names."""
    pictures = _pictures(files)
    said = pictures and all(mask_stems(file.stem, Naming()) for file in pictures)
    return str(pictures[0]) if said else None


def _images_alone(root: Path, files: list[PurePosixPath]) -> str | None:
    """Looks for a folder of images, by its name, without one of masks."""
    hits = (file for file in _pictures(files) if folder_role(file.parent.name)[0] == IMAGE)
    return next(map(str, hits), None)


def _in_folders(root: Path, files: list[PurePosixPath]) -> str | None:
    return next((str(file) for file in _pictures(files) if len(file.parts) > 1), None)


def _pictures(files: list[PurePosixPath]) -> list[PurePosixPath]:
    return [file for file in files if is_picture(file)]


def _printable(text: str) -> str:
    """Shows a name in one line: control characters become replacement marks."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in shown(text))


_SEE = "see med2d layouts"
_NEEDS = (
    "to classify, two folders of classes or more are expected, or a table of classes; to segment, "
    f"a mask for each image: {_SEE}"
)

SIGNS: tuple[Sign, ...] = (
    Sign("a folder of several, one of them a dataset folder", _datasets, "give one of them"),
    Sign(
        "images and their masks in folders of other names",
        _other_names,
        "name them: med2d convert image-mask-folders RAW OUT --images-dir NAME --masks-dir NAME",
    ),
    Sign(
        "masks without images",
        _masks_alone,
        "put the images beside them, or both into folders images and masks",
    ),
    Sign("images without masks or classes", _images_alone, _NEEDS),
    Sign("a folder of pictures in sub-folders", _in_folders, _NEEDS),
    Sign("a folder of pictures without class folders", _by_suffix(*SUFFIXES), _NEEDS),
    Sign(
        "an archive that is not unpacked",
        _by_suffix(".zip", ".tar", ".tar.gz", ".rar", ".7z"),
        "unpack it, and give the folder",
    ),
)
