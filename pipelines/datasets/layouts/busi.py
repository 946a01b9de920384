"""The BUSI layout: class folders, each image with its masks beside it, or in a folder of masks.

``benign/benign (4).png`` has the masks ``benign (4)_mask.png``, ``benign (4)_mask_1.png``, …;
``benign/images/a.png`` has ``benign/masks/a_mask.png``, or ``a.png`` there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.sample import (
    Facts,
    Problem,
    Request,
    Sample,
    Scan,
    listing,
    natural,
    printable,
)
from pipelines.datasets.layouts.signs import recognise
from pipelines.datasets.sources.mask_file import MaskFile
from pipelines.datasets.sources.picture_file import PictureFile
from pipelines.errors import InputError
from transforms.picture import SUFFIXES

_REFERENCE = (
    "Al-Dhabyani W, Gomaa M, Khaled H, Fahmy A. Dataset of breast ultrasound images. "
    "Data in Brief 28:104863 (2020)"
)
_HEALTHY = "normal"
_TISSUES = ("background", "tumour")

_MASK = re.compile(r"(?P<stem>.+)_mask(_[0-9]+)?", re.IGNORECASE)
_IMAGE_FOLDER, _MASK_FOLDERS = "images", ("mask", "masks")
_RESERVED = frozenset({"images", "masks", "mask"})  # of the dataset folder, and of this layout
_REMEDY = "put it beside the image (all black where there is no tumour), or take the image out"


def scan(raw: Path, request: Request) -> Scan:
    """Lists the images of a raw folder with their masks; opens none.

    Args:
        raw: the folder of class folders, or the one folder around it.
        request: what is wanted; a classification needs no masks.

    Returns:
        Samples, problems and warnings.

    Raises:
        InputError: the folder is missing, empty, or of another layout; to segment, the classes
            are not as many as its masks hold.
    """
    root = _root(raw)
    _check_mapping(request)
    _check_number(request)
    found = Scan(root, _facts(request))
    if root != raw:
        found.warnings.append(f"reading {root}, the only folder in {raw}")
    for entry in listing(root):
        if entry.is_dir():
            _scan_class(entry, found, request)
        else:
            found.warnings.append(f'file "{printable(entry, root)}" is outside the class folders')
    if not found.samples:
        expected = LAYOUTS["busi"].expected
        raise InputError(
            f"{raw} looks like {recognise(raw)}, not the busi layout: expected {expected}"
        )
    if request.task == "classification":
        names = tuple(dict.fromkeys(sample.category for sample in found.samples))
        found.facts = _facts(request, names)
    return found


def sign(root: Path, files: list[PurePosixPath]) -> str | None:
    """Names a mask ``x_mask.png`` that has an image ``x`` beside it, or in the folder of images."""
    stems = {(file.parent, file.stem) for file in files if _is_picture(file)}
    for file in files:
        match = _MASK.fullmatch(file.stem) if _is_picture(file) else None
        if match is None or len(file.parts) < 2:
            continue
        parents = [file.parent]
        if file.parent.name.casefold() in _MASK_FOLDERS and len(file.parts) > 2:
            parents.append(file.parent.with_name(_IMAGE_FOLDER))
        if any((parent, match["stem"]) in stems for parent in parents):
            return str(file)
    return None


def _check_mapping(request: Request) -> None:
    """Refuses to map the values that have their meaning in this layout."""
    for value, index in request.mapping.items():
        if value in (0, 255) and index != min(value, 1):
            raise InputError(
                f"--map {value}={index}: in the masks of this layout 0 is the background and 255 "
                "the tumour; map other values"
            )


def _check_number(request: Request) -> None:
    """Refuses names of classes that no mask of this layout can hold, or too few."""
    held = max(len(_TISSUES), 1 + max(request.mapping.values(), default=0))
    if request.task == "segmentation" and request.classes and len(request.classes) != held:
        raise InputError(
            f"--classes names {len(request.classes)} classes, and the masks of this layout hold "
            f"{held} ({', '.join(_TISSUES)}); name as many, the background first"
        )


def _facts(request: Request, classes: tuple[str, ...] = ()) -> Facts:
    """Gives what holds for all images; the labels are the tissue's, or the class names."""
    labels = classes if request.task == "classification" else _TISSUES
    return Facts(
        name="busi",
        modality="US",
        labels=labels,
        licence="published for research; cite the reference",
        reference=_REFERENCE,
        healthy=frozenset({_HEALTHY}),
    )


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
        if any(map(_is_class, inner)) and not any(map(_is_picture, inner)):
            return folders[0]
    return raw


def _is_class(entry: Path) -> bool:
    return entry.is_dir() and entry.name.casefold() not in _RESERVED


def _is_picture(path: Path | PurePosixPath) -> bool:
    return path.suffix.casefold() in SUFFIXES


def _scan_class(folder: Path, found: Scan, request: Request) -> None:
    """Adds the samples of one class folder, and what is wrong or odd in it."""
    images, masks, doubles = _pair(_pictures(folder, found), found)
    if not images and not masks and folder.name.casefold() not in _RESERVED:
        found.warnings.append(f'class folder "{printable(folder, found.root)}" holds no image')
    if images and folder.name.casefold() in _RESERVED:
        name = printable(folder, found.root)
        found.problems.append(
            Problem(name, f'class folder "{name}" has a reserved name; rename it')
        )
    for stem in sorted(images.keys() - doubles, key=natural):
        source = printable(images[stem], found.root)
        files: tuple[MaskFile, ...] = ()
        if request.task == "segmentation":
            if stem not in masks:
                found.problems.append(Problem(source, _no_mask(source)))
                continue
            files = tuple(
                MaskFile(path, request.mapping, printable(path, found.root)) for path in masks[stem]
            )
        category = printable(folder, found.root)
        found.samples.append(Sample(source, PictureFile(images[stem]), category, files))


def _no_mask(source: str) -> str:
    expected = f"{PurePosixPath(source).stem}_mask.png"
    return f'image "{source}" has no mask ("{expected}"); {_REMEDY}'


def _pictures(folder: Path, found: Scan) -> list[tuple[Path, bool]]:
    """Lists the pictures of a class, each with whether it stands in a folder of masks."""
    pictures: list[tuple[Path, bool]] = []
    for entry in listing(folder):
        kind = entry.name.casefold()
        if _is_picture(entry) and not entry.is_dir():
            pictures.append((entry, False))
        elif entry.is_dir() and (kind == _IMAGE_FOLDER or kind in _MASK_FOLDERS):
            inner = [path for path in listing(entry) if _note_odd(path, found)]
            pictures += [(path, kind in _MASK_FOLDERS) for path in inner]
        else:
            _note_odd(entry, found)
    return pictures


def _note_odd(entry: Path, found: Scan) -> bool:
    """Tells whether an entry is a picture; warns of it if not."""
    if _is_picture(entry) and not entry.is_dir():
        return True
    kind = "folder" if entry.is_dir() else "file"
    name = printable(entry, found.root)
    found.warnings.append(f'{kind} "{name}" is neither an image nor a mask')
    return False


def _pair(
    pictures: Sequence[tuple[Path, bool]], found: Scan
) -> tuple[dict[str, Path], dict[str, list[Path]], set[str]]:
    """Sorts pictures into images and masks, both by the image's stem; and stems of several."""
    images: dict[str, Path] = {}
    masks: dict[str, list[Path]] = {}
    doubles: set[str] = set()
    for path, apart in pictures:
        match = _MASK.fullmatch(path.stem)
        if match or apart:
            masks.setdefault(match["stem"] if match else path.stem, []).append(path)
        elif path.stem in images:
            first, second = (printable(each, found.root) for each in (images[path.stem], path))
            line = (
                f'images "{first}" and "{second}" share one name and one mask; rename one with its '
                "mask, or take it out"
            )
            found.problems += [Problem(first, line), Problem(second, line)]
            doubles.add(path.stem)
        else:
            images[path.stem] = path
    for stem in sorted(masks.keys() - images.keys(), key=natural):
        names = ", ".join(f'"{printable(path, found.root)}"' for path in masks[stem])
        source = printable(masks[stem][0], found.root)
        line = f"mask {names} has no image; correct its name, or take it out"
        found.problems.append(Problem(source, line))
    return images, masks, doubles
