"""The BUSI layout: class folders, each image with its masks beside it.

``benign/benign (4).png`` has the masks ``benign (4)_mask.png``, ``benign (4)_mask_1.png``, …
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.sample import Facts, Sample, Scan, listing, natural, printable
from pipelines.datasets.layouts.signs import recognise
from pipelines.datasets.picture import SUFFIXES
from pipelines.errors import InputError

FACTS = Facts(
    name="busi",
    modality="US",
    labels=("background", "tumour"),
    licence="published for research; cite the reference",
    reference=(
        "Al-Dhabyani W, Gomaa M, Khaled H, Fahmy A. Dataset of breast ultrasound images. "
        "Data in Brief 28:104863 (2020)"
    ),
    grouping="near-duplicate clusters; no patient ids",
    healthy=frozenset({"normal"}),
)

_MASK = re.compile(r"(?P<stem>.+)_mask(_[0-9]+)?", re.IGNORECASE)
_RESERVED = frozenset({"images", "masks"})  # the names of the dataset folder's own entries


def scan(raw: Path) -> Scan:
    """Lists the images of a raw folder with their masks; opens none.

    Args:
        raw: the folder of class folders, or the one folder around it.

    Returns:
        Samples, problems and warnings.

    Raises:
        InputError: the folder is missing, empty, or of another layout.
    """
    root = _root(raw)
    found = Scan(root)
    if root != raw:
        found.warnings.append(f"reading {root}, the only folder in {raw}")
    for entry in listing(root):
        if entry.is_dir():
            _scan_class(entry, found)
        else:
            found.warnings.append(f'file "{printable(entry, root)}" is outside the class folders')
    if not found.samples:
        expected = LAYOUTS["busi"].expected
        raise InputError(
            f"{raw} looks like {recognise(raw)}, not the busi layout: expected {expected}"
        )
    return found


def _root(raw: Path) -> Path:
    """Gives the folder of class folders: the given one, or the only folder in it."""
    if not raw.exists():
        raise InputError(f"the raw folder {raw} does not exist")
    if not raw.is_dir():
        raise InputError(f"{raw} is a file; expected a folder: {LAYOUTS['busi'].expected}")
    entries = listing(raw)
    if not entries:
        raise InputError(f"{raw} is empty; expected {LAYOUTS['busi'].expected}")
    folders = [entry for entry in entries if entry.is_dir()]
    if len(folders) == 1 and not any(_is_picture(entry) for entry in entries):
        inner = listing(folders[0])
        if any(entry.is_dir() for entry in inner) and not any(map(_is_picture, inner)):
            return folders[0]
    return raw


def _is_picture(path: Path) -> bool:
    return path.suffix.casefold() in SUFFIXES


def _scan_class(folder: Path, found: Scan) -> None:
    """Adds the samples of one class folder, and what is wrong or odd in it."""
    entries = listing(folder)
    pictures = [entry for entry in entries if _is_picture(entry)]
    for entry in entries:
        if not _is_picture(entry):
            kind = "folder" if entry.is_dir() else "file"
            name = printable(entry, found.root)
            found.warnings.append(f'{kind} "{name}" is neither an image nor a mask')
    images, masks = _pair(pictures, found)
    if images and folder.name.casefold() in _RESERVED:
        found.problems.append(
            f'class folder "{printable(folder, found.root)}" has a reserved name; rename it'
        )
    for stem in sorted(images, key=natural):
        source = printable(images[stem], found.root)
        if stem not in masks:
            expected = f"{PurePosixPath(source).stem}_mask.png"
            found.problems.append(f'image "{source}" has no mask ("{expected}")')
            continue
        category = printable(folder, found.root)
        found.samples.append(Sample(source, images[stem], tuple(masks[stem]), category))


def _pair(pictures: Sequence[Path], found: Scan) -> tuple[dict[str, Path], dict[str, list[Path]]]:
    """Sorts pictures into images and masks, both by the image's stem."""
    images: dict[str, Path] = {}
    masks: dict[str, list[Path]] = {}
    for path in pictures:
        match = _MASK.fullmatch(path.stem)
        if match:
            masks.setdefault(match["stem"], []).append(path)
        elif path.stem in images:
            first, second = (printable(each, found.root) for each in (images[path.stem], path))
            found.problems.append(f'images "{first}" and "{second}" share one name and one mask')
        else:
            images[path.stem] = path
    for stem in masks.keys() - images.keys():
        names = ", ".join(f'"{printable(path, found.root)}"' for path in masks[stem])
        found.problems.append(f"mask {names} has no image")
    return images, masks
