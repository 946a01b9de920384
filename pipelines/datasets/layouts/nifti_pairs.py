"""Which NIfTI files are masks, and of which image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pipelines.datasets.layouts.mask_names import MASK, Naming, mask_stems, place
from pipelines.datasets.layouts.mask_pairs import pair
from pipelines.datasets.layouts.parts import part_of
from pipelines.datasets.layouts.sample import Problem
from pipelines.datasets.layouts.walk import shown
from pipelines.datasets.sources.nifti_header import SUFFIXES


@dataclass(frozen=True)
class Case:
    """An image or a volume.

    Attributes:
        path: below the root.
        masks: its masks, below the root.
        part: the part whose folder it lies in, or nothing.
    """

    path: PurePosixPath
    masks: tuple[PurePosixPath, ...] = ()
    part: str | None = None


@dataclass
class Cases:
    """The images of a tree, with what is wrong and odd.

    Attributes:
        cases: the images.
        problems: images without masks, masks without an image, and what is ambiguous.
        warnings: what was left alone.
    """

    cases: list[Case] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def is_nifti(path: PurePosixPath) -> bool:
    """Tells whether a file is NIfTI by its suffix."""
    return path.name.casefold().endswith(SUFFIXES)


def stem(path: PurePosixPath) -> str:
    """Gives a file's name without ``.nii`` or ``.nii.gz``.

    Examples:
        >>> stem(PurePosixPath("a/b.c.nii.gz"))
        'b.c'
    """
    name = path.name
    for suffix in reversed(SUFFIXES):
        if name.casefold().endswith(suffix):
            return name[: -len(suffix)]
    return name


def with_masks(files: Sequence[PurePosixPath]) -> Cases:
    """Pairs images with their masks: by the folders that say so, else by the names of the files.

    Images of a test part of which no image has a mask are left alone: so are public sets given out.

    Args:
        files: NIfTI files, below the root, in order.

    Returns:
        The images that have masks.
    """
    found = Cases()
    by_name, doubles = _by_name(files)
    withheld = _withheld(by_name)
    if withheld:
        found.warnings.append(
            f"left alone, being of the test part and without masks: {len(withheld)}"
        )
    pairs = pair([name for name in by_name if name not in withheld], Naming())
    sources = {shown(name): shown(path) for name, path in by_name.items()}
    pairs_of = {each.image.path: (each.image.path, *each.masks) for each in pairs.pairs}
    found.problems += _ambiguous(doubles, by_name, pairs_of)
    found.problems += [
        Problem(sources.get(each.source, each.source), each.line) for each in pairs.problems
    ]
    if pairs.outside:
        found.warnings.append(
            f"left alone, lying neither with the images nor with the masks: {len(pairs.outside)}, "
            f'such as "{shown(by_name[pairs.outside[0]])}"'
        )
    parts = [_part(each.image.folders) for each in pairs.pairs]
    split = len(set(parts)) > 1
    for each, part in zip(pairs.pairs, parts, strict=True):
        if not doubles.keys().isdisjoint(pairs_of[each.image.path]):
            continue
        masks = tuple(by_name[mask] for mask in each.masks)
        found.cases.append(Case(by_name[each.image.path], masks, part if split else None))
    return found


def without_masks(files: Sequence[PurePosixPath]) -> Cases:
    """Takes all files but masks: those in a folder of masks, or called x_seg beside x.

    Args:
        files: NIfTI files, below the root, in order.

    Returns:
        The images.
    """
    found = Cases()
    by_name, doubles = _by_name(files)
    found.problems += _ambiguous(doubles, by_name, {})
    masks = [name for name in by_name if _is_mask(name, by_name)]
    if masks:
        found.warnings.append(
            f"left alone, being masks by their names: {len(masks)}, such as "
            f'"{shown(by_name[masks[0]])}"'
        )
    aside = {*masks, *doubles}
    found.cases = [Case(path) for name, path in by_name.items() if name not in aside]
    return found


_Doubles = Mapping[PurePosixPath, Sequence[PurePosixPath]]


def _by_name(files: Sequence[PurePosixPath]) -> tuple[dict[PurePosixPath, PurePosixPath], _Doubles]:
    """Gives the files by their names with one suffix, and the names that several files have."""
    named: dict[PurePosixPath, list[PurePosixPath]] = {}
    for path in files:
        named.setdefault(path.with_name(f"{stem(path)}.nii"), []).append(path)
    by_name = {name: paths[0] for name, paths in named.items()}
    return by_name, {name: paths for name, paths in named.items() if len(paths) > 1}


def _ambiguous(
    doubles: _Doubles,
    by_name: Mapping[PurePosixPath, PurePosixPath],
    pairs: Mapping[PurePosixPath, Sequence[PurePosixPath]],
) -> list[Problem]:
    """Names every file of a shared name, and the images whose mask has one: none can be used."""
    problems = []
    for name, paths in doubles.items():
        line = f"files {' and '.join(_quoted(path) for path in paths)} share one name; take one out"
        images = [by_name[image] for image, used in pairs.items() if name in used]
        problems += [Problem(shown(path), line) for path in dict.fromkeys((*paths, *images))]
    return problems


def _quoted(path: PurePosixPath) -> str:
    return f'"{shown(path)}"'


def _withheld(by_name: Mapping[PurePosixPath, PurePosixPath]) -> set[PurePosixPath]:
    """Gives the images of a test part that has no masks."""
    places = [place(name, Naming()) for name in by_name]
    tests = [each for each in places if _part(each.folders) == "test"]
    if not any(each.role == MASK for each in places) or any(each.role == MASK for each in tests):
        return set()
    return {each.path for each in tests}


def _is_mask(name: PurePosixPath, by_name: Mapping[PurePosixPath, PurePosixPath]) -> bool:
    if place(name, Naming()).role == MASK:
        return True
    return any(
        name.with_name(f"{image}.nii") in by_name for image, _ in mask_stems(name.stem, Naming())
    )


def _part(folders: Sequence[str]) -> str | None:
    return next((part for folder in folders if (part := part_of(folder))), None)
