"""Every score of a classification for any counts of groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.calibration_scores import (
    BINS,
    brier_terms,
    confidence_terms,
    expected_calibration_error,
)
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.confusion_scores import (
    BY_CLASS,
    OVERALL,
    found_classes,
    mean_defined,
    ratio,
)
from pipelines.evaluation.group_ranking import group_ranking, ranking_areas
from pipelines.evaluation.group_statistics import Quantity, Table, counted
from pipelines.evaluation.resampling import group_sums

DESCRIPTIONS: Mapping[str, str] = {
    **{name: text for name, (_, text) in OVERALL.items()},
    "auroc": "Mean area under the ROC curve over the classes, each against the others.",
    "average_precision": "Mean average precision over the classes, each against the others.",
    "brier": "Brier score: mean squared distance of the probabilities from the truth, 0 to 2.",
    "calibration_error": "Expected calibration error: mean distance of confidence and accuracy. "
    "Too large where images are few, so that it has no interval.",
}
"""What each score of all classes together is, in a sentence."""

_AREAS = {
    "auroc": "Area under the ROC curve, one class against the others.",
    "average_precision": "Area under the precision-recall curve.",
}
_CALIBRATION = ("brier", "calibration_error")
INFLATED = ("calibration_error",)
"""Scores that resampling alone raises; they have no interval."""

_OF_FOUND = ("macro_precision", "macro_f1")
_MEANS = ("balanced_accuracy", *_OF_FOUND, *_AREAS)
"""Scores that are means over the classes: one over fewer classes is another score."""


class ClassificationStatistics:
    """Scores of all classes together and of each class; a ``GroupStatistics``.

    Counts that lack a class of the table do not define a mean over the classes, so that every
    resample has the classes of the table (as in pROC, Robin et al. 2011,
    doi:10.1186/1471-2105-12-77, which ignores resamples without cases or controls).

    Args:
        cases: table with ``group``, ``class``, ``predicted``, and ``p_<class>`` for each class;
            without any such column, only the scores of the confusion matrix are computed.
        labels: the class names in the order of their indices.
        ranked_by: values that AUROC and average precision rank by in the probabilities' place,
            (cases, classes).
    """

    def __init__(
        self, cases: pd.DataFrame, labels: Sequence[str], ranked_by: Table | None = None
    ) -> None:
        index = {name: place for place, name in enumerate(labels)}
        names = cases["group"].to_numpy(dtype=str)
        truth = np.array(cases["class"].map(index), dtype=np.int64)
        predicted = np.array(cases["predicted"].map(index), dtype=np.int64)
        self.labels = list(labels)
        self.groups = len(np.unique(names))
        self.has_probabilities = all(PREFIX + name in cases for name in labels)
        terms = [np.eye(len(labels) ** 2)[truth * len(labels) + predicted]]
        self._rankings = []
        if self.has_probabilities:
            probabilities = cases[[PREFIX + name for name in labels]].to_numpy(dtype=float)
            terms.append(brier_terms(probabilities, truth)[:, None])
            terms.append(confidence_terms(probabilities, truth).reshape(len(cases), -1))
            places = np.unique(names, return_inverse=True)[1]
            columns = probabilities if ranked_by is None else ranked_by
            self._rankings = [
                group_ranking(column, truth == place, places)
                for place, column in enumerate(columns.T)
            ]
        self._sums = group_sums(np.hstack(terms), names)
        self.confusion = self._split(self._sums.sum(axis=0)[None])[0][0]
        self._has_images = self.confusion.sum(axis=1) > 0
        self._found = found_classes(self.confusion)
        self.quantities: Sequence[Quantity] = list(self._describe(truth, predicted, names))

    def values(self, counts: Table) -> Table:
        """Gives every score for each row of counts; see ``GroupStatistics``."""
        confusion, brier, calibration = self._split(counts @ self._sums.astype(counts.dtype))
        overall = [
            function(confusion, self._found) if name in _OF_FOUND else function(confusion)
            for name, (function, _) in OVERALL.items()
        ]
        by_class = [function(confusion) for function, _ in BY_CLASS.values()]
        if self.has_probabilities:
            areas = [ranking_areas(ranked, counts) for ranked in self._rankings]
            tables = [np.stack(columns, axis=-1) for columns in zip(*areas, strict=True)]
            total = confusion.sum((-2, -1))
            overall += [mean_defined(table) for table in tables]
            overall += [ratio(brier, total), expected_calibration_error(calibration, total)]
            by_class += tables
        lacking = (self._has_images & (confusion.sum(-1) == 0)).any(axis=-1)
        means = [quantity.score in _MEANS for quantity in self.quantities[: len(overall)]]
        table = np.stack(overall, axis=1)
        table[np.ix_(lacking, means)] = np.nan
        return np.hstack([table, *by_class])

    def _split(self, sums: Table) -> tuple[Table, Table, Table]:
        """Gives confusion matrices, sums of Brier terms and of calibration bins."""
        classes, rest = len(self.labels), sums[:, len(self.labels) ** 2 :].astype(float)
        confusion = sums[:, : classes**2].astype(float).reshape(-1, classes, classes)
        if not self.has_probabilities:
            return confusion, rest, rest
        return confusion, rest[:, 0], rest[:, 1:].reshape(-1, 2, BINS)

    def _describe(
        self, truth: NDArray[np.int64], predicted: NDArray[np.int64], groups: NDArray
    ) -> Iterator[Quantity]:
        """Says what each column of ``values`` is."""
        right, images, every = truth == predicted, "images", np.ones(len(truth), dtype=bool)
        overall = [*OVERALL, *(_AREAS if self._rankings else ())]
        rarest = min((len(np.unique(groups[truth == place])) for place in set(truth)), default=0)
        for name in [*overall, *(_CALIBRATION if self._rankings else ())]:
            share = (int(right.sum()), len(truth)) if name == "accuracy" else None
            yield Quantity(
                *(name, "", DESCRIPTIONS[name], images, *counted(every, groups)),
                proportion=share,
                inflated=name in INFLATED,
                rarest=rarest if name in _MEANS else None,
            )
        texts = {name: text for name, (_, text) in BY_CLASS.items()}
        for name, text in {**texts, **(_AREAS if self._rankings else {})}.items():
            for place, label in enumerate(self.labels):
                which = (predicted if name == "precision" else truth) == place
                trials = int(which.sum())
                share = (int((right & which).sum()), trials)
                is_share = name in ("recall", "precision") and trials
                unit = f"images predicted {label}" if name == "precision" else f"{label} images"
                yield Quantity(
                    *(name, label, text, unit, *counted(which, groups)),
                    proportion=share if is_share else None,
                )
