"""Which pictures are masks, and of which image: told by the names of folders and files."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from pipelines.datasets.layouts.parts import part_of

IMAGE, MASK = "image", "mask"

_REMEMBERED = 1024  # folders and patterns that come again with every file

_IMAGE_FOLDERS = frozenset({
    "image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "scan", "scans",
    "input", "inputs", "original", "originals", "raw",
})  # fmt: skip
_MASK_FOLDERS = frozenset({
    "mask", "masks", "label", "labels", "labelmap", "labelmaps", "annotation", "annotations",
    "annot", "segmentation", "segmentations", "seg", "segs", "gt", "gts", "groundtruth",
    "groundtruths", "target", "targets",
})  # fmt: skip
_NNUNET = re.compile(r"(images|labels)(tr|ts|va|val)")
_NNUNET_PARTS = {"tr": "train", "ts": "test", "va": "validation", "val": "validation"}

_MASK_WORDS = (
    "masks?|labels?|labelmaps?|segs?|segm|segmentations?|gts?|ground[ _-]?truths?|annotations?"
)
_IMAGE_WORDS = "images?|imgs?|im|originals?|orig"
_NUMBER = r"(?:[ _-]?(?P<number>[0-9]+))?"
_MASK_END = re.compile(rf"(?P<stem>.+?)[ _.-]+(?:{_MASK_WORDS}){_NUMBER}", re.IGNORECASE)
_MASK_START = re.compile(rf"(?:{_MASK_WORDS})[ _.-]+(?P<stem>.+)", re.IGNORECASE)
_MASK_ALONE = re.compile(rf"(?:{_MASK_WORDS}){_NUMBER}", re.IGNORECASE)
_IMAGE_ALONE = re.compile(rf"(?:{_IMAGE_WORDS})", re.IGNORECASE)
# nnU-Net appends the number of the channel to the names of images.
_IMAGE_END = re.compile(rf"(?P<stem>.+?)(?:[ _.-]+(?:{_IMAGE_WORDS})|_0000)", re.IGNORECASE)
_IMAGE_START = re.compile(rf"(?:{_IMAGE_WORDS})[ _.-]+(?P<stem>.+)", re.IGNORECASE)


@dataclass(frozen=True)
class Naming:
    """How a person says that the names are.

    Attributes:
        images_dir: name, or path below the root, of the folder of images; ``.`` for all that are no
            masks.
        masks_dir: name, or path below the root, of the folder of masks.
        mask_suffix: end of a mask's name without its extension, such as ``_seg``; or an extension,
            such as ``.png``.
    """

    images_dir: str | None = None
    masks_dir: str | None = None
    mask_suffix: str | None = None

    @property
    def has_paths(self) -> bool:
        """Whether one of the folders is a path: then what lies above them tells nothing apart."""
        return any("/" in (each or "") for each in (self.images_dir, self.masks_dir))


@dataclass(frozen=True)
class Place:
    """Where a picture lies.

    Attributes:
        path: below the root.
        role: ``IMAGE`` or ``MASK`` as its folders say, or nothing.
        folders: its folders without the one that says so.
    """

    path: PurePosixPath
    role: str | None
    folders: tuple[str, ...]


def same(name: str) -> str:
    """Gives what two names have in common that differ by case or the way of writing accents only.

    Examples:
        >>> same("Gewebe_É") == same("gewebe_É")
        True
    """
    return unicodedata.normalize("NFC", name).casefold()


def place(path: PurePosixPath, naming: Naming) -> Place:
    """Tells by its folders whether a picture is an image or a mask; the innermost one decides.

    Args:
        path: the picture, below the root.
        naming: what the person said.

    Returns:
        The place.

    Examples:
        >>> place(PurePosixPath("train_masks/benign/a.png"), Naming()).folders
        ('train', 'benign')
    """
    folders = path.parent.parts
    best, role = (-1, 0, ""), None
    for each, wanted in ((IMAGE, naming.images_dir), (MASK, naming.masks_dir)):
        found = _named(folders, wanted) if wanted is not None else _usual(folders, each)
        if found > best:
            best, role = found, each
    if role is None:
        return Place(path, IMAGE if naming.images_dir == "." else None, folders)
    start, length, part = best
    above = [name for name in folders[:start] if part_of(name) or not naming.has_paths]
    return Place(path, role, (*above, *([part] if part else []), *folders[start + length :]))


@lru_cache(maxsize=_REMEMBERED)
def folder_role(name: str) -> tuple[str | None, str]:
    """Tells what a folder of this name holds, and of which part.

    Examples:
        >>> folder_role("Ground Truth"), folder_role("val_images"), folder_role("labelsTr")
        (('mask', ''), ('image', 'validation'), ('mask', 'train'))
    """
    plain = same(name)
    nnunet = _NNUNET.fullmatch(plain)
    if nnunet:
        return (IMAGE if nnunet[1] == "images" else MASK), _NNUNET_PARTS[nnunet[2]]
    words = set(re.split(r"[ _.-]+", re.sub(r"ground[ _-]truth", "groundtruth", plain)))
    parts = [part for word in sorted(words) if (part := part_of(word))]
    part = parts[0] if len(parts) == 1 else ""
    # "label_images" are labels.
    if words & _MASK_FOLDERS:
        return MASK, part
    return (IMAGE, part) if words & _IMAGE_FOLDERS else (None, "")


def mask_stems(stem: str, naming: Naming) -> list[tuple[str, int | None]]:
    """Gives the names of images that a mask may belong to, by the word for a mask in its own.

    Args:
        stem: the mask's name without its extension.
        naming: what the person said.

    Returns:
        Stems, each with the number behind the word; none where the name does not say *mask*. The
        stem is empty where the name says nothing else: the image is the one in its folder.

    Examples:
        >>> mask_stems("benign (1)_mask_2", Naming()), mask_stems("benign (1)", Naming())
        ([('benign (1)', 2)], [])
        >>> mask_stems("mask", Naming())
        [('', None)]
    """
    wanted = naming.mask_suffix
    if wanted is not None:
        if wanted.startswith("."):
            return []
        pattern = re.compile(rf"(?P<stem>.+){re.escape(wanted)}{_NUMBER}", re.IGNORECASE)
        match = pattern.fullmatch(stem)
        return [_stem_and_number(match)] if match else []
    found = []
    if match := _MASK_END.fullmatch(stem):
        found.append(_stem_and_number(match))
    if match := _MASK_START.fullmatch(stem):
        found.append((match["stem"], None))
    if not found and (match := _MASK_ALONE.fullmatch(stem)):
        number = match["number"]
        found.append(("", None if number is None else int(number)))
    return found


def image_stems(stem: str) -> list[str]:
    """Gives the name of an image without the word for an image, where it has one.

    Examples:
        >>> image_stems("img_007"), image_stems("a_image"), image_stems("a")
        (['007'], ['a'], [])
        >>> image_stems("image")
        ['']
    """
    matches = (pattern.fullmatch(stem) for pattern in (_IMAGE_END, _IMAGE_START))
    found = [match["stem"] for match in matches if match]
    return [*found, ""] if _IMAGE_ALONE.fullmatch(stem) else found


def class_stems(stem: str, name: str) -> list[str]:
    """Gives a mask's name without the name of a class, where it has it at an end.

    Examples:
        >>> class_stems("a_Dense-Stroma", "dense stroma"), class_stems("a_stroma_2", "stroma")
        (['a'], ['a'])
    """
    matches = (pattern.fullmatch(stem) for pattern in _class_patterns(name))
    return [match["stem"] for match in matches if match]


@lru_cache(maxsize=_REMEMBERED)
def _class_patterns(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Gives what names end or begin with where a file holds one class."""
    words = "[ _-]?".join(re.escape(word) for word in re.split(r"[ _-]+", name) if word)
    return (
        re.compile(rf"(?P<stem>.+?)[ _.-]+{words}(?:[ _-]?[0-9]+)?", re.IGNORECASE),
        re.compile(rf"{words}[ _.-]+(?P<stem>.+)", re.IGNORECASE),
    )


def _stem_and_number(match: re.Match[str]) -> tuple[str, int | None]:
    number = match["number"]
    return match["stem"], None if number is None else int(number)


def _named(folders: tuple[str, ...], wanted: str) -> tuple[int, int, str]:
    """Finds the folder that the person named: where it starts, and how many parts it has."""
    parts = tuple(map(same, PurePosixPath(wanted).parts))
    plain = tuple(map(same, folders))
    for start in range(len(plain) - len(parts), -1, -1) if parts else ():
        if plain[start : start + len(parts)] == parts:
            # "train/masks" says the part, too.
            part = next((found for each in parts if (found := part_of(each))), "")
            return start, len(parts), part
    return -1, 0, ""


def _usual(folders: tuple[str, ...], role: str) -> tuple[int, int, str]:
    """Finds the innermost folder whose name is usual for a role."""
    for start in range(len(folders) - 1, -1, -1):
        found, part = folder_role(folders[start])
        if found == role:
            return start, 1, part
    return -1, 0, ""
