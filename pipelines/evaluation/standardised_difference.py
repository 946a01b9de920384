"""How large a paired difference is, measured by how much it varies between images.

Source: Cohen's d_z, as in Lakens 2013, doi:10.3389/fpsyg.2013.00863.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def standardised_difference(differences: NDArray[np.float64]) -> float:
    """Divides the mean of paired differences by their standard deviation.

    Args:
        differences: second model minus first for each image, (images,).

    Returns:
        The ratio; NaN with fewer than two images, or where the differences do not vary.
    """
    if len(differences) < 2 or np.ptp(differences) == 0:
        return float("nan")
    return float(differences.mean() / differences.std(ddof=1))
