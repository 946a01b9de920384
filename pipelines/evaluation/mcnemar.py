"""Whether two models are right equally often, by the images on which only one of them is.

Source: McNemar 1947, doi:10.1007/BF02295996; the exact test is the binomial one of the images on
which they disagree.
"""

from __future__ import annotations

from scipy.stats import binom


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Gives the exact two-sided p value; it takes images as independent.

    Args:
        only_first: images that only the first model has right.
        only_second: images that only the second model has right.

    Examples:
        >>> mcnemar_p(0, 5)
        0.0625
    """
    disagreed = only_first + only_second
    return min(1.0, 2 * float(binom.cdf(min(only_first, only_second), disagreed, 0.5)))
