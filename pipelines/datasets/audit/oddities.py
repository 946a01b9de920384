"""Images that are not of the modality: photographs, screenshots, drawings; judged by the set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.finding import Finding, number
from pipelines.datasets.picture import COLOURFUL, LEAST_COLOURED

_LEAST = 20  # images: fewer do not tell what is usual
_FLAT, _MORE_FLAT = 0.3, 0.25  # share of flat pixels: at least, and above what is usual here
_GREY = 0.05  # share of coloured pixels up to which a set is grey
_REFERENCE = 2000  # images that the others are compared with: bounds the time
_NEIGHBOUR = 5  # the nearest but four: up to four copies of a photograph do not hide one another
_UNLIKE = 5.0  # distance, where 1 separates the tenth that is least like the others


def oddities(cases: Sequence[Case]) -> list[Finding]:
    """Finds images that are not of the modality.

    Args:
        cases: the images.

    Returns:
        The findings; an image is in one of them at most.
    """
    seen = [case for case in cases if not case.measured.problem and not case.measured.silent]
    drawn = _drawn(seen)
    photographs = [case for case in _coloured(seen) if case not in drawn]
    unlike = _unlike([case for case in seen if case not in drawn and case not in photographs])
    found = [_drawings(drawn), _photographs(photographs), _others(unlike)]
    return [finding for finding in found if finding is not None]


def _drawn(seen: Sequence[Case]) -> list[Case]:
    """Finds pictures that are flat as only a computer draws them, where the others are not."""
    shares = [case.measured.flat for case in seen]
    usual = float(np.quantile(shares, 0.75)) if shares else 0.0
    least = max(_FLAT, usual + _MORE_FLAT)
    return [case for case in seen if case.measured.flat >= least]


def _drawings(drawn: Sequence[Case]) -> Finding | None:
    if not drawn:
        return None
    return Finding(
        "screenshot-or-drawing",
        "warning",
        f"{number(len(drawn), 'image looks', 'images look')} like a screenshot or a drawing"
        if len(drawn) == 1
        else f"{number(len(drawn), 'images')} look like screenshots or drawings",
        "Large parts are exactly even, as only a computer draws them; the other images have the "
        "noise of a recording.",
        "Have a look, and take out what is no image of a patient.",
        tuple(case.image for case in drawn),
        {"flat": {case.image: round(case.measured.flat, 3) for case in drawn}},
    )


def _coloured(seen: Sequence[Case]) -> list[Case]:
    """Finds colourful pictures in a set that is grey, or was before it was made grey."""
    usual = float(np.median([case.measured.chroma for case in seen])) if seen else 0.0
    return [case for case in seen if usual <= _GREY and _is_coloured(case)]


def _is_coloured(case: Case) -> bool:
    was = COLOURFUL in str(case.item.get("flags", "")).split(",")
    return was or case.measured.chroma >= LEAST_COLOURED


def _photographs(photographs: Sequence[Case]) -> Finding | None:
    if not photographs:
        return None
    return Finding(
        "colour-photograph",
        "warning",
        f"{number(len(photographs), 'image is', 'images are')} colourful, as photographs are",
        "A fifth of the picture or more is clearly coloured (or was, before it was made grey), in "
        "a set of grey images: a photograph, a tinted image, or one with a large colour overlay.",
        "Have a look, and take out what is no image of the modality.",
        tuple(case.image for case in photographs),
    )


def _unlike(seen: Sequence[Case]) -> dict[str, float]:
    """Finds the images that are far from all others, the farthest first."""
    if len(seen) < _LEAST:
        return {}
    distances = strangeness(
        np.stack([np.frombuffer(case.measured.look, np.float32) for case in seen])
    )
    order = np.argsort(-distances, kind="stable")
    return {
        seen[place].image: round(float(distances[place]), 2)
        for place in order
        if distances[place] >= _UNLIKE
    }


def strangeness(looks: NDArray[np.float32]) -> NDArray[np.float64]:
    """Tells how far each image is from those that look most like it.

    The numbers of all looks are scaled by their medians and deviations, and the distance to the
    fifth nearest image counts.

    Args:
        looks: (n, numbers); see ``appearance.look``.

    Returns:
        (n,): 0 is the median, 1 what the strangest tenth exceeds.
    """
    from sklearn.neighbors import NearestNeighbors

    scaled = _scaled(looks.astype(np.float64))
    step = -(-len(scaled) // _REFERENCE)
    reference = scaled[::step]
    nearest = NearestNeighbors(n_neighbors=_NEIGHBOUR + 1, algorithm="brute").fit(reference)
    distances = nearest.kneighbors(scaled)[0]
    # One that is in the reference finds itself first.
    is_own = np.arange(len(scaled)) % step == 0
    far = np.where(is_own, distances[:, _NEIGHBOUR], distances[:, _NEIGHBOUR - 1])
    middle, high = np.quantile(far, [0.5, 0.9])
    return np.asarray((far - middle) / max(high - middle, 1e-9))


def _scaled(looks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scales each number by its median and its deviation, which outliers hardly change."""
    middle = np.median(looks, axis=0)
    deviation = 1.4826 * np.median(np.abs(looks - middle), axis=0)
    least = np.maximum(looks.std(axis=0) / 2, 0.01)
    return np.asarray((looks - middle) / np.maximum(deviation, least))


def _others(unlike: dict[str, float]) -> Finding | None:
    if not unlike:
        return None
    return Finding(
        "unlike-the-others",
        "note",
        f"{number(len(unlike), 'image does', 'images do')} not look like the others",
        "In brightness, layout or texture nothing in the set is near. It may be a photograph, "
        "another machine or preset, or only a rare finding.",
        "Have a look, and take out what is no image of the modality.",
        tuple(unlike),
        {"distance": unlike, "ranked": "distance"},
    )
