"""The bars of the reliability diagram are the accuracies in the bins of the confidence."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from pipelines.evaluation.reliability_picture import reliability_bins, reliability_figure
from pipelines.evaluation.wilson import wilson_bounds

CASES = pd.DataFrame(
    {
        "class": ["a", "a", "b", "b"],
        "group": ["1", "2", "3", "4"],
        "p_a": [0.9, 0.9, 0.9, 0.2],
        "p_b": [0.1, 0.1, 0.1, 0.8],
    }
)


def heights(axes: Axes) -> list[float]:
    """Of the bars that stand on the ground."""
    return [bar.get_height() for bar in axes.patches if bar.get_y() == 0 and bar.get_height()]


def test_the_bars_are_accuracy_and_number_of_each_bin() -> None:
    upper, lower = reliability_figure(CASES, ["a", "b"]).axes
    assert heights(upper) == pytest.approx([1, 2 / 3])  # 0.8 is right; two of three at 0.9
    gaps = [bar.get_height() for bar in upper.patches if bar.get_y() and bar.get_height()]
    assert gaps == pytest.approx([2 / 3 - 0.9, 1 - 0.8])  # surer than right, and less sure
    assert heights(lower) == [1, 3]
    assert [text.get_text() for text in lower.texts if text.get_text()] == ["1", "3"]
    # (|0.8 - 1| + 3 |0.9 - 2/3|) / 4; (2 * 2 * 0.01 + 2 * 0.81 + 2 * 0.04) / 4
    assert upper.get_title() == "calibration error 0.225, Brier 0.435"


def test_before_and_after_stand_side_by_side_on_one_scale() -> None:
    before = CASES.assign(p_a=[0.99, 0.99, 0.99, 0.01], p_b=[0.01, 0.01, 0.01, 0.99])
    figure = reliability_figure(CASES, ["a", "b"], "leaky", before)
    left, right, left_counts, right_counts = figure.axes
    assert left.get_title().startswith("as the network answers\ncalibration error 0.240")
    assert right.get_title().startswith("calibrated\ncalibration error 0.225")
    assert figure.get_suptitle() == "Reliability, 4 images (leaky)"
    assert heights(left_counts) == [4] and heights(right_counts) == [1, 3]
    assert left_counts.get_ylim() == right_counts.get_ylim()


def test_the_interval_of_a_bin_counts_groups() -> None:
    bins = reliability_bins(CASES, ["a", "b"])
    filled = ~np.isnan(bins.intervals[:, 0])
    assert filled.sum() == 2
    single, three = bins.intervals[filled]
    assert tuple(single) == pytest.approx(wilson_bounds(1, 1))
    assert tuple(three) == pytest.approx(wilson_bounds(2, 3))
    of_one_patient = reliability_bins(CASES.assign(group="1"), ["a", "b"]).intervals[filled][1]
    assert tuple(of_one_patient) == pytest.approx(wilson_bounds(2 / 3, 1))
