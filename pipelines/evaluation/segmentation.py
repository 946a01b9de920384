"""What one image contributes to the scores of a segmentation: pixel and lesion counts.

Pure functions over one image. Every score of a whole test set is a ratio of sums over these
counts (or a mean over images of a ratio of them), so that how the images were batched or ordered
never changes a score.

Empty masks. Dice, IoU and recall say nothing about an image without a lesion and are NaN there;
such an image is judged by ``false_positive`` instead (1 where any pixel is predicted). Precision is
NaN only where there is neither a lesion nor a prediction. Where a lesion exists and nothing is
predicted it is 0, not NaN: leaving the case out would reward a model for staying silent on the
lesions that it finds hard.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from skimage.measure import label

MATCHING_IOU = 0.1
"""Least overlap at which a predicted lesion counts as the true one.

Detecting a lesion means pointing at it, not outlining it, so medical detection uses a low overlap:
0.1 in Jaeger et al. 2020, "Retina U-Net: Embarrassingly Simple Exploitation of Segmentation
Supervision for Medical Object Detection" (ML4H, PMLR 116:171-183), and in nnDetection (Baumgartner
et al. 2021, MICCAI)."""

EIGHT_NEIGHBOURS = 2


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """Sufficient statistics of one image.

    Attributes:
        tp: pixels in both masks.
        fp: pixels only in the prediction.
        fn: pixels only in the truth.
        tn: pixels in neither.
        lesions: connected components of the truth.
        predicted_lesions: connected components of the prediction.
        found_lesions: pairs of the one-to-one matching of both.
    """

    tp: int
    fp: int
    fn: int
    tn: int
    lesions: int
    predicted_lesions: int
    found_lesions: int


def case_counts(prediction: NDArray[np.bool_], truth: NDArray[np.bool_]) -> CaseCounts:
    """Count pixels and lesions of one image.

    Lesions are connected components; pixels that touch at a corner belong together
    (8-connectivity).

    Args:
        prediction: predicted mask, bool, (H, W), at the native size of the image.
        truth: annotated mask, bool, (H, W).

    Returns:
        The counts; ``tp + fp + fn + tn`` is H * W.

    Raises:
        ValueError: the masks differ in shape, are not 2-D or are not bool.

    Examples:
        >>> truth = np.zeros((4, 4), dtype=bool)
        >>> truth[:2, :2] = True
        >>> case_counts(np.roll(truth, 1, axis=1), truth)
        CaseCounts(tp=2, fp=2, fn=2, tn=10, lesions=1, predicted_lesions=1, found_lesions=1)
    """
    _check_masks(prediction, truth)
    tp = int(np.count_nonzero(prediction & truth))
    fp = int(np.count_nonzero(prediction)) - tp
    fn = int(np.count_nonzero(truth)) - tp
    true_labels, lesions = label(truth, return_num=True, connectivity=EIGHT_NEIGHBOURS)
    labels, predicted_lesions = label(prediction, return_num=True, connectivity=EIGHT_NEIGHBOURS)
    found = matched_lesions(labels, true_labels) if tp else 0
    tn = truth.size - tp - fp - fn
    return CaseCounts(tp, fp, fn, tn, int(lesions), int(predicted_lesions), found)


def matched_lesions(predicted: NDArray[np.integer], true: NDArray[np.integer]) -> int:
    """Return the size of the largest one-to-one matching of predicted and true lesions.

    A pair may be matched where its IoU is at least `MATCHING_IOU`. The number of pairs is made as
    large as possible, not their summed IoU: the result then depends neither on the order of the
    labels nor on which mask is called the prediction.

    Args:
        predicted: labels of the predicted lesions, (H, W), 0 is background.
        true: labels of the true lesions, (H, W), 0 is background.

    Returns:
        Number of matched pairs, at most the number of lesions of either.
    """
    return len(matched_pairs(predicted, true))


def matched_pairs(
    predicted: NDArray[np.integer], true: NDArray[np.integer]
) -> list[tuple[int, int]]:
    """Return the pairs (predicted label, true label) of the matching of `matched_lesions`."""
    rows, columns = _matchable_pairs(predicted, true)
    row_names, row = np.unique(rows, return_inverse=True)
    column_names, column = np.unique(columns, return_inverse=True)
    matchable = np.zeros((row_names.size, column_names.size))
    matchable[row, column] = 1
    one, other = linear_sum_assignment(matchable, maximize=True)
    is_pair = matchable[one, other] > 0
    return list(
        zip(row_names[one[is_pair]].tolist(), column_names[other[is_pair]].tolist(), strict=True)
    )


def case_row(
    id: str, group: str, fold: int | None, class_name: str, counts: CaseCounts
) -> dict[str, object]:
    """Return one row of cases.csv.

    Args:
        id: name of the image, unique in the table.
        group: patient or duplicate cluster; what the bootstrap draws.
        fold: fold of the image; None outside of the folds (a ``testing`` part).
        class_name: class of the image ("benign", ...); "" where the data set has none.
        counts: counts of the image.

    Returns:
        Column to value, in the order of ``cases.SEGMENTATION_COLUMNS``. Areas are pixels of the
        native image, scores lie in [0, 1]; NaN stands for an empty cell (see the module's text).
    """
    tp, fp, fn = counts.tp, counts.fp, counts.fn
    lesion_area, predicted_area = tp + fn, tp + fp
    silent_miss = lesion_area > 0 and predicted_area == 0
    has_lesion = lesion_area > 0
    return {
        "id": id,
        "group": group,
        "fold": fold,
        "class": class_name,
        "dice": _ratio(2 * tp, 2 * tp + fp + fn) if has_lesion else math.nan,
        "iou": _ratio(tp, tp + fp + fn) if has_lesion else math.nan,
        "precision": 0.0 if silent_miss else _ratio(tp, predicted_area),
        "recall": _ratio(tp, lesion_area),
        "lesion_area": lesion_area,
        "predicted_area": predicted_area,
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "tn": counts.tn,
        "lesions": counts.lesions,
        "predicted_lesions": counts.predicted_lesions,
        "found_lesions": counts.found_lesions,
        "false_positive": math.nan if has_lesion else int(predicted_area > 0),
    }


def _ratio(part: int, whole: int) -> float:
    """Divide; NaN where the whole is 0."""
    return part / whole if whole else math.nan


def _check_masks(prediction: NDArray[np.bool_], truth: NDArray[np.bool_]) -> None:
    """Refuse masks that cannot be compared; probabilities in a mask's place among them."""
    if prediction.shape != truth.shape:
        raise ValueError(
            f"prediction has shape {prediction.shape} and truth {truth.shape}; expected the same "
            "(H, W): bring the prediction back to the native size first"
        )
    for name, mask in (("prediction", prediction), ("truth", truth)):
        if mask.ndim != 2 or mask.dtype != np.bool_:
            raise ValueError(
                f"{name} has shape {mask.shape} and type {mask.dtype}; expected a bool mask (H, W)"
            )


def _matchable_pairs(
    predicted: NDArray[np.integer], true: NDArray[np.integer]
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Return the labels (predicted, true) of all pairs with enough overlap."""
    predicted_areas = np.bincount(predicted.ravel())
    true_areas = np.bincount(true.ravel())
    overlap = (predicted > 0) & (true > 0)
    # One number for each pair of labels: only pairs that meet are looked at, so that thousands of
    # specks in a bad prediction cost no more than their pixels.
    pairs, shared = np.unique(
        predicted[overlap].astype(np.int64) * true_areas.size + true[overlap], return_counts=True
    )
    rows, columns = np.divmod(pairs, true_areas.size)
    united = predicted_areas[rows] + true_areas[columns] - shared
    enough = shared >= MATCHING_IOU * united
    return rows[enough], columns[enough]
