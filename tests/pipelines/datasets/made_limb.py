"""Pictures like radiographs: unrelated ones have the long bright edges of a limb in common."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter


def draw_limb(seed: int, height: int = 180, width: int = 140) -> NDArray[np.uint8]:
    """Draw two long bones in soft tissue, with a joint somewhere and faint texture."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width] / width
    bend = rng.uniform(-0.05, 0.05) * rows + rng.uniform(-0.05, 0.05) * rows**2
    place = columns - 0.5 - bend
    picture = 50.0 * (np.abs(place) < 0.27 + 0.03 * np.sin(rng.uniform(1, 4) * rows))
    for side in (-1, 1):
        bone = np.abs(place - side * rng.uniform(0.09, 0.13))
        inner = rng.uniform(0.035, 0.05)
        picture += 60.0 * (bone < inner + 0.025) + 60.0 * ((bone > inner) & (bone < inner + 0.025))
    joint = rng.uniform(0.2, 1.1)
    picture[np.abs(rows - joint) < 0.02] *= 0.4
    grain = gaussian_filter(rng.normal(size=picture.shape), 2)
    picture += (grain / grain.std() * 12) * (picture > 10)
    return np.clip(gaussian_filter(picture, 1), 0, 255).astype(np.uint8)
