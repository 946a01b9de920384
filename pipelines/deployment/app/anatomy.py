"""What a header says of the anatomy that an image shows: regions by their codes, and the side."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from pydicom.dataset import Dataset
from pydicom.sr._concepts_dict import concepts
from pydicom.sr._snomed_dict import mapping

from pipelines.datasets.sources.dicom_header import text

_SIDES = ("L", "R", "B", "U")
_OLDER = ("SRT", "SNM3", "99SDM")  # schemes in which SNOMED's codes were written before SCT


class Region(NamedTuple):
    """An anatomic region: its code of SNOMED CT, or scheme and code, and its meaning."""

    code: str
    meaning: str


def regions(elements: Dataset) -> tuple[Region, ...]:
    """Gives the regions that a header names, of the whole image and of its frames, each once.

    Their meanings are those of DICOM's own tables, since headers write them in any language.

    Args:
        elements: with AnatomicRegionSequence and the functional groups.
    """
    holders = [elements, *(item for item, _ in _frame_anatomy(elements))]
    items = [item for each in holders for item in each.get("AnatomicRegionSequence") or ()]
    return tuple(dict.fromkeys(map(_region, items)))


def laterality(elements: Dataset, frame: int | None = None) -> str:
    """Gives the side that a header names: L, R, B (both) or U (unpaired); else nothing.

    Args:
        elements: with ImageLaterality, Laterality and the functional groups.
        frame: its index, from 0; without one, what all frames agree on.
    """
    for keyword in ("ImageLaterality", "Laterality"):
        side = text(elements, keyword).upper()
        if side in _SIDES:
            return side
    told = {
        text(item, "FrameLaterality").upper()
        for item, of in _frame_anatomy(elements)
        if frame is None or of is None or of == frame
    }
    (side,) = told if len(told) == 1 else ("",)
    return side if side in _SIDES else ""


def _frame_anatomy(elements: Dataset) -> Iterator[tuple[Dataset, int | None]]:
    """Gives the anatomy of the frames, each with its frame's index; None: of all."""
    for group in (elements.get("SharedFunctionalGroupsSequence") or ())[:1]:
        yield from ((item, None) for item in group.get("FrameAnatomySequence") or ())
    for index, group in enumerate(elements.get("PerFrameFunctionalGroupsSequence") or ()):
        yield from ((item, index) for item in group.get("FrameAnatomySequence") or ())


def _region(item: Dataset) -> Region:
    code, scheme = text(item, "CodeValue"), text(item, "CodingSchemeDesignator").upper()
    if scheme in _OLDER:
        code = mapping["SRT"].get(code, code)
    elif scheme != "SCT":
        return Region(f"{scheme}:{code}", text(item, "CodeMeaning").upper())
    return Region(code, _meanings().get(code) or text(item, "CodeMeaning").upper())


@cache
def _meanings() -> dict[str, str]:
    """Gives the shortest meaning of each code of SNOMED CT that DICOM's tables hold."""
    table: Any = concepts["SCT"]  # keyword to code to meaning and context groups
    found: dict[str, str] = {}
    for named in table.values():
        for code, (meaning, *_) in named.items():
            found[code] = min(found.get(code, meaning), meaning, key=len)
    return {code: meaning.upper() for code, meaning in found.items()}
