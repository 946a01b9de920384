"""The drawn curve is that of the scores."""

import numpy as np
import pytest

from pipelines.evaluation.froc import POINTS, FrocStatistics
from pipelines.evaluation.froc_picture import froc_figure
from pipelines.evaluation.group_intervals import IntervalOptions
from tests.pipelines.evaluation.test_froc import images, made, regions

FEW = IntervalOptions(resamples=50)


def test_curve_points_and_band_are_those_of_the_scores() -> None:
    candidates, cases = made(0)
    figure = froc_figure(candidates, cases, FEW, (0.2, 0.75), "remark")
    axes = figure.axes[0]
    steps, _, dots, point = axes.lines
    values = FrocStatistics(candidates, cases).values(np.ones((1, 12)))[0]
    np.testing.assert_allclose(dots.get_ydata(), values[:-1])
    assert f"mean sensitivity {values[-1]:.3f} (remark)" in axes.get_title()
    x, y = np.asarray(steps.get_xdata()), np.asarray(steps.get_ydata())
    heights = y[np.searchsorted(x, np.array(POINTS[:3]), side="right") - 1]
    np.testing.assert_allclose(heights, values[:3])
    assert point.get_xydata().tolist() == [[0.2, 0.75]]
    assert len(axes.collections) == 1


@pytest.mark.parametrize(("rate", "place", "marker"), [(0.0, 1 / 16, "<"), (9.0, 8, ">")])
def test_an_operating_point_beyond_the_axis_is_an_arrowhead(rate, place, marker) -> None:
    (_, _, _, point) = froc_figure(*made(0), FEW, (rate, 0.5)).axes[0].lines
    assert (point.get_xdata()[0], point.get_marker()) == (place, marker)
    assert f"{rate:.3f} false positives per image" in point.get_label()


def test_without_lesions_or_groups_there_is_no_curve_or_band() -> None:
    axes = froc_figure(regions(), images([0, 0]), FEW).axes[0]
    assert not axes.lines and "0 lesions" in axes.get_title()
    axes = froc_figure(regions(("i0", 0.9, 1)), images([1, 1], groups=1), FEW).axes[0]
    assert axes.lines and not axes.collections
