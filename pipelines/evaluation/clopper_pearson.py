"""The exact interval of a proportion.

Source: Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404.
"""

from __future__ import annotations

from scipy.stats import beta


def clopper_pearson_bounds(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Gives the bounds of a proportion of independent trials; they cover at least the level.

    Args:
        hits: number of hits, 0 to ``trials``.
        trials: number of trials, at least 1.
        level: of confidence, in (0, 1).

    Examples:
        >>> [round(bound, 3) for bound in clopper_pearson_bounds(0, 10)]
        [0.0, 0.308]
    """
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, trials - hits + 1))
    high = 1.0 if hits == trials else float(beta.ppf(1 - tail, hits + 1, trials - hits))
    return low, high
