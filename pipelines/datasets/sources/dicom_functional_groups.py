"""The header of one frame of an enhanced multi-frame file, such as a tomosynthesis."""

from __future__ import annotations

from pydicom.dataset import Dataset

_MACROS = ("PixelMeasuresSequence", "FrameVOILUTSequence", "PixelValueTransformationSequence")


def of_frame(elements: Dataset, frame: int) -> Dataset:
    """Gives a header in which what holds for a frame stands at the top.

    Enhanced files keep spacing, window and rescale in groups: shared by all frames, or one for
    each. Other files are given back as they are.

    Args:
        elements: the header of the file.
        frame: index of the frame, from 0.

    Returns:
        The header of the frame. The one that was given stays as it is.
    """
    groups = list((elements.get("SharedFunctionalGroupsSequence") or ())[:1])
    per_frame = elements.get("PerFrameFunctionalGroupsSequence") or ()
    groups += per_frame[frame : frame + 1]
    if not groups:
        return elements
    flat = _copied(elements)
    for group in groups:
        for macro in _MACROS:
            for item in (group.get(macro) or ())[:1]:
                flat.update(item)
    return flat


def _copied(elements: Dataset) -> Dataset:
    """Copies a header; ``copy.copy`` would give one that shares its elements."""
    flat = Dataset()
    flat.update(elements)
    if "file_meta" in vars(elements):
        flat.file_meta = elements.file_meta
    flat.set_original_encoding(*elements.original_encoding)
    return flat
