"""Pictures to compare on are of the dataset as far as it reaches."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.datasets.dataset import Dataset
from pipelines.deployment.packaging.agreement_pictures import agreement_pictures, spread_pictures
from tests.pipelines.report import made_run


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return made_run.made_dataset(tmp_path_factory.mktemp("data"), "classification")


def test_they_are_spread_over_the_dataset(dataset: Dataset, tmp_path: Path) -> None:
    paths, words = agreement_pictures(dataset, "breast_us_classification", tmp_path, 6)
    assert [path.name for path in paths] == [f"i{3 * k:02d}.png" for k in range(6)]
    assert words == "6 images of the dataset" and list(tmp_path.iterdir()) == []
    assert len(spread_pictures(dataset, dataset.items[:4], 9)) == 4


def test_made_ones_fill_up(dataset: Dataset, tmp_path: Path) -> None:
    paths, words = agreement_pictures(dataset, "breast_us_segmentation", tmp_path, 20)
    assert words == "18 images of the dataset and 2 made ones"
    assert len(paths) == 20 and all(path.is_file() for path in paths)


def test_masks_are_no_pictures(tmp_path: Path) -> None:
    paths, words = agreement_pictures(None, "tissue_segmentation", tmp_path, 3)
    assert words == "3 made images" and len(paths) == 3
    assert not [path for path in paths if "mask" in path.relative_to(tmp_path).as_posix()]
