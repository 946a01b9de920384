"""The header element that names the class of a DICOM file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset

from pipelines.datasets.sources.dicom_header import text
from pipelines.errors import InputError

_CODES = "CS"  # the kind of values that are words of a fixed list, and so say nothing of a person
_FURTHER = ("Manufacturer", "ManufacturerModelName")


@dataclass(frozen=True)
class ClassTag:
    """An element whose values are classes.

    Attributes:
        keyword: its name, such as ``BodyPartExamined``.
        tag: its number.
    """

    keyword: str
    tag: int

    def label(self, elements: Dataset) -> str:
        """Gives the class of a file in capitals; empty where the header does not say it."""
        value = text(elements, self.keyword)
        return value if self.keyword in _FURTHER else value.upper()


def class_tag(wanted: str) -> ClassTag:
    """Finds the element that a person named.

    Only code strings (VR CS, such as BodyPartExamined, ViewPosition, Modality) and the device's
    maker and model are taken: names, ids, dates and free text may identify a person, and a class
    becomes part of file names.

    Args:
        wanted: a keyword, or a tag such as ``0018,0015``.

    Returns:
        The element.

    Raises:
        InputError: there is no such element, or it may identify a person.
    """
    tag = _tag(wanted.strip())
    keyword = keyword_for_tag(tag) if tag is not None else ""
    if tag is None or not keyword:
        raise InputError(
            f"--class-tag {wanted}: there is no such element in the DICOM standard; expected a "
            "keyword such as BodyPartExamined, or a tag such as 0018,0015"
        )
    if keyword not in _FURTHER and dictionary_VR(tag) != _CODES:
        raise InputError(
            f"--class-tag {wanted}: {keyword} may identify a person, so it is not copied; expected "
            "a code (CS) such as BodyPartExamined, ViewPosition or ImageLaterality. Write the "
            "classes to a table and give --csv"
        )
    return ClassTag(keyword, tag)


def _tag(wanted: str) -> int | None:
    match = re.fullmatch(r"\(?([0-9a-fA-F]{4}) ?,? ?([0-9a-fA-F]{4})\)?", wanted)
    if match:
        return int(match[1] + match[2], 16)
    found = tag_for_keyword(wanted)
    if found is None:
        return None
    return int(found)
