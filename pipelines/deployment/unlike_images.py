"""Whether a picture looks unlike the images that a model was trained on, by a few plain numbers.

``fit`` describes the training images and is kept with the model; ``unlikeness`` and ``is_unlike``
judge a picture by it. Brightness, layout, texture, edges and colour are compared, at one size; what
is on the picture is not understood. A picture that passes may still be of another organ, and one
that is flagged may be of another machine only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.audit.appearance import eight_bits, look
from pipelines.datasets.picture import coloured_share
from pipelines.errors import InputError

LEAST = 20
"""Images from which it can be told what is usual."""

FLAGGED = 0.02
"""Share of the training images that would be flagged, each judged by all others."""

_METHOD = "mahalanobis-ledoit-wolf"
_LEAST_DEVIATION = 0.02  # of a number, so that one that never changes does not rule all others
_DIGITS = 7


def fit(pictures: Iterable[NDArray[Any]]) -> dict[str, Any]:
    """Describes the images that a model was trained on.

    Each becomes 22 numbers: the 21 of ``pipelines.datasets.audit.appearance.look`` and the share of
    coloured pixels. Of them the centre is kept, and the covariance, shrunk towards a sphere. The
    threshold comes from the images themselves: each is judged by all others, and the distance that
    the share ``FLAGGED`` exceeds is kept, by the order statistic that holds for one image more.

    Args:
        pictures: (height, width) or (height, width, 3), uint8 or uint16, upright; read once, one
            after the other. A thousand are enough.

    Returns:
        About 5 kB for JSON: ``method``, ``images``, ``flagged``, ``threshold`` (a distance),
        ``centre``, ``scale`` and ``precision``.

    Raises:
        InputError: there are fewer than ``LEAST``.

    Source: Mahalanobis 1936; shrinkage by Ledoit and Wolf 2004, doi:10.1016/S0047-259X(03)00096-4;
    threshold as in conformal anomaly detection, Laxhammar and Falkman 2010,
    doi:10.1145/1833280.1833287.
    """
    from sklearn.covariance import LedoitWolf

    looks = np.array([_look(picture) for picture in pictures])
    if len(looks) < LEAST:
        raise InputError(
            f"{len(looks)} training images do not tell what is usual; expected {LEAST} or more"
        )
    scale = np.maximum(looks.std(axis=0), _LEAST_DEVIATION)
    scaled = looks / scale
    shrinkage = float(LedoitWolf().fit(scaled).shrinkage_)
    centre, precision = _gaussian(scaled, shrinkage)
    place = math.ceil((1 - FLAGGED) * (len(looks) + 1))
    distances = np.sort(_left_out(scaled, shrinkage))
    return {
        "method": _METHOD,
        "images": len(looks),
        "flagged": FLAGGED,
        "threshold": _rounded(distances[min(place, len(looks)) - 1]),
        "centre": _rounded(centre),
        "scale": _rounded(scale),
        "precision": _rounded(precision),
    }


def unlikeness(picture: NDArray[Any], fitted: Mapping[str, Any]) -> float:
    """Tells how far a picture is from the training images.

    Args:
        picture: as ``fit`` takes them.
        fitted: what ``fit`` gave.

    Returns:
        The distance by the threshold: 0 is the centre of the training images, and above 1 are
        about 2 % of images of their kind (``flagged``).

    Raises:
        InputError: ``fitted`` was made in another way, or is damaged.
    """
    centre, scale, precision, threshold = _read(fitted)
    distance = _distance(_look(picture) / scale - centre, precision)
    return float(distance / threshold)


def is_unlike(picture: NDArray[Any], fitted: Mapping[str, Any]) -> bool:
    """Tells whether a picture is unlike the training images: whether its unlikeness is above 1.

    Args:
        picture: as ``fit`` takes them.
        fitted: what ``fit`` gave.

    Raises:
        InputError: ``fitted`` was made in another way, or is damaged.
    """
    return unlikeness(picture, fitted) > 1


def check_fitted(fitted: Any) -> None:
    """Checks a description that was read from a file.

    Args:
        fitted: what ``fit`` gave.

    Raises:
        InputError: it was made in another way, or is damaged.
    """
    if not isinstance(fitted, Mapping):
        raise InputError(
            f"the description of the training images is a {type(fitted).__name__}; expected what "
            "med2d package writes. Make the package again"
        )
    _read(fitted)


def _look(picture: NDArray[Any]) -> NDArray[np.float64]:
    pixels = eight_bits(picture)
    if pixels.ndim == 2:
        return np.array([*look(pixels), 0.0])
    grey = np.asarray(Image.fromarray(pixels).convert("L"))
    return np.array([*look(grey), coloured_share(pixels)])


def _gaussian(
    looks: NDArray[np.float64], shrinkage: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean and the inverse of the covariance, shrunk towards a sphere of its own size."""
    covariance = np.cov(looks.T, bias=True)
    size = float(np.trace(covariance)) / len(covariance)
    shrunk = (1 - shrinkage) * covariance + shrinkage * size * np.eye(len(covariance))
    precision = np.linalg.pinv(shrunk, hermitian=True).astype(np.float64)
    return looks.mean(axis=0), precision


def _left_out(looks: NDArray[np.float64], shrinkage: float) -> NDArray[np.float64]:
    """The distance of each image from all others."""
    distances = []
    for index, own in enumerate(looks):
        centre, precision = _gaussian(np.delete(looks, index, axis=0), shrinkage)
        distances.append(_distance(own - centre, precision))
    return np.array(distances)


def _distance(away: NDArray[np.float64], precision: NDArray[np.float64]) -> float:
    return math.sqrt(max(0.0, float(away @ precision @ away)))


def _read(fitted: Mapping[str, Any]) -> tuple[Any, Any, Any, float]:
    if fitted.get("method") != _METHOD:
        raise InputError(
            f"the description of the training images is of the method {fitted.get('method')!r}; "
            f"expected {_METHOD!r}, as this med2d writes it. Make the package again"
        )
    try:
        centre, scale, precision = (
            np.array(fitted[key], dtype=np.float64) for key in ("centre", "scale", "precision")
        )
        threshold = float(fitted["threshold"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"the description of the training images is damaged ({error}). Make the package again"
        ) from error
    if precision.shape != centre.shape * 2 or scale.shape != centre.shape or centre.ndim != 1:
        raise InputError(
            "the description of the training images is damaged: its sizes do not fit one another. "
            "Make the package again"
        )
    return centre, scale, precision, max(threshold, 1e-9)


def _rounded(values: Any) -> Any:
    """Plain numbers of seven digits."""
    if isinstance(values, np.ndarray):
        return [_rounded(value) for value in values]
    return float(f"{values:.{_DIGITS}g}")
