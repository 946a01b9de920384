"""What the names of arrays say: what they hold, of which class, of which part."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipelines.datasets.layouts.parts import part_of

IMAGES, MASKS, TARGETS, GROUPS = "images", "masks", "targets", "groups"
"""What an array holds."""

ANSWERS = "answers"
"""Targets or masks: only the shape tells which."""

WORDS = {
    IMAGES: (
        "data image images img imgs input inputs picture pictures x",
        "image images input x",
    ),
    MASKS: (
        "annotation annotations gt ground groundtruth map maps mask masks seg segmentation "
        "segmentations truth",
        "masks segmentation maps gt",
    ),
    ANSWERS: ("label labels output outputs target targets y", "target labels output y"),
    GROUPS: ("group groups patient patients subject subjects", "patients groups"),
}
"""For each: the words that say it at either end of a name, and those shown as examples."""

_KIND = {word: kind for kind, (words, _) in WORDS.items() for word in words.split()}
_JOINED = {"x": IMAGES, "y": ANSWERS}  # as in xtrain and ytrain
_WORD = re.compile(r"[^\W_]+")
_IDS = re.compile(r"(?<=patient|subject)[\W_]*ids?(?![^\W_])", re.IGNORECASE)


@dataclass(frozen=True)
class Naming:
    """What a name says.

    Attributes:
        kind: ``images``, ``masks``, ``answers`` or ``groups``; nothing where no word says it.
        part: ``train``, ``validation`` or ``test``; nothing where no word says it.
        rest: what is left of every part of the path, the last of them the class.
    """

    kind: str | None
    part: str | None
    rest: tuple[str, ...]

    @property
    def category(self) -> str | None:
        """The name of the class, or nothing."""
        return self.rest[-1] if self.rest else None


def parse_name(path: PurePosixPath) -> Naming:
    """Reads the name of an array: words at either end of each part say what it holds.

    Args:
        path: below the raw root, without the suffixes of files.

    Returns:
        What it says.

    Examples:
        >>> parse_name(PurePosixPath("benign_segmentation_maps"))
        Naming(kind='masks', part=None, rest=('benign',))
        >>> parse_name(PurePosixPath("train/Input"))
        Naming(kind='images', part='train', rest=())
    """
    kinds: list[str] = []
    parts: list[str] = []
    rest = [left for name in path.parts if (left := _strip(name, kinds, parts))]
    # Masks of images, patients of labels: the rarer word is the one that tells.
    kind = next((kind for kind in (GROUPS, MASKS, ANSWERS, IMAGES) if kind in kinds), None)
    return Naming(kind, parts[-1] if parts else None, tuple(rest))


def _strip(name: str, kinds: list[str], parts: list[str]) -> str:
    """Takes the telling words off both ends of a name, notes them, and gives what is left."""
    name = _IDS.sub("", name)
    words = list(_WORD.finditer(name))
    start, end = 0, len(name)
    while words and _note(words[-1].group(), kinds, parts):
        words.pop()
        end = words[-1].end() if words else 0
    while words and _note(words[0].group(), kinds, parts):
        words.pop(0)
        start = words[0].start() if words else end
    return name[start:end].strip()


def _note(word: str, kinds: list[str], parts: list[str]) -> bool:
    """Notes what a word says; tells whether it says anything."""
    kind, part = _KIND.get(word.casefold()), part_of(word)
    if kind is None and part is None and word[0].casefold() in _JOINED:
        part = part_of(word[1:])
        kind = _JOINED[word[0].casefold()] if part else None
    kinds.extend([kind] if kind else [])
    parts.extend([part] if part else [])
    return bool(kind or part)
