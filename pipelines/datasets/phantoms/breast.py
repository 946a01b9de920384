"""One breast-ultrasound image with the masks of its lesions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.phantoms.breast_anatomy import (
    add_vessels,
    attenuation_map,
    draw_anatomy,
    echo_map,
    tissue_labels,
)
from pipelines.datasets.phantoms.breast_lesions import (
    CLASS_LESIONS,
    add_lesion,
    draw_lesions,
    lesion_mask,
    signed_distance,
)
from pipelines.datasets.phantoms.grid import Grid, Mask
from pipelines.datasets.phantoms.scanner import Acquisition, grey_image, usual_loss
from pipelines.errors import InputError


class Phantom(NamedTuple):
    """A made image, uint8 (H, W), and one bool mask (H, W) per lesion; none where normal."""

    image: NDArray[np.uint8]
    masks: list[Mask]


def breast_phantom(rng: np.random.Generator, kind: str, height: int, width: int) -> Phantom:
    """Make one breast-ultrasound image and the masks of its lesions.

    Args:
        rng: Decides everything.
        kind: "benign", "malignant" or "normal".
        height: Pixels.
        width: Pixels.

    Returns:
        The image, uint8 (H, W), and one bool mask (H, W) per lesion: none for "normal", now and
        then two for the others, never overlapping.

    Raises:
        InputError: If the kind is none of the three.
    """
    if kind not in CLASS_LESIONS:
        msg = f"a phantom of kind {kind!r} was asked for; choose one of {', '.join(CLASS_LESIONS)}"
        raise InputError(msg)
    acquisition, anatomy = draw_acquisition(rng), draw_anatomy(rng)
    grid = Grid(height, width, acquisition.depth / height)
    labels = tissue_labels(rng, grid, anatomy)
    attenuation = attenuation_map(rng, grid, labels, anatomy)
    echo = add_vessels(rng, grid, echo_map(rng, grid, labels, anatomy.tilt), anatomy)
    usual = usual_loss(attenuation, grid, acquisition)
    masks = []
    for lesion in draw_lesions(rng, kind, grid, anatomy):
        masks.append(lesion_mask(grid, lesion))
        distance = signed_distance(masks[-1], grid.spacing)
        echo = add_lesion(rng, grid, echo, distance, lesion)
        attenuation[masks[-1]] = lesion.attenuation
    return Phantom(grey_image(rng, echo, attenuation, usual, grid, acquisition), masks)


def draw_acquisition(rng: np.random.Generator) -> Acquisition:
    """Draw the scanner's settings, as they vary between examinations of the breast."""
    depth = rng.uniform(32.0, 48.0)
    return Acquisition(
        depth=depth,
        frequency=rng.uniform(6.5, 10.0),
        focus=depth * rng.uniform(0.3, 0.6),
        f_number=rng.uniform(1.6, 2.6),
        compensation=rng.uniform(0.76, 0.97),
        noise=rng.uniform(-92.0, -78.0),
        looks=int(rng.integers(3, 7)),
        dynamic_range=rng.uniform(50.0, 65.0),
        gain=rng.uniform(-6.0, 1.0),
        gamma=rng.uniform(1.2, 2.0),
        coupling=rng.uniform(0.5, 5.0),
    )
