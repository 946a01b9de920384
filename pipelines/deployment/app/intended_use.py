"""What a model is meant for, in DICOM's terms: modality, body part, codes of its classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.deployment.app.anatomy import Region
from pipelines.deployment.app.code import Code, private_code, read_code
from pipelines.errors import InputError

KEY = "dicom"
"""In a bundle's metadata.json."""

NO_BODY_PART = "body part not stated"
"""The mark of images whose header names no body part."""

NOT_JUDGED = "what it shows cannot be judged by its header"
"""The mark where a model of any body part meets a modality that says nothing, or a body part."""

_OTHER = "OT"  # the modality of what is no other

_LONGEST = 16  # letters of a body part in a message, by PS3.5 6.2
_ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
_EXPECTED = (
    'expected "dicom": {"modalities": ["US"], "body_parts": ["BREAST"], "anatomy": {"code", '
    '"scheme", "meaning"}, "classes": {"tumour": {"code", "scheme", "meaning"}}}'
)


@dataclass(frozen=True)
class IntendedUse:
    """What a model says of itself.

    Attributes:
        name: of the model.
        version: of the model.
        statement: what it may be used for, in words.
        modalities: codes of the modalities whose images it answers.
        body_parts: what BodyPartExamined may say; anything where it is empty.
        body_parts_marked: what it may say, too, though another patient may be meant by it.
        anatomy: where its findings are; None where that differs from image to image.
        classes: class name to its concept; see ``concept``.
        categories: class name to the category of the concept; see ``category``.
    """

    name: str
    version: str
    statement: str
    modalities: tuple[str, ...]
    body_parts: tuple[str, ...]
    body_parts_marked: tuple[str, ...]
    anatomy: Code | None
    classes: Mapping[str, Code]
    categories: Mapping[str, Code]

    def concept(self, label: str) -> Code:
        """Gives the concept of a class: the one that is told, else one of our own scheme."""
        return self.classes.get(label) or private_code(label)

    def category(self, label: str) -> Code:
        """Gives the category of a class; where none is told, an abnormal structure."""
        return self.categories.get(label, _ABNORMAL)

    def refusal(self, modality: str, body_part: str, regions: Sequence[Region] = ()) -> str | None:
        """Says why an image is none that the model is meant for; None where it is one.

        Args:
            modality: of the image.
            body_part: what its header says, or nothing.
            regions: that its header names by their codes.
        """
        if modality.upper() not in self.modalities:
            return (
                f"has the modality {modality or '(none)'}; the model is meant for "
                f"{', '.join(self.modalities)}"
            )
        meant = (*self.body_parts, *self.body_parts_marked)
        others = [each.meaning for each in regions if not self._is_meant_region(each)]
        if body_part and not _is_one_of(body_part, meant):
            others.insert(0, body_part)
        if meant and others:
            return (
                f"shows the body part {others[0][:_LONGEST] or '(none)'}; the model is meant for "
                f"{', '.join(meant)}"
            )
        return None

    def marks(
        self, modality: str, body_part: str, regions: Sequence[Region] = ()
    ) -> tuple[str, ...]:
        """Says what a reader of the answers should know of an image that is not refused.

        Args:
            modality: of the image.
            body_part: what its header says, or nothing.
            regions: that its header names by their codes.
        """
        told = [*([body_part] if body_part else []), *(each.meaning for each in regions)]
        if not (self.body_parts or self.body_parts_marked):
            return (NOT_JUDGED,) if told or modality.upper() == _OTHER else ()
        if not told:
            return (NO_BODY_PART,)
        if all(_is_one_of(each, self.body_parts_marked) for each in told) and not any(
            _is_one_of(each, self.body_parts) for each in told
        ):
            return (f"body part {told[0][:_LONGEST]}: may be of a patient who is not meant",)
        return ()

    def _is_meant_region(self, region: Region) -> bool:
        """Whether a region is that of the findings, whatever it is called, or is named as meant."""
        is_same = self.anatomy is not None and region.code == self.anatomy.code
        return is_same or _is_one_of(region.meaning, (*self.body_parts, *self.body_parts_marked))


def _is_one_of(body_part: str, meant: Sequence[str]) -> bool:
    """Whether one of the words, such as those of ``BREAST LEFT``, is meant."""
    told = body_part.upper()
    return told in meant or bool(set(re.findall(r"[A-Z]+", told)) & set(meant))


def intended_use(metadata: Mapping[str, Any], source: str) -> IntendedUse:
    """Reads what a model is meant for.

    Args:
        metadata: of the bundle.
        source: what messages call the file that they are from.

    Raises:
        InputError: it does not say so, or not as expected.
    """
    lacking = [key for key in ("name", "version", "intended_use") if not metadata.get(key)]
    if lacking:
        raise InputError(
            f"{source} has no {', '.join(lacking)}; results must say which model gave them and "
            "what it may be used for. Add it"
        )
    told = metadata.get(KEY)
    if not isinstance(told, Mapping):
        raise InputError(
            f'{source} has no "{KEY}", so it is unknown for which DICOM images the model is meant; '
            f"{_EXPECTED}. Of a run of a shipped bundle, med2d package adds it"
        )
    classes = told.get("classes", {})
    if not isinstance(classes, Mapping):
        raise InputError(f"{source}: {KEY}::classes is {classes!r}; {_EXPECTED}")
    anatomy = told.get("anatomy")
    place = f"{source}: {KEY}::"
    return IntendedUse(
        name=str(metadata["name"]),
        version=str(metadata["version"]),
        statement=str(metadata["intended_use"]),
        modalities=_words(told, "modalities", source, needed=True),
        body_parts=_words(told, "body_parts", source),
        body_parts_marked=_words(told, "body_parts_marked", source),
        anatomy=None if anatomy is None else read_code(anatomy, f"{place}anatomy"),
        classes={
            str(name): read_code(each, f"{place}classes::{name}") for name, each in classes.items()
        },
        categories={
            str(name): read_code(each["category"], f"{place}classes::{name}::category")
            for name, each in classes.items()
            if "category" in each
        },
    )


def _words(told: Mapping[str, Any], key: str, source: str, needed: bool = False) -> tuple[str, ...]:
    """Reads a list of codes."""
    value = told.get(key, [])
    is_list = isinstance(value, list) and all(isinstance(each, str) and each for each in value)
    if not is_list or (needed and not value):
        raise InputError(f"{source}: {KEY}::{key} is {told.get(key)!r}; {_EXPECTED}")
    return tuple(each.upper() for each in value)
