"""The image plane of a phantom: pixel centres in mm."""

import numpy as np

from pipelines.datasets.phantoms.grid import Grid


def test_depth_runs_down_and_lateral_runs_across() -> None:
    grid = Grid(height=3, width=2, spacing=0.5)
    np.testing.assert_allclose(grid.depth, [[0.25], [0.75], [1.25]])
    np.testing.assert_allclose(grid.lateral, [[0.25, 0.75]])
