"""What is made of scored class maps: scores with their tolerance, the drop, pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.dataset import Dataset
from pipelines.evaluation import class_map_scores as scores_module
from pipelines.evaluation.class_maps import class_map_columns
from pipelines.training import class_map_results
from pipelines.training.class_map_results import ClassMapResults
from tests.pipelines.evaluation.made_maps import LABELS, made_pairs, made_table

COLOURS = [[235, 235, 235], [255, 140, 170], [70, 140, 70]]
TABLE = made_table(made_pairs(3))


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> ClassMapResults:
    """Results of few resamples."""
    for name in ("class_map_scores", "class_map_drop"):
        whole = getattr(scores_module, name)

        def few(*arguments, whole=whole):
            return whole(*arguments, resamples=20)

        monkeypatch.setattr(class_map_results, name, few)
    return ClassMapResults(LABELS, COLOURS, 3.0)


def test_the_scores_tell_the_tolerance(results: ClassMapResults) -> None:
    scores = results.scores(TABLE)
    assert scores["surface_dice_tolerance"] == {"value": 3.0, "unit": "pixels"}
    assert scores["scores"]["dice"]["n"] == 3
    assert results.columns == class_map_columns(LABELS)
    drop = results.drop(TABLE, TABLE)
    assert drop["scores"]["dice"]["drop"] == 0


def test_the_pictures_show_images_of_any_part(results: ClassMapResults, tmp_path: Path) -> None:
    items = []
    for number, (prediction, truth) in enumerate(made_pairs(3)):
        name = f"image_{number}.png"
        grey = np.full((*truth.shape, 3), number, np.uint8)
        for part, pixels in (("images", grey), ("masks", truth), ("run/predictions", prediction)):
            path = tmp_path / part / (f"image_{number}_mask.png" if "run" in part else name)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(path)
        items.append({"image": f"images/{name}", "label": f"masks/{name}"})
    dataset = Dataset(
        tmp_path, "made", "segmentation", {}, {}, "", "", 3, {}, tuple(items[:1]), tuple(items[1:])
    )
    results.draw(TABLE, {"confusion": [[1, 0, 0]] * 3}, dataset, tmp_path / "run")
    names = {path.name for path in (tmp_path / "run" / "overlays").iterdir()}
    assert names == {"best.png", "median.png", "worst.png", "confusion.png"}
