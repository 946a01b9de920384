"""Made runs that answer: a small network, untrained, in the shipped bundles' configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from monai.bundle import ConfigParser
from PIL import Image

from pipelines.bundles import bundle_root
from pipelines.datasets.dataset import Dataset
from pipelines.deployment.array_answerer import ArrayAnswerer
from pipelines.deployment.read_picture import read_picture
from pipelines.evaluation.cases import write_cases
from pipelines.evaluation.classification import classification_columns
from pipelines.evaluation.classification_scores import classification_scores
from pipelines.evaluation.scores import segmentation_scores
from pipelines.evaluation.segmentation import case_counts, case_row
from pipelines.training.run_bundle import write_run_bundle
from tests.pipelines.report import made_run

CLASSES = (
    "$torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), "
    "torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, 2))"
)
MASKS = {
    "_target_": "UNet",
    "spatial_dims": 2,
    "in_channels": 1,
    "out_channels": 1,
    "channels": [4, 8],
    "strides": [2],
}


def classification(folder: Path, dataset: Dataset, **changes: Any) -> Path:
    """A run of a classification of two classes, calibrated at temperature 1.25."""
    made_run.class_run(folder, dataset)
    (folder / "uncalibrated.csv").unlink()  # of other answers than its own
    config = {"labels": list(made_run.LABELS), "network_def": CLASSES, "image_size": 32}
    _answering(folder, "breast_us_classification", {**config, **changes}, 1.25)
    score_classes(folder, dataset)
    return folder


def segmentation(folder: Path, dataset: Dataset, **changes: Any) -> Path:
    """A run of a segmentation of lesions."""
    made_run.lesion_run(folder, dataset)
    (folder / "regions.csv").unlink()
    config = {"network_def": MASKS, "image_size": 32, "threshold": 0.5}
    _answering(folder, "breast_us_segmentation", {**config, **changes}, None)
    score_masks(folder, dataset)
    return folder


def score_classes(folder: Path, dataset: Dataset) -> None:
    """Scores the run by what its own network answers."""
    answerer, rows = ArrayAnswerer(folder), []
    for row in made_run.class_cases(dataset, 0).to_dict("records"):
        path = dataset.folder / "images" / f"{row['id']}.png"
        answer = answerer.answer(read_picture(path, answerer.channels))
        values = dict(zip(answerer.labels, answer.probabilities.tolist(), strict=True))
        told = {f"p_{name}": value for name, value in values.items()}
        rows.append({**row, **told, "predicted": max(values, key=values.__getitem__)})
    cases = pd.DataFrame(rows)
    write_cases(folder / "cases.csv", cases, classification_columns(made_run.LABELS))
    scores = classification_scores(cases, made_run.LABELS, made_run.FEW)
    made_run._write_scores(folder, {"leaky": False, **scores}, 0)


def score_masks(folder: Path, dataset: Dataset) -> None:
    """Scores the run by what its own network draws."""
    answerer, rows = ArrayAnswerer(folder), []
    for item in map(dataset.resolved, (each for each in dataset.items if each["fold"] == 0)):
        mask = answerer.answer(read_picture(Path(item["image"]), answerer.channels)).mask
        truth = np.array(Image.open(item["label"])) > 0
        counts = case_counts(mask > 0, truth)
        row = case_row(item["id"], item["group"], 0, item["class"], counts)
        rows.append({**row, "flags": "", "leaky": 0})
    cases = pd.DataFrame(rows)
    cases.to_csv(folder / "cases.csv", index=False)
    made_run._write_scores(folder, segmentation_scores(cases, made_run.FEW), 0)


def _answering(
    folder: Path, bundle: str, changes: dict[str, Any], temperature: float | None
) -> Path:
    config = {**json.loads((folder / "config.json").read_text()), **changes}
    config.pop("preprocessing")  # that of the shipped bundle is taken
    (folder / "config.json").write_text(json.dumps(config))
    write_run_bundle(folder, config, bundle_root(bundle))
    inference = json.loads((folder / "configs" / "inference.json").read_text())
    torch.manual_seed(0)
    state = ConfigParser(inference).get_parsed_content("network_def").state_dict()
    if temperature is not None:
        state["temperature"] = torch.tensor(temperature)
    torch.save(state, folder / "model.pt")
    return folder
