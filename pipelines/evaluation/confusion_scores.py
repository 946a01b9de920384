"""Scores of a classification that need only the confusion matrix.

Every function takes confusion matrices (..., classes, classes), rows the truth, columns the
prediction, of counts or weighted counts; the leading axes may be resamples. A score whose
denominator is 0 is NaN. The definitions are those of scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]


def ratio(above: Table, below: Table) -> Table:
    """Divides; NaN where the denominator is 0."""
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)


def mean_defined(values: Table) -> Table:
    """Averages over the last axis what is defined; NaN where nothing is."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0).sum(-1), defined.sum(-1).astype(float))


def accuracy(confusion: Table) -> Table:
    """Share of the images whose class is predicted, (...,)."""
    return ratio(_hits(confusion).sum(-1), confusion.sum((-2, -1)))


def recalls(confusion: Table) -> Table:
    """Share of each class's images that are predicted as it, (..., classes)."""
    return ratio(_hits(confusion), confusion.sum(-1))


def precisions(confusion: Table) -> Table:
    """Share of the images predicted as each class that are of it, (..., classes)."""
    return ratio(_hits(confusion), confusion.sum(-2))


def f1_scores(confusion: Table) -> Table:
    """Harmonic mean of precision and recall of each class, (..., classes)."""
    return ratio(2 * _hits(confusion), confusion.sum(-1) + confusion.sum(-2))


def balanced_accuracy(confusion: Table) -> Table:
    """Mean recall over the classes that have images, (...,).

    Source: Brodersen et al. 2010, doi:10.1109/ICPR.2010.764.
    """
    return mean_defined(recalls(confusion))


def macro_precision(confusion: Table, found: NDArray[np.bool_] | None = None) -> Table:
    """Mean precision over the classes that are found, (...,).

    Args:
        confusion: (..., classes, classes).
        found: which classes count, (classes,); one as which nothing is predicted counts 0. Those
            that have images or are predicted where not given.
    """
    return _mean_of_found(
        precisions(confusion), found_classes(confusion) if found is None else found
    )


def macro_f1(confusion: Table, found: NDArray[np.bool_] | None = None) -> Table:
    """Mean F1 over the classes that are found, (...,); see ``macro_precision``."""
    return _mean_of_found(
        f1_scores(confusion), found_classes(confusion) if found is None else found
    )


def found_classes(confusion: Table) -> NDArray[np.bool_]:
    """Tells which classes have images or are predicted, (..., classes)."""
    return np.asarray(confusion.sum(-1) + confusion.sum(-2) > 0)


def cohen_kappa(confusion: Table) -> Table:
    """Agreement beyond chance, (...,), at most 1.

    Source: Cohen 1960, doi:10.1177/001316446002000104.
    """
    total = confusion.sum((-2, -1))
    chance = ratio((confusion.sum(-1) * confusion.sum(-2)).sum(-1), total**2)
    return ratio(accuracy(confusion) - chance, 1 - chance)


OVERALL: Mapping[str, tuple[Callable[..., Table], str]] = {
    "balanced_accuracy": (balanced_accuracy, "Mean recall over the classes."),
    "accuracy": (accuracy, "Share of the images whose class is predicted."),
    "macro_precision": (macro_precision, "Mean precision over the classes."),
    "macro_f1": (macro_f1, "Mean F1 over the classes."),
    "kappa": (cohen_kappa, "Cohen's kappa: agreement beyond chance."),
}
"""Scores of all classes together."""

BY_CLASS: Mapping[str, tuple[Callable[[Table], Table], str]] = {
    "recall": (recalls, "Share of the class's images that are predicted as it (sensitivity)."),
    "precision": (precisions, "Share of the images predicted as the class that are of it."),
    "f1": (f1_scores, "Harmonic mean of precision and recall."),
}
"""Scores of each class, (..., classes)."""


def _mean_of_found(values: Table, found: NDArray[np.bool_]) -> Table:
    return ratio(np.nan_to_num(values).sum(-1), found.sum(-1).astype(float))


def _hits(confusion: Table) -> Table:
    return np.diagonal(confusion, axis1=-2, axis2=-1)
