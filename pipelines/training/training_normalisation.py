"""The normalisation by mean and standard deviation of the images that train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import sqrt
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import numpy as np

from pipelines.errors import InputError
from pipelines.progress import counting
from transforms.upright_reader import UprightReader

_DIGITS = 5


def training_normalisation(items: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    """Measure the images that train; those that validate or are scored must not be among them.

    Each image is scaled to [0, 1] by its own lowest and highest value, as the preprocessing does;
    then all pixels of all images count alike. Pixels that padding adds later do not count. Where
    every image has black and white in it, these are the numbers that the audit gives for the fold
    (see ``pipelines.datasets.audit.intensity``).

    Args:
        items: the items of the part that trains, with ``image``, a path.

    Returns:
        ``[[mean], [standard deviation]]``, as ``networks.normalisation.Normalisation`` takes it.

    Raises:
        InputError: every image is of a single value, so that there is nothing to divide by.
        PictureError: an image cannot be read.
    """
    pixels, total, squares = 0, 0.0, 0.0
    paths = [Path(item["image"]) for item in items]
    with ThreadPoolExecutor() as pool, counting("measuring") as report:
        for done, (number, mean, square) in enumerate(pool.map(_moments, paths), start=1):
            pixels, total, squares = (
                pixels + number,
                total + number * mean,
                squares + number * square,
            )
            if idist.get_rank() == 0:
                report(done, len(paths))
    mean = total / pixels
    deviation = round(sqrt(max(squares / pixels - mean * mean, 0.0)), _DIGITS)
    if deviation == 0:
        raise InputError(
            f"each of the {len(paths)} images that train is of a single value, so that their "
            "standard deviation is 0; look at them, or give --normalisation symmetric"
        )
    return [[round(mean, _DIGITS)], [deviation]]


def _moments(path: Path) -> tuple[int, float, float]:
    """Gives the number of an image's pixels, and the means of their values and of the squares."""
    values = UprightReader("grey").get_data(path)[0].astype(np.float64)
    low, high = values.min(), values.max()
    scaled = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return scaled.size, float(scaled.mean()), float(np.square(scaled).mean())
