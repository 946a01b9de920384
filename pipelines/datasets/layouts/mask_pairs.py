"""Which masks belong to which image, in a tree of pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath

from pipelines.datasets.layouts.mask_names import (
    IMAGE,
    MASK,
    Naming,
    Place,
    class_stems,
    image_stems,
    mask_stems,
    place,
    same,
)
from pipelines.datasets.layouts.parts import part_of
from pipelines.datasets.layouts.sample import Problem
from pipelines.datasets.layouts.walk import shown

Key = tuple[tuple[str, ...], str]
"""Folders without those that say image or mask, and the image's name without its extension."""

_REMEMBERED = 1024  # folders that come again with every file
_NAMED = 5  # files that a message names before it only counts them
_PHOTOS = (".jpg", ".jpeg")  # beside a file of the same name that loses nothing: the image


@dataclass
class Pair:
    """An image with its masks.

    Attributes:
        image: where the image lies.
        masks: files that hold all classes; several are parts of one mask.
        of_class: files that hold one class, each with its index.
    """

    image: Place
    masks: list[PurePosixPath] = field(default_factory=list)
    of_class: list[tuple[int, PurePosixPath]] = field(default_factory=list)


@dataclass
class Pairs:
    """What a tree of pictures holds.

    Attributes:
        pairs: the images that have their masks, in the order of the files.
        problems: images without masks, masks without an image, and what is ambiguous.
        outside: pictures in no folder of images or masks, where there are such folders.
        masks: number of pictures that are masks.
        orphans: number of masks without an image.
        perhaps: what may be classes by the names of those, each once, in order.
    """

    pairs: list[Pair] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    outside: list[PurePosixPath] = field(default_factory=list)
    masks: int = 0
    orphans: int = 0
    perhaps: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Mask:
    """A mask, as its name is read.

    Attributes:
        path: the file.
        number: the number behind the word for a mask.
        index: its class, where it holds only one.
    """

    path: PurePosixPath
    number: int | None
    index: int | None


def pair(files: Sequence[PurePosixPath], naming: Naming, classes: Sequence[str] = ()) -> Pairs:
    """Pairs images with masks by their names.

    Where a folder says *mask* by its name, folders decide; else the names of the files do.

    Args:
        files: the pictures, below the root, in order.
        naming: what the person said about the names.
        classes: names of the classes by which files of one class are known.

    Returns:
        The pairs and the problems.
    """
    return _Pairing(naming, classes).run(files)


class _Pairing:
    """One run of ``pair``: the images by their keys, the masks by those of their images."""

    def __init__(self, naming: Naming, classes: Sequence[str]) -> None:
        self.naming = naming
        self.classes = [(index, name) for index, name in enumerate(classes)]
        self.class_folders = {_words(name): index for index, name in self.classes}
        self.images: dict[Key, Place] = {}
        self.aliases: dict[Key, Key | None] = {}
        self.masks: dict[Key, list[_Mask]] = {}
        self.result = Pairs()

    def run(self, files: Sequence[PurePosixPath]) -> Pairs:
        images, masks = self._sorted([place(file, self.naming) for file in files])
        self.result.masks = len(masks)
        ambiguous = self._add_images(images)
        for each in masks:
            self._add_mask(each)
        for key, image in self.images.items():
            if key not in ambiguous:
                self._join(image, self.masks.get(key, []))
        return self.result

    def _sorted(self, places: list[Place]) -> tuple[list[Place], list[Place]]:
        """Tells images from masks."""
        masks = [each for each in places if each.role == MASK]
        if masks:
            images = [each for each in places if each.role == IMAGE]
            rest = [each for each in places if each.role is None]
            if not images:
                return rest, masks
            self.result.outside = [each.path for each in rest]
            return images, masks
        return self._mixed(places)

    def _mixed(self, places: list[Place]) -> tuple[list[Place], list[Place]]:
        """Tells images from masks that lie among them."""
        suffix = self.naming.mask_suffix
        if suffix is not None and suffix.startswith("."):
            told = [each.path.suffix.casefold() == suffix.casefold() for each in places]
        else:
            known = {_key(each.folders, each.path.stem) for each in places}
            told = [self._says_mask(each, known) for each in places]
            if not any(told) and suffix is None:
                told = _beside_photos(places)
        return (
            [each for each, mask in zip(places, told, strict=True) if not mask],
            [each for each, mask in zip(places, told, strict=True) if mask],
        )

    def _says_mask(self, each: Place, known: set[Key]) -> bool:
        """Tells whether a file's name says mask, or is an image's with a class."""
        if mask_stems(each.path.stem, self.naming):
            return True
        return any(key in known for key, mask in self._candidates(each) if mask.index is not None)

    def _add_images(self, images: Iterable[Place]) -> set[Key]:
        """Files the images by key; gives the keys that several have."""
        several: dict[Key, list[Place]] = {}
        for each in images:
            key = _key(each.folders, each.path.stem)
            if self.images.setdefault(key, each) is not each:
                several.setdefault(key, [self.images[key]]).append(each)
        for places in several.values():
            names = _listed([each.path for each in places], " and ")
            line = (
                f"images {names} share one name and one mask; rename one with its mask, take it "
                "out, or say by --mask-suffix .png (or another extension) that one is the mask"
            )
            self.result.problems.append(Problem(shown(places[0].path), line))
        alone = Counter(folders for folders, _ in self.images)
        for key, each in self.images.items():
            stems = image_stems(each.path.stem)
            if alone[key[0]] == 1 and "" not in stems:
                stems.append("")
            for stem in stems:
                alias = _key(each.folders, stem)
                self.aliases[alias] = None if alias in self.aliases else key
        return set(several)

    def _add_mask(self, each: Place) -> None:
        """Files a mask under its image; one without an image is a problem."""
        for key, mask in self._candidates(each):
            found = key if key in self.images else self.aliases.get(key)
            if found is not None and self.images[found].path != each.path:
                self.masks.setdefault(found, []).append(mask)
                return
        name = shown(each.path)
        line = f'mask "{name}" has no image of its name; correct the name, or take it out'
        perhaps = self._perhaps(each)
        if perhaps:
            self.result.perhaps[perhaps] = None
            line += f" (if it holds one class, name that among --classes: {perhaps})"
        self.result.orphans += 1
        self.result.problems.append(Problem(name, line))

    def _perhaps(self, each: Place) -> str:
        """Gives the name of the class that a mask may hold alone, or nothing."""
        if each.folders and _key(each.folders[:-1], each.path.stem) in self.images:
            return shown(each.folders[-1])
        for stem, _ in reversed(self._forms(each)):
            for length in range(len(stem) - 2, 0, -1):
                if stem[length] in " _.-" and _key(each.folders, stem[:length]) in self.images:
                    return shown(stem[length + 1 :])
        return ""

    def _candidates(self, each: Place) -> Iterator[tuple[Key, _Mask]]:
        """Yields the images that a mask may belong to, the likeliest first."""
        forms = self._forms(each)
        for stem, number in forms:
            yield _key(each.folders, stem), _Mask(each.path, number, None)
        for place_, folder in enumerate(each.folders):
            index = self.class_folders.get(_words(folder))
            if index is not None:
                rest = each.folders[:place_] + each.folders[place_ + 1 :]
                for stem, number in forms:
                    yield _key(rest, stem), _Mask(each.path, number, index)
        for stem, _ in forms:
            for index, name in self.classes:
                for rest_stem in class_stems(stem, name):
                    mask = _Mask(each.path, None, index)
                    yield _key(each.folders, rest_stem), mask
                    for inner, number in mask_stems(rest_stem, self.naming):
                        yield _key(each.folders, inner), _Mask(each.path, number, index)

    def _forms(self, each: Place) -> list[tuple[str, int | None]]:
        """Gives a mask's name as it stands, and without the word for a mask."""
        return [(each.path.stem, None), *mask_stems(each.path.stem, self.naming)]

    def _join(self, image: Place, masks: list[_Mask]) -> None:
        """Makes a pair of an image and its masks, or says why not."""
        name = shown(image.path)
        whole = [mask for mask in masks if mask.index is None]
        of_class = [mask for mask in masks if mask.index is not None]
        listed = _listed([mask.path for mask in masks], ", ")
        line = None
        if not masks:
            line = (
                f'image "{name}" has no mask of its name; add it (all background where there is '
                "nothing to mark), or take the image out"
            )
        elif whole and of_class:
            line = f'image "{name}" has masks of all and of single classes: {listed}; take one out'
        elif len({mask.number for mask in whole}) < len(whole):
            line = (
                f'image "{name}" has several masks: {listed}; take all but one out, or say by '
                "--masks-dir or --mask-suffix which to take"
            )
        if line is not None:
            self.result.problems.append(Problem(name, line))
            return
        paths = [mask.path for mask in whole]
        classes = [(mask.index, mask.path) for mask in of_class if mask.index is not None]
        self.result.pairs.append(Pair(image, paths, classes))


def _listed(paths: Sequence[PurePosixPath], between: str) -> str:
    """Names the first files, and counts the others."""
    rest = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return between.join(f'"{shown(path)}"' for path in paths[:_NAMED]) + rest


def _key(folders: Sequence[str], stem: str) -> Key:
    """Gives what an image and its mask have in common."""
    return tuple(map(_folder, folders)), same(stem)


@lru_cache(maxsize=_REMEMBERED)
def _folder(name: str) -> str:
    """Gives what two folders have in common that mean the same."""
    return part_of(name) or same(name)


def _words(name: str) -> str:
    """Gives a class name without what folders write otherwise."""
    return same(name).replace("_", " ").replace("-", " ").strip()


def _beside_photos(places: Sequence[Place]) -> list[bool]:
    """Takes ``x.png`` beside ``x.jpg`` for the mask: what loses nothing of its values."""
    photos = {
        _key(each.folders, each.path.stem)
        for each in places
        if each.path.suffix.casefold() in _PHOTOS
    }
    return [
        each.path.suffix.casefold() not in _PHOTOS and _key(each.folders, each.path.stem) in photos
        for each in places
    ]
