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
    by_name = _by_name(files, found)
    withheld = _withheld(by_name)
    if withheld:
        found.warnings.append(
            f"left alone, being of the test part and without masks: {len(withheld)}"
        )
    pairs = pair([name for name in by_name if name not in withheld], Naming())
    sources = {shown(name): shown(path) for name, path in by_name.items()}
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
    by_name = _by_name(files, found)
    masks = [name for name in by_name if _is_mask(name, by_name)]
    if masks:
        found.warnings.append(
            f"left alone, being masks by their names: {len(masks)}, such as "
            f'"{shown(by_name[masks[0]])}"'
        )
    found.cases = [Case(path) for name, path in by_name.items() if name not in masks]
    return found


def _by_name(files: Sequence[PurePosixPath], found: Cases) -> dict[PurePosixPath, PurePosixPath]:
    """Gives the files by their names with one suffix; two of one name are a problem."""
    by_name: dict[PurePosixPath, PurePosixPath] = {}
    for path in files:
        name = path.with_name(f"{stem(path)}.nii")
        if name in by_name:
            line = (
                f'files "{shown(by_name[name])}" and "{shown(path)}" share one name; take one out'
            )
            found.problems.append(Problem(shown(path), line))
        else:
            by_name[name] = path
    return by_name


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
