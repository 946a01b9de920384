"""Wilson's score interval of a proportion.

Source: Wilson 1927, doi:10.1080/01621459.1927.10502953.
"""

from __future__ import annotations

import math

from scipy.stats import norm


def wilson_bounds(hits: float, trials: float, level: float = 0.95) -> tuple[float, float]:
    """Gives the bounds of a proportion of independent trials.

    Args:
        hits: number of hits, 0 to ``trials``; no whole number where several images are one trial.
        trials: number of trials, at least 1.
        level: of confidence, in (0, 1).

    Examples:
        >>> [round(bound, 3) for bound in wilson_bounds(0, 10)]
        [0.0, 0.278]
    """
    share, square = hits / trials, float(norm.ppf((1 + level) / 2)) ** 2 / trials
    centre = (share + square / 2) / (1 + square)
    half = math.sqrt(square * (share * (1 - share) + square / 4)) / (1 + square)
    low = 0.0 if hits == 0 else centre - half
    return low, 1.0 if hits == trials else centre + half
