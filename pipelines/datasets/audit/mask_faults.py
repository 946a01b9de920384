"""Masks that are wrong, or look as if they were."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from statistics import median

from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.finding import Finding, number
from pipelines.datasets.audit.mask_classes import class_faults, mask_table
from pipelines.datasets.audit.measured import MaskMeasured

_FULL = 0.995  # share of the mask from which one class fills it
_MANY = 5  # parts: more are many, unless many masks of the set have as many
_RARE, _MOST = 0.1, 0.5  # share of the masks from which something is no exception, or the rule
_MANY_EMPTY = 0.2  # share of empty masks from which they are no slip: slices beside a lesion, say
_SHOWN = 6  # values that a title lists

SPECKS = "specks"
"""The flag of an image whose mask is speckled."""

Masked = tuple[Case, MaskMeasured]


def mask_faults(
    cases: Sequence[Case], labels: Mapping[int, str], lesions: Collection[str]
) -> list[Finding]:
    """Finds what is wrong with the masks.

    Args:
        cases: the images; those without a mask are passed over.
        labels: class index to name.
        lesions: names of the classes of images whose masks should mark something.

    Returns:
        The findings.
    """
    masked = [(case, case.measured.mask) for case in cases if case.measured.mask is not None]
    if not masked:
        return []
    whole = [(case, mask) for case, mask in masked if not mask.problem]
    found = [
        _unreadable(masked),
        _sizes(whole),
        _stray(whole, labels),
        _soft(whole),
        _seams(whole, labels),
        _empty(whole, lesions),
        _marked(whole, lesions),
        _full(whole),
        _inverted(whole, labels),
        _many_parts(whole),
        _speckled(whole),
        _specks(whole),
        _at_border(whole),
        *class_faults(cases, labels),
    ]
    return [finding for finding in found if finding is not None]


def _images(whole: Sequence[Masked], holds: Callable[[MaskMeasured], bool]) -> tuple[str, ...]:
    return tuple(case.image for case, mask in whole if holds(mask))


def _is_usual(images: Collection[str], whole: Sequence[Masked], share: float) -> bool:
    """Tells whether more than a share of the masks, and not only one, are so."""
    return len(images) > max(share * len(whole), 1)


def _pixels(mask: MaskMeasured) -> int:
    return mask.width * mask.height


def _unreadable(masked: Sequence[Masked]) -> Finding | None:
    broken = {case.image: mask.problem for case, mask in masked if mask.problem}
    if not broken:
        return None
    return Finding(
        "unreadable-mask",
        "error",
        f"{number(len(broken), 'mask')} cannot be read",
        "The file is truncated, damaged, or has colours instead of class indices. A training would "
        "stop at it.",
        "Export the mask again, as one channel of class indices.",
        tuple(broken),
        {"problems": broken},
    )


def _sizes(whole: Sequence[Masked]) -> Finding | None:
    sizes = {
        case.image: f"mask {mask.width} x {mask.height}, image {each.width} x {each.height}"
        for case, mask in whole
        for each in [case.measured]
        if not each.problem and (mask.width, mask.height) != (each.width, each.height)
    }
    if not sizes:
        return None
    return Finding(
        "mask-size",
        "error",
        f"{number(len(sizes), 'mask has', 'masks have')} another size than the image",
        "Nobody knows which pixel of the mask belongs to which pixel of the image.",
        "Export both at one size. Do not stretch the mask: it may have been cut, not scaled.",
        tuple(sizes),
        {"sizes": sizes},
    )


def _stray(whole: Sequence[Masked], labels: Mapping[int, str]) -> Finding | None:
    """Finds values that are no class; those along soft edges have their own finding."""
    found = {
        case.image: {**unnamed, **({} if mask.soft else dict(mask.stray))}
        for case, mask in whole
        for unnamed in [{v: n for v, n in enumerate(mask.counts) if n and v not in labels}]
    }
    found = {image: strays for image, strays in found.items() if strays}
    if not found:
        return None
    values = sorted({value for strays in found.values() for value in strays})
    listed = ", ".join(map(str, values[:_SHOWN])) + (", …" if len(values) > _SHOWN else "")
    hint = (
        "They look like masks of 0 and 255; expected are 0 and 1."
        if values == [255] and len(labels) == 2
        else "If the values are meant, name their classes and convert with --map VALUE=INDEX; else "
        "export the masks again."
    )
    return Finding(
        "stray-mask-values",
        "error",
        f"{number(len(found), 'mask holds', 'masks hold')} values that are no class: {listed}",
        f"The classes are {', '.join(f'{index} ({name})' for index, name in labels.items())}. "
        "A training stops at other values, or learns a class that does not exist.",
        hint,
        tuple(found),
        {
            "values": {
                str(value): {"masks": len(counts), "pixels": sum(counts)}
                for value in values
                for counts in [[each[value] for each in found.values() if value in each]]
            },
            "stray": {
                image: ", ".join(f"{value} ({number(n, 'pixel')})" for value, n in strays.items())
                for image, strays in found.items()
            },
        },
    )


def _soft(whole: Sequence[Masked]) -> Finding | None:
    images = _images(whole, lambda mask: mask.soft)
    if not images:
        return None
    return Finding(
        "soft-mask-edges",
        "error",
        f"{number(len(images), 'mask has', 'masks have')} soft edges",
        "Along the border lie values between those of the classes, as a resize with interpolation "
        "or a JPEG leaves them. Cut off at some value, they move the border.",
        "Export the masks again, resized by nearest neighbour and saved as PNG.",
        images,
        {"values": {case.image: mask.strays for case, mask in whole if mask.soft}},
    )


def _seams(whole: Sequence[Masked], labels: Mapping[int, str]) -> Finding | None:
    """Finds a class that interpolation has put between two others."""
    seams = {
        case.image: [labels.get(index, str(index)) for index in mask.seams]
        for case, mask in whole
        if mask.seams
    }
    if not seams:
        return None
    names = ", ".join(sorted({name for each in seams.values() for name in each}))
    return Finding(
        "mask-seams",
        "warning",
        f"In {number(len(seams), 'mask')} a class is only a thin line between others: {names}",
        "Interpolated class indices look so: between 0 and 2 lies a 1 that nobody drew.",
        "Look at the masks. If nobody drew the line, resize the masks again, by nearest neighbour.",
        tuple(seams),
        {"classes": seams},
    )


def _empty(whole: Sequence[Masked], lesions: Collection[str]) -> Finding | None:
    chosen = [(case, mask) for case, mask in whole if case.category in lesions]
    images = tuple(case.image for case, mask in chosen if not mask.marked)
    if not images:
        return None
    return Finding(
        "empty-mask",
        "note" if _is_usual(images, chosen, _MANY_EMPTY) else "warning",
        f"{number(len(images), 'mask is', 'masks are')} empty though the class should have a "
        "lesion",
        "Such an image teaches that a lesion is background, and no model can score on it.",
        "Draw what is missing, correct the class, or take the images out. If they are meant, name "
        "only the classes with lesions by --expect-lesion.",
        images,
    )


def _marked(whole: Sequence[Masked], lesions: Collection[str]) -> Finding | None:
    images = tuple(
        case.image for case, mask in whole if mask.marked and case.category not in lesions
    )
    if not images:
        return None
    return Finding(
        "unexpected-lesion",
        "warning",
        f"{number(len(images), 'mask marks', 'masks mark')} something though the class should "
        "have no lesion",
        "Either the class is wrong or the mask is.",
        "Have a look. If they are meant, name the classes with lesions by --expect-lesion.",
        images,
    )


def _coverage(mask: MaskMeasured) -> float:
    return mask.marked / max(_pixels(mask), 1)


def _full(whole: Sequence[Masked]) -> Finding | None:
    """Finds masks that one class fills, but where masks fill most of the picture anyway."""
    images = _images(whole, lambda mask: max(mask.counts[1:], default=0) >= _FULL * _pixels(mask))
    usual = median([_coverage(mask) for _, mask in whole] or [0])
    if not images or usual > 0.5 or _is_usual(images, whole, _RARE):
        return None
    return Finding(
        "full-mask",
        "warning",
        f"{number(len(images), 'mask is', 'masks are')} filled by one class",
        "A lesion that fills the whole picture is rare; a failed export is not.",
        "Have a look. If the whole picture was meant, the image is cut too closely to train on.",
        images,
    )


def _inverted(whole: Sequence[Masked], labels: Mapping[int, str]) -> Finding | None:
    """Finds masks of one structure whose outside is marked, but where that is usual."""
    table = mask_table([case for case, _ in whole], labels)
    if sum(row["masks"] > 0 for row in table.values()) > 2:
        return None
    images = _images(
        whole, lambda mask: mask.corners and _coverage(mask) > 0.5 and mask.counts[0] > 0
    )
    if not images or _is_usual(images, whole, _RARE):
        return None
    return Finding(
        "inverted-mask",
        "warning",
        f"{number(len(images), 'mask seems', 'masks seem')} to be inverted",
        "Most of the picture with all its corners is marked, and that is not usual here.",
        "Have a look. If background and lesion are swapped, swap them back.",
        images,
    )


def _many_parts(whole: Sequence[Masked]) -> Finding | None:
    parts = [mask.parts for _, mask in whole if mask.parts]
    most = max(_MANY, 3 * median(parts or [0]))
    many = _ranked({case.image: mask.parts for case, mask in whole if mask.parts > most})
    if not many:
        return None
    return Finding(
        "many-parts",
        "warning",
        f"{number(len(many), 'mask consists', 'masks consist')} of many parts",
        f"More than {most:g} parts, which is far from what is usual here; often a threshold or a "
        "brush has torn one lesion.",
        "Have a look. Join what belongs together.",
        tuple(many),
        {"parts": many, "ranked": "parts"},
    )


def _speckled(whole: Sequence[Masked]) -> Finding | None:
    """Finds masks of noise, however many there are: no model learns from them."""
    specks = {case.image: mask.dots for case, mask in whole if mask.speckled}
    if not specks:
        return None
    return Finding(
        "speckled-mask",
        "warning",
        f"{number(len(specks), 'mask is', 'masks are')} speckled",
        "A speckled mask holds nothing larger than 15 pixels, or 20 parts and more that are so "
        "small. No hand draws this: a threshold, JPEG or a failed export does. Or the image was "
        "made so small that lesions became dots.",
        "Have a look. Export the mask again, or convert with a greater --size. The images are "
        f"flagged as {SPECKS}.",
        tuple(_ranked(specks)),
        {"specks": _ranked(specks), "ranked": "specks"},
    )


def _specks(whole: Sequence[Masked]) -> Finding | None:
    """Finds some specks beside lesions, where they are an exception."""
    beside = [(case, mask) for case, mask in whole if mask.specks and not mask.speckled]
    few = _ranked({case.image: mask.specks for case, mask in beside})
    if not few or _is_usual(few, whole, _MOST):
        return None
    return Finding(
        "mask-specks",
        "note",
        f"{number(len(few), 'mask holds', 'masks hold')} specks beside the lesions",
        "Parts of fewer than 16 pixels, or of less than 1 % of the largest part. Counted as "
        "lesions, they spoil every score that counts lesions.",
        "Remove them, or score without parts of that size.",
        tuple(few),
        {"specks": few, "ranked": "specks"},
    )


def _ranked(counts: Mapping[str, int]) -> dict[str, int]:
    """Sorts images by a number, the greatest first."""
    return dict(sorted(counts.items(), key=lambda each: -each[1]))


def _at_border(whole: Sequence[Masked]) -> Finding | None:
    """Finds lesions that the picture cuts off, but where most masks reach the border."""
    images = _images(whole, lambda mask: mask.touches > 0)
    if not images or _is_usual(images, whole, _MOST):
        return None
    return Finding(
        "mask-at-border",
        "note",
        f"{number(len(images), 'mask touches', 'masks touch')} the border of the image",
        "The lesion is cut off, so its size and shape are not all there.",
        "Nothing has to be done. Leave them out where sizes are measured.",
        images,
    )
