"""A picture in memory gets the answer that the bundle gives to its file."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from pipelines.deployment.array_answerer import ArrayAnswerer
from pipelines.deployment.mlflow_model import BundleModel
from pipelines.errors import InputError
from tests.pipelines.crossval.made_bundle import CLASSES, OUTLINES, made_run

TISSUE: dict[str, Any] = {
    "image_size": 32,
    "network_def": {
        "_target_": "BasicUNet",
        "spatial_dims": 2,
        "in_channels": 3,
        "out_channels": "$len(@labels)",
        "features": [4, 4, 4, 4, 4, 4],
    },
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    told = {
        "breast_us_segmentation": {**OUTLINES, "threshold": 0.5},
        "breast_us_classification": {**CLASSES, "labels": ["benign", "malignant", "normal"]},
        "tissue_segmentation": TISSUE,
    }
    return {name: made_run(folder / name, name, config, 0) for name, config in told.items()}


@pytest.fixture(scope="module")
def pictures() -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, size, np.uint8) for size in [(40, 30), (33, 70, 3)]]


def of_files(run: Path, pictures: list[NDArray[np.uint8]]) -> pd.DataFrame:
    """The answers of the bundle's own workflow to files of the pictures."""
    contents = []
    for picture in pictures:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, format="PNG")
        contents.append(file.getvalue())
    return BundleModel(run).predict(pd.DataFrame({"image": contents}))


@pytest.mark.parametrize("bundle", ["breast_us_segmentation", "tissue_segmentation"])
def test_a_mask_is_that_of_the_file(
    bundle: str, runs: dict[str, Path], pictures: list[NDArray[np.uint8]]
) -> None:
    answerer = ArrayAnswerer(runs[bundle])
    for picture, content in zip(pictures, of_files(runs[bundle], pictures)["mask"], strict=True):
        answer = answerer.answer(picture)
        np.testing.assert_array_equal(answer.mask, np.asarray(Image.open(io.BytesIO(content))))
        assert answer.probabilities.shape[1:] == picture.shape[:2]
        assert answer.label is None
        assert answer.probabilities.min() >= 0 and answer.probabilities.max() <= 1


def test_classes_are_those_of_the_file(
    runs: dict[str, Path], pictures: list[NDArray[np.uint8]]
) -> None:
    run = runs["breast_us_classification"]
    answerer, table = ArrayAnswerer(run), of_files(run, pictures)
    for picture, row in zip(pictures, table.to_dict("records"), strict=True):
        answer = answerer.answer(picture)
        assert answerer.labels[answer.label or 0] == row["predicted"]
        expected = [row[f"p_{label}"] for label in answerer.labels]
        np.testing.assert_allclose(answer.probabilities, expected, atol=1e-7)


def test_what_a_bundle_is_stands_in_its_files(runs: dict[str, Path]) -> None:
    outlines = ArrayAnswerer(runs["breast_us_segmentation"])
    assert (outlines.task, outlines.channels) == ("segmentation", 1)
    assert (outlines.labels, outlines.image_size) == (["background", "tumour"], 32)
    tissue = ArrayAnswerer(runs["tissue_segmentation"])
    assert (tissue.channels, len(tissue.labels)) == (3, 4)


def test_a_given_network_takes_the_place_of_the_bundles(runs: dict[str, Path]) -> None:
    run, picture = runs["breast_us_classification"], np.full((20, 20), 7, np.uint8)
    picture[5:9] = 90
    answerer = ArrayAnswerer(run, network=lambda images: torch.tensor([[0.0, 9.0, 0.0]]))
    assert answerer.answer(picture).label == 1
    assert answerer.prepared(picture).shape == (1, 1, 32, 32)


@pytest.mark.parametrize(
    ("bundle", "picture", "words"),
    [
        ("breast_us_segmentation", np.zeros((4, 5, 2), np.uint8), r"the shape \(4, 5, 2\)"),
        ("breast_us_segmentation", np.zeros((1, 1), np.uint8), "single pixel"),
        ("breast_us_segmentation", np.zeros((1, 900), np.uint8), "900 x 1 pixels.*too long"),
        ("tissue_segmentation", np.full((9, 9), 3000, np.uint16), "more than 8 bits"),
    ],
)
def test_what_cannot_be_answered_is_named(
    bundle: str, picture: NDArray[Any], words: str, runs: dict[str, Path]
) -> None:
    with pytest.raises(InputError, match=words) as told:
        ArrayAnswerer(runs[bundle]).answer(picture, "frame 3")
    assert "frame 3" in str(told.value)


def test_an_answer_of_nan_is_refused(runs: dict[str, Path]) -> None:
    run = runs["breast_us_classification"]
    answerer = ArrayAnswerer(run, network=lambda images: torch.full((1, 3), torch.nan))
    with pytest.raises(InputError, match="NaN for frame 3"):
        answerer.answer(np.eye(20, dtype=np.uint8), "frame 3")


def test_a_folder_that_is_no_bundle_is_named(tmp_path: Path, runs: dict[str, Path]) -> None:
    with pytest.raises(InputError, match=r"has no configs/inference.json, so it is no bundle"):
        ArrayAnswerer(tmp_path)
    folder = tmp_path / "run"
    (folder / "configs").mkdir(parents=True)
    for name in ("inference.json", "metadata.json"):
        text = (runs["breast_us_classification"] / "configs" / name).read_text()
        (folder / "configs" / name).write_text(text)
    with pytest.raises(InputError, match=r"model\.pt"):
        ArrayAnswerer(folder)
    metadata = json.loads((folder / "configs" / "metadata.json").read_text())
    (folder / "configs" / "metadata.json").write_text("[]")
    with pytest.raises(InputError, match="holds a list; expected a JSON object"):
        ArrayAnswerer(folder)
    assert metadata["name"]
