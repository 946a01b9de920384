"""Colour of a stained section by the Beer-Lambert law: haematoxylin (nuclei) and eosin (the rest).

Source of the stain vectors: Ruifrok & Johnston 2001, Anal Quant Cytol Histol 23:291-299.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.phantoms.grid import Floats

HAEMATOXYLIN = (0.65, 0.70, 0.29)  # optical density of red, green, blue; the length is 1
EOSIN = (0.07, 0.99, 0.11)


@dataclass(frozen=True)
class Stain:
    """How one slide was stained and lit.

    Attributes:
        vectors: Optical density of one unit of haematoxylin and of eosin, (2, 3), rows of length 1.
        strengths: How strongly each of the two took, against the usual.
        white: Transmitted light of empty glass, red, green, blue, 0..1.
    """

    vectors: NDArray[np.float64]
    strengths: tuple[float, float]
    white: tuple[float, float, float]


def draw_stain(rng: np.random.Generator) -> Stain:
    """Draw what differs between slides: the dyes' shades, the time in each bath, the lamp."""
    vectors = np.array([HAEMATOXYLIN, EOSIN]) + rng.normal(0.0, 0.03, (2, 3))
    vectors[1, 2] += rng.uniform(0.0, 0.3)  # eosin is sold from bluish (B) to yellowish (Y)
    vectors = np.clip(vectors, 0.02, None)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lamp = rng.uniform(0.9, 0.97) + rng.normal(0.0, 0.008, 3)
    red, green, blue = (float(level) for level in np.clip(lamp, 0.85, 0.99))
    strengths = (float(rng.uniform(0.6, 1.4)), float(rng.uniform(0.5, 1.45)))
    return Stain(vectors, strengths, (red, green, blue))


def transmitted(haematoxylin: Floats, eosin: Floats, stain: Stain) -> Floats:
    """Give the light that passes: white times 10 to the minus optical density, (H, W, 3), 0..1.

    Args:
        haematoxylin: How much of it lies in the path of the light, (H, W), 1 is a dense nucleus.
        eosin: Likewise.
        stain: The slide's.
    """
    amounts = np.stack([stain.strengths[0] * haematoxylin, stain.strengths[1] * eosin], axis=-1)
    density = amounts.astype(np.float32) @ stain.vectors.astype(np.float32)
    return np.asarray(stain.white, np.float32) * 10**-density
