"""What is odd about class folders but does no harm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from pipelines.datasets.layouts.levels import Levels
from pipelines.datasets.layouts.places import Place
from pipelines.datasets.layouts.sample import Sample, Scan
from pipelines.datasets.layouts.walk import Walk, is_picture, shown

_NAMED = 5  # files that are named before the rest is only counted


def oddities(
    tree: Walk, top: PurePosixPath, places: Sequence[Place], levels: Levels, found: Scan
) -> Iterator[str]:
    """Says what is odd.

    Args:
        tree: the files and folders.
        top: the folder of class folders, relative to the root of the tree.
        places: where the pictures lie.
        levels: what the folders mean.
        found: the samples and the names of the classes.

    Yields:
        A line for files that are no pictures, for pictures that differ by their suffix only, for
        each folder down to the class that holds none, for each class without an image, and for each
        class that only some parts have.
    """
    others = [shown(file) for file in tree.files if not is_picture(file)]
    if others:
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        names = ", ".join(f'"{name}"' for name in others[:_NAMED]) + more
        yield f"files that are no pictures were left aside: {names}"
    yield from _twins(places)
    for folder in _empty(tree, top, places, levels):
        yield f'folder "{shown(folder)}" holds no image'
    used = {sample.category for sample in found.samples}
    for name in found.facts.labels:
        if name not in used:
            yield f'no image has the class "{name}"'
    yield from _uneven(found.samples)


def _twins(places: Sequence[Place]) -> Iterator[str]:
    """Warns of pictures whose names differ by the suffix only."""
    first: dict[PurePosixPath, Place] = {}
    pairs = []
    for place in places:
        other = first.setdefault(place.file.with_suffix(""), place)
        if other is not place:
            pairs.append((other.source, place.source))
    if pairs:
        one, two = pairs[0]
        yield (
            f'{len(pairs)} pictures have the name of another but for the suffix, such as "{one}" '
            f'and "{two}"; if one of each is a copy or a mask, take it out'
        )


def _empty(
    tree: Walk, top: PurePosixPath, places: Sequence[Place], levels: Levels
) -> Iterator[PurePosixPath]:
    """Lists folders down to the class that hold no picture at any depth; the outermost of each."""
    split = any(place.part for place in places)
    deepest = (levels.class_index or 0) + 1 + int(split)
    holding = {file.parent for file in tree.pictures}
    filled = {above for folder in holding for above in (folder, *folder.parents)}
    for folder in tree.folders:
        depth = len(folder.parts) - len(top.parts)
        outermost = folder.parent in filled or folder.parent == PurePosixPath()
        if 1 <= depth <= deepest and folder not in filled and outermost:
            yield folder.relative_to(top)


def _uneven(samples: Iterable[Sample]) -> Iterator[str]:
    """Warns of classes that one part has and training has not, or the other way round."""
    by_part: dict[str, dict[str, None]] = {}
    for sample in samples:
        if sample.part:
            by_part.setdefault(sample.part, {})[sample.category] = None
    train = by_part.pop("train", {})
    for part in sorted(by_part) if train else ():
        for name in train:
            if name not in by_part[part]:
                yield f'the class "{name}" occurs in train but not in {part}'
        for name in by_part[part]:
            if name not in train:
                yield f'the class "{name}" occurs in {part} but not in train'
