"""The class-folders layout: pictures in one folder per class, perhaps split in train, val and test.

Folders below (or above) the class become columns of the dataset, such as the region of the body.

The patient that ``--group-pattern`` takes out of a path is stored as it stands: the path is stored
beside it and shows it anyway.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.class_oddities import oddities
from pipelines.datasets.layouts.classes import Classes, check_several, match_classes
from pipelines.datasets.layouts.levels import Levels, read_levels
from pipelines.datasets.layouts.mask_look import images_and_masks
from pipelines.datasets.layouts.mask_names import (
    IMAGE,
    Naming,
    folder_role,
    mask_stems,
    same,
)
from pipelines.datasets.layouts.path_pattern import PathPattern, read_pattern
from pipelines.datasets.layouts.places import Place, counted, find_places, is_split, top_folder
from pipelines.datasets.layouts.pseudonym import PATIENTS
from pipelines.datasets.layouts.sample import (
    DUPLICATES,
    Facts,
    Problem,
    Request,
    Sample,
    Scan,
    natural,
    plain_name,
)
from pipelines.datasets.layouts.signs import fitting, recognise
from pipelines.datasets.layouts.walk import Walk, is_picture, shown, walk
from pipelines.datasets.sources.picture_file import PictureFile
from pipelines.errors import InputError

NAME = "class-folders"

_RESERVED = frozenset({"images", "masks"})  # entries of the dataset folder: no classes


def scan(raw: Path, request: Request) -> Scan:
    """Lists the pictures of class folders; opens a few where their names look like masks'.

    Args:
        raw: the folder of class folders (or of ``train``, ``val`` and ``test``, in any case, with
            class folders in them), or the one folder around them.
        request: what the person asked for; of its options ``levels``, ``class_level``,
            ``class_pattern``, ``group_pattern`` and ``modality``.

    Returns:
        Samples by class, then in natural order of their paths; problems and warnings.

    Raises:
        InputError: the folder is missing, empty, or of another layout; an option does not fit; the
            classes are numbers that nobody named.
    """
    levels = read_levels(request.options)
    class_pattern = read_pattern("--class-pattern", request.options.get("class_pattern"))
    group_pattern = read_pattern("--group-pattern", request.options.get("group_pattern"))
    tree = walk(raw, NAME)
    top = top_folder(tree)
    found = Scan(raw / top, _facts(raw / top, request, group_pattern), problems=list(tree.problems))
    if top.parts:
        found.warnings.append(f"reading {found.root}, the only folder in {found.root.parent}")
    found.warnings.extend(tree.warnings)
    places, strangers = find_places(tree, top)
    found.problems.extend(strangers)
    _check_layout(tree, places)
    inside = _inside(places, levels, found)
    labels = {place: _label(place, levels, class_pattern) for place in inside}
    classes = _classes(labels, request, class_pattern, found)
    found.facts = replace(found.facts, labels=classes.names)
    found.problems.extend(_unclassed(labels, classes, levels, class_pattern))
    for place, label in labels.items():
        group = group_pattern.of(place.source) if group_pattern else None
        if group_pattern and group is None:
            found.problems.append(Problem(place.source, group_pattern.unmatched(place.source)))
        elif label in classes.of:
            found.samples.append(_sample(place, classes.of[label], group, levels, found.root))
    order = {name: index for index, name in enumerate(classes.names)}
    found.samples.sort(key=lambda each: (order[each.category], natural(each.source)))
    found.warnings.extend(oddities(tree, top, inside, levels, found))
    found.warnings.extend(_masks_of_another(found.root, inside))
    check_several(found)
    return found


def sign(root: Path, files: list[PurePosixPath]) -> str | None:
    """Looks for two class folders of pictures without masks.

    Args:
        root: the folder.
        files: the first thousands of its files, relative.

    Returns:
        Two of the class folders, or nothing.
    """
    pictures = [file for file in files if is_picture(file)]
    tree = Walk(root, pictures, sorted({above for file in pictures for above in file.parents[:-1]}))
    top = top_folder(tree)
    below = [file.relative_to(top) for file in pictures if file.is_relative_to(top)]
    skipped = int(is_split(file.parts[0] for file in below if len(file.parts) > 1))
    classes: dict[str, list[PurePosixPath]] = {}
    for file in below:
        if len(file.parts) > skipped + 1:
            classes.setdefault(file.parts[skipped], []).append(file)
    if len(classes) < 2 or _masks_among(pictures):
        return None
    if any(same(name) in _RESERVED for name in classes) or images_and_masks(root / top, classes):
        return None
    return ", ".join(f"{shown(name)}/" for name in list(classes)[:2])


def _facts(root: Path, request: Request, group_pattern: PathPattern | None) -> Facts:
    """Gives the facts but for the class names."""
    return Facts(
        name=plain_name(root),
        modality=request.options.get("modality") or "OT",
        labels=(),
        grouping=PATIENTS if group_pattern else DUPLICATES,
    )


def _check_layout(tree: Walk, places: Sequence[Place]) -> None:
    """Refuses folders without pictures, and those in which some pictures are masks."""
    pictures = tree.pictures
    if not pictures and tree.problems:
        return
    expected = f"expected {LAYOUTS[NAME].expected}"
    holds = _masks_among(pictures)
    if holds:
        other = next((layout.name for layout, _ in fitting(tree.root)), "image-mask-folders")
        raise InputError(
            f"{tree.root} looks like images with masks ({holds}), not like the {NAME} layout: "
            f"{expected}. Convert it with: med2d convert {other} {shlex.quote(str(tree.root))} OUT"
        )
    if not pictures:
        raise InputError(
            f"{tree.root} looks like {recognise(tree.root)}, not the {NAME} layout: {expected}"
        )


def _masks_among(pictures: Sequence[PurePosixPath]) -> str | None:
    """Names a mask, or a folder of images and one of masks, as far as names tell."""
    mask = _mask_in(pictures)
    if mask:
        return f'the mask "{shown(mask)}"'
    folders = _mask_folder(pictures)
    return " and ".join(f"{shown(folder)}/" for folder in folders) if folders else None


def _mask_in(pictures: Sequence[PurePosixPath]) -> PurePosixPath | None:
    """Finds a picture that is by its name the mask of one beside it."""
    stems = {(file.parent, same(file.stem)) for file in pictures}
    alone = Counter(file.parent for file in pictures)
    for file in pictures:
        beside = [same(stem) for stem, _ in mask_stems(file.stem, Naming())]
        if any((file.parent, stem) in stems for stem in beside):
            return file
        if "" in beside and alone[file.parent] > 1:  # mask.png beside whatever
            return file
    return None


def _mask_folder(
    pictures: Sequence[PurePosixPath],
) -> tuple[PurePosixPath, PurePosixPath] | None:
    """Finds a folder of images and one of masks, by their names, in the same folder."""
    images: dict[PurePosixPath, PurePosixPath] = {}
    masks: dict[PurePosixPath, PurePosixPath] = {}
    for folder in dict.fromkeys(above for file in pictures for above in file.parents[:-1]):
        role, _ = folder_role(folder.name)
        if role is not None:
            (images if role == IMAGE else masks).setdefault(folder.parent, folder)
    return next(((images[above], masks[above]) for above in images if above in masks), None)


def _masks_of_another(root: Path, places: Sequence[Place]) -> Iterator[str]:
    """Warns of a class folder that holds the masks of another, as far as a few pictures tell."""
    folders: dict[str, list[PurePosixPath]] = {}
    for place in places:
        folders.setdefault(place.folders[0], []).append(place.file)
    pair = images_and_masks(root, folders)
    if pair:
        images, masks = pair
        yield (
            f'the pictures in "{shown(masks)}" look like masks of those in "{shown(images)}"; if '
            f"they are, convert with: med2d convert image-mask-folders RAW OUT --images-dir "
            f"{shlex.quote(shown(images))} --masks-dir {shlex.quote(shown(masks))}"
        )


def _inside(places: Sequence[Place], levels: Levels, found: Scan) -> list[Place]:
    """Keeps the pictures that lie as deep as the levels say; the others are problems."""
    inside = [place for place in places if len(place.folders) >= levels.least]
    if places and not inside:
        where = f" in folders {levels.listed()}" if levels.names else ""
        raise InputError(
            f"{found.root} looks like {recognise(found.root)}: none of its "
            f"{len(places)} pictures lies in a class folder{where}; "
            f"expected {LAYOUTS[NAME].expected}"
        )
    for place in places:
        if len(place.folders) < levels.least:
            expected = levels.listed()
            line = (
                f'image "{place.source}" lies outside the class folders; move it into a folder '
                f"{expected}, or take it out"
            )
            found.problems.append(Problem(place.source, line))
    return inside


def _label(place: Place, levels: Levels, pattern: PathPattern | None) -> str:
    """Gives what stands for the class of a picture; an empty text where nothing does."""
    if pattern:
        return pattern.of(place.source) or ""
    return shown(place.folders[levels.class_index or 0])


def _classes(
    labels: Mapping[Place, str], request: Request, pattern: PathPattern | None, found: Scan
) -> Classes:
    """Finds the classes that the labels stand for."""
    what = "what --class-pattern matches below" if pattern else "the level of classes in"
    given = [label for label in labels.values() if label]
    return match_classes(given, request, f"{what} {found.root}")


def _unclassed(
    labels: Mapping[Place, str],
    classes: Classes,
    levels: Levels,
    pattern: PathPattern | None,
) -> Iterator[Problem]:
    """Says which pictures, or whole folders of them, have no class."""
    folders = Counter[tuple[PurePosixPath, str]]()
    for place, label in labels.items():
        if pattern and not label:
            yield Problem(place.source, pattern.unmatched(place.source))
        elif label in classes.wrong and pattern:
            yield Problem(place.source, f'image "{place.source}" {classes.wrong[label]}')
        elif label in classes.wrong:
            folders[place.above((levels.class_index or 0) + 1), label] += 1
    for (folder, label), count in folders.items():
        line = f'folder "{shown(folder)}" ({counted(count)}) {classes.wrong[label]}'
        yield Problem(shown(folder), line)


def _sample(place: Place, category: str, group: str | None, levels: Levels, root: Path) -> Sample:
    return Sample(
        source=place.source,
        image=PictureFile(root / place.file),
        category=category,
        group=group,
        part=place.part,
        columns={key: shown(name) for key, name in levels.columns(place.folders).items()},
    )
