"""Images that are broken, or show nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.finding import Finding, number
from pipelines.datasets.audit.measured import Measured


def picture_faults(cases: Sequence[Case], channels: int) -> list[Finding]:
    """Finds images that are broken, changed, constant, blank, or not stored as the others.

    Args:
        cases: the images.
        channels: what dataset.json says that each has.

    Returns:
        The findings.
    """
    found = [
        _unreadable(cases),
        _changed(cases),
        _constant(cases),
        _blank(cases),
        _channels(cases, channels),
        _depths(cases),
        _recorded_sizes(cases),
    ]
    return [finding for finding in found if finding is not None]


def _where(cases: Sequence[Case], holds: Callable[[Measured], bool]) -> tuple[str, ...]:
    """Names the images of which something holds; those that cannot be read are left out."""
    return tuple(case.image for case in cases if not case.measured.problem and holds(case.measured))


def _unreadable(cases: Sequence[Case]) -> Finding | None:
    broken = {case.image: case.measured.problem for case in cases if case.measured.problem}
    if not broken:
        return None
    return Finding(
        "unreadable-image",
        "error",
        f"{number(len(broken), 'image')} cannot be read",
        "The file is truncated, damaged or no picture. A training would stop at it.",
        "Copy the file again from its source, or take it out and convert the raw folder again.",
        tuple(broken),
        {"problems": broken},
    )


def _changed(cases: Sequence[Case]) -> Finding | None:
    images = tuple(
        case.image
        for case in cases
        if case.measured.changed or (case.measured.mask and case.measured.mask.changed)
    )
    if not images:
        return None
    return Finding(
        "changed-file",
        "error",
        f"{number(len(images), 'image')} or their masks are other files than dataset.json says"
        if len(images) > 1
        else "An image or its mask is another file than dataset.json says",
        "The hash of the file differs from the recorded one, so results on these data cannot be "
        "compared with earlier ones. A training refuses them.",
        "Put the old files back, or convert the raw folder again.",
        images,
    )


def _constant(cases: Sequence[Case]) -> Finding | None:
    images = _where(cases, lambda each: each.lowest == each.highest)
    if not images:
        return None
    return Finding(
        "constant-image",
        "warning",
        f"{number(len(images), 'image consists', 'images consist')} of one value only",
        "There is nothing to see or to learn; such images come from failed exports, and from the "
        "empty ends of volumes.",
        "Take such images out.",
        images,
    )


def _blank(cases: Sequence[Case]) -> Finding | None:
    images = _where(cases, lambda each: each.silent and each.lowest < each.highest)
    if not images:
        return None
    return Finding(
        "blank-image",
        "warning",
        f"{number(len(images), 'image is', 'images are')} nearly blank",
        "Fewer than 0.5 % of the pixels differ from the ground by more than eight grey levels.",
        "Have a look. Take out what shows no tissue.",
        images,
    )


def _channels(cases: Sequence[Case], channels: int) -> Finding | None:
    if channels not in (1, 3):
        return None
    # A grey file among colours only has three equal channels, and does no harm.
    images = _where(cases, lambda each: channels == 1 and each.channels == 3)
    if not images:
        return None
    return Finding(
        "unexpected-colour",
        "error",
        f"{number(len(images), 'image has', 'images have')} colours, though the dataset is grey",
        "dataset.json promises one channel. Programs that trust it stop here, or read only the "
        "red channel.",
        "Have a look: take out what is no image of the modality, and convert the rest again.",
        images,
    )


def _depths(cases: Sequence[Case]) -> Finding | None:
    depths = Counter(case.measured.depth for case in cases if not case.measured.problem)
    if len(depths) < 2:
        return None
    rare = min(depths, key=lambda depth: (depths[depth], depth))
    images = _where(cases, lambda each: each.depth == rare)
    return Finding(
        "mixed-depth",
        "warning",
        f"{number(len(images), 'image has', 'images have')} {rare} bits, the others "
        f"{next(depth for depth in depths if depth != rare)}",
        "Scaled by the range of the file, the same tissue is far darker in one kind than in the "
        "other.",
        "Convert the raw folder to one depth, or scale each image by its own percentiles.",
        images,
        {"bits": {str(depth): count for depth, count in sorted(depths.items())}},
    )


def _recorded_sizes(cases: Sequence[Case]) -> Finding | None:
    images = tuple(
        case.image
        for case in cases
        if not case.measured.problem
        and (case.measured.width, case.measured.height)
        != (case.item.get("width"), case.item.get("height"))
    )
    if not images:
        return None
    return Finding(
        "recorded-size",
        "warning",
        f"{number(len(images), 'image is', 'images are')} not of the size that dataset.json says",
        "Programs that plan by the recorded width and height go wrong.",
        "Convert the raw folder again, or mend width and height in dataset.json.",
        images,
    )
