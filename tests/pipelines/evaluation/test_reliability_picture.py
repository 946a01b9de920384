"""The bars of the reliability diagram are the accuracies in the bins of the confidence."""

import pandas as pd
import pytest

from pipelines.evaluation.reliability_picture import reliability_figure


def test_the_bars_are_accuracy_and_number_of_each_bin() -> None:
    cases = pd.DataFrame(
        {
            "class": ["a", "a", "b", "b"],
            "p_a": [0.9, 0.9, 0.9, 0.2],
            "p_b": [0.1, 0.1, 0.1, 0.8],
        }
    )
    upper, lower = reliability_figure(cases, ["a", "b"]).axes
    heights = [bar.get_height() for bar in upper.patches if bar.get_height() > 0]
    assert heights == pytest.approx([1, 2 / 3])  # 0.8 is right; two of three at 0.9
    assert [bar.get_height() for bar in lower.patches if bar.get_height()] == [1, 3]
    assert "calibration error 0.225" in upper.get_title()  # (|0.8 - 1| + 3 |0.9 - 2/3|) / 4
