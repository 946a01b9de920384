"""Folders of runs as trainings leave them, made up: two tasks, two splits, a cross-validation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from pipelines.crossval.pooled import pool
from pipelines.crossval.run import fold_images
from pipelines.datasets.dataset import Dataset, digest, write
from pipelines.evaluation.calibration_statistics import calibration_entries
from pipelines.evaluation.cases import write_cases
from pipelines.evaluation.class_map_scores import class_map_scores
from pipelines.evaluation.class_maps import (
    border_scores,
    class_map_columns,
    class_map_row,
    pixel_confusion,
)
from pipelines.evaluation.classification import classification_columns
from pipelines.evaluation.classification_scores import classification_scores
from pipelines.evaluation.curves import write_history
from pipelines.evaluation.froc import froc_scores
from pipelines.evaluation.group_intervals import IntervalOptions
from pipelines.evaluation.scores import segmentation_scores, write_scores
from pipelines.evaluation.segmentation import case_counts, case_row
from tests.pipelines.datasets.audit.made_cases import lesion, save, scan

LABELS = ("cyst", "tumour")
GROUPING = "near-duplicate clusters; no patient ids; leakage cannot be excluded"
FEW = 100
"""Resamples: the numbers do not matter."""

NETWORK = (
    "$torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), "
    "torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, 2))"
)
PREPROCESSING = {
    "_target_": "Compose",
    "transforms": [
        {
            "_target_": "LoadImaged",
            "keys": "image",
            "image_only": True,
            "ensure_channel_first": True,
        },
        {"_target_": "ScaleIntensityd", "keys": "image"},
    ],
}


def made_dataset(folder: Path, task: str, count: int = 18) -> Dataset:
    """A dataset of three folds; in one of lesions every sixth image has none. Devices A and B."""
    items = []
    for number in range(count):
        name = f"i{number:02d}.png"
        kind = LABELS[number // 3 % 2]
        mask = np.zeros_like(lesion()) if number % 6 == 5 else lesion()
        items.append(
            {
                "image": f"images/{name}",
                "label": LABELS.index(kind),
                "class": kind,
                "group": f"g{number:02d}",
                "fold": number % 3,
                "source": f"raw/{number}.png",
                "sha256": save(folder, f"images/{name}", scan(number)),
                "width": 80,
                "height": 60,
                "device": "AB"[number // 3 % 2],
                "flags": "text" if number % 4 == 0 else "",
            }
        )
        if task == "segmentation":
            items[-1] |= {
                "label": f"masks/{name}",
                "label_sha256": save(folder, f"masks/{name}", mask),
                "class": "normal" if number % 6 == 5 else kind,
            }
        if not items[-1]["flags"]:
            del items[-1]["flags"]
    names = LABELS if task == "classification" else ("background", "lesion")
    left_out = [{"source": "raw/99.png", "reason": "near-duplicate of raw/1.png"}]
    dataset = Dataset(
        folder=folder,
        name="made & <b>bold</b>",
        task=task,
        modality={"0": "US"},
        labels={str(index): name for index, name in enumerate(names)},
        licence="CC0",
        reference="Nobody 2026",
        channels=1,
        source={
            "layout": "made",
            "grouping": GROUPING.partition("; leak")[0],
            "left_out": left_out,
        },
        items=tuple(items),
    )
    write(dataset)
    return dataset


def class_cases(dataset: Dataset, fold: int, leaky: int = 0) -> pd.DataFrame:
    """Answers of some skill, of more where the split leaks."""
    items = [dataset.resolved(item) for item in dataset.items if item["fold"] == fold]
    rng = np.random.default_rng(fold)
    rows = []
    for item in items:
        place = LABELS.index(item["class"])
        share = np.clip(rng.normal(0.62 + 0.3 * leaky, 0.25), 0.02, 0.98)
        values = [share, 1 - share] if place == 0 else [1 - share, share]
        rows.append(
            {
                **{key: item[key] for key in ("id", "group", "fold", "class")},
                "predicted": LABELS[int(np.argmax(values))],
                "flags": item.get("flags", ""),
                **{f"p_{name}": values[k] for k, name in enumerate(LABELS)},
                "leaky": leaky,
            }
        )
    return pd.DataFrame(rows)


def lesion_cases(dataset: Dataset, fold: int, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cases of masks that are moved by some pixels and written, and the regions in them."""
    (folder / "predictions").mkdir(parents=True, exist_ok=True)
    rows, regions = [], []
    for place, item in enumerate(i for i in dataset.items if i["fold"] == fold):
        full = dataset.resolved(item)
        truth = np.array(Image.open(full["label"])) > 0
        answer = np.roll(truth, 4 * place, axis=1)
        Image.fromarray(answer.astype(np.uint8)).save(
            folder / "predictions" / f"{full['id']}_mask.png"
        )
        row = case_row(full["id"], item["group"], fold, item["class"], case_counts(answer, truth))
        rows.append({**row, "flags": item.get("flags", ""), "leaky": 0})
        named = {key: rows[-1][key] for key in ("id", "group", "fold", "class", "flags")}
        if answer.any():
            found = int(row["found_lesions"])
            regions.append(
                {
                    **named,
                    **{"presence": 1.0, "area": int(answer.sum()), "share": 0.1},
                    **{"confidence": 0.9 - 0.1 * place, "lesion": found},
                }
            )
    return pd.DataFrame(rows), pd.DataFrame(regions)


def class_run(folder: Path, dataset: Dataset, fold: int = 0, leaky: int = 0) -> Path:
    """A run of a classification, calibrated, with its record and a model."""
    _common(folder, dataset, fold, "breast_us_classification")
    cases = class_cases(dataset, fold, leaky)
    write_cases(folder / "cases.csv", cases, classification_columns(LABELS))
    plain = cases.assign(
        p_cyst=0.5 * cases["p_cyst"] + 0.25, p_tumour=0.5 * cases["p_tumour"] + 0.25
    )
    plain.to_csv(folder / "uncalibrated.csv", index=False)
    scores = {"leaky": bool(leaky), **classification_scores(cases, LABELS, FEW)}
    _write_scores(folder, scores, fold)
    before, after = (calibration_entries(table, LABELS, FEW) for table in (plain, cases))
    values = {name: entry["value"] for name, entry in after.items()}
    _json(
        folder / "calibration.json",
        {
            **{"temperature": 1.25, "images": 6, "groups": 6, "remarks": ["few images"]},
            "validation": {"before": values, "after": values},
            "scored": {"before": before, "after": after},
        },
    )
    return folder


def lesion_run(folder: Path, dataset: Dataset, fold: int = 0) -> Path:
    """A run of a segmentation with its masks and regions."""
    _common(folder, dataset, fold, "breast_us_segmentation")
    cases, regions = lesion_cases(dataset, fold, folder)
    cases.to_csv(folder / "cases.csv", index=False)
    regions.to_csv(folder / "regions.csv", index=False)
    froc = froc_scores(regions, cases, IntervalOptions(FEW))
    _write_scores(folder, {**segmentation_scores(cases, FEW), "froc": froc}, fold)
    return folder


def map_run(folder: Path, dataset: Dataset, fold: int = 0) -> Path:
    """A run of a segmentation of several classes, on the masks of one of lesions."""
    _common(folder, dataset, fold, "tissue_segmentation")
    (folder / "predictions").mkdir()
    labels = ["background", "lesion"]
    rows = []
    for place, item in enumerate(i for i in dataset.items if i["fold"] == fold):
        full = dataset.resolved(item)
        truth = np.array(Image.open(full["label"])).astype(int)
        answer = np.roll(truth, 4 * place, axis=1)
        path = folder / "predictions" / f"{full['id']}_mask.png"
        Image.fromarray(answer.astype(np.uint8)).save(path)
        known = {key: full[key] for key in ("id", "group", "fold", "class")}
        confusion = pixel_confusion(answer, truth, 2)
        rows.append(
            class_map_row(
                {**known, "flags": ""}, confusion, border_scores(answer, truth, 2), labels
            )
        )
    cases = pd.DataFrame(rows).assign(leaky=0)
    write_cases(folder / "cases.csv", cases, class_map_columns(labels))
    _write_scores(folder, class_map_scores(cases, labels, FEW), fold)
    return folder


def crossval(folder: Path, dataset: Dataset, seeds: Sequence[int] = (0,)) -> Path:
    """A cross-validation of all folds of a classification."""
    runs = [
        {"folder": f"fold{fold}-seed{seed}", "fold": fold, "seed": seed, "state": "finished"}
        for seed in seeds
        for fold in dataset.folds
    ]
    for run in runs:
        class_run(folder / run["folder"], dataset, run["fold"])
    folders = {s: [folder / r["folder"] for r in runs if r["seed"] == s] for s in seeds}
    pooled = pool(folders, fold_images(dataset, dataset.folds), IntervalOptions(FEW))
    command = "med2d crossval breast_us_classification --dataset_dir data"
    record = {"bundle": "breast_us_classification", "finished": True, "runs": runs}
    _json(folder / "crossval.json", {**record, "seeds": list(seeds), "command": command})
    content = {
        **{"fold": "pooled", "leaky": False, "grouping": GROUPING, "command": command},
        "by_seed": {str(seed): scores for seed, scores in pooled.by_seed.items()},
        **{"spread": pooled.spread, "seeds_together": pooled.together},
    }
    _json(folder / "scores.json", content)
    pooled.cases.to_csv(folder / "cases.csv", index=False)
    return folder


def _common(folder: Path, dataset: Dataset, fold: int, bundle: str) -> None:
    """Writes what a run of any task has."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    network = eval(NETWORK[1:], {"torch": torch})
    torch.save(network.state_dict(), folder / "model.pt")
    config = {
        **{"name": "made", "dataset_dir": str(dataset.folder), "dataset_digest": digest(dataset)},
        **{"fold": fold, "seed": 0, "epochs": 3, "image_size": 64, "threshold": 0.5},
        **{"weights": None, "learning_rate": "$0.01 if settings.is_none(@weights) else 0.001"},
        **{"network_def": NETWORK, "preprocessing": PREPROCESSING},
        "augmentation": [{"_target_": "RandFlipd", "keys": "image", "prob": 0.5}],
        "optimizer": {"_target_": "torch.optim.AdamW", "lr": "@learning_rate", "eps": 0.1},
        "scorer": {"bundle": bundle, "metric": "val_f1"},
    }
    _json(folder / "config.json", config)
    metadata = {
        **{"name": "Made model", "description": "A model that answers at random."},
        **{"intended_use": "Tests alone.", "image_classes": "grey", "label_classes": "two"},
    }
    _json(folder / "configs" / "metadata.json", metadata)
    record = {
        **{"command": "/usr/bin/python3 -m monai.bundle run --epochs 3", "commit": "abc"},
        **{"started": "2026-01-01T00:00:00+00:00", "libraries": {"torch": "2.13.0"}},
        "machine": {"system": "Linux", "cpu": "a CPU", "threads": 1},
        **{"code": {"digest": "c" * 64}, "bundle": {"digest": "b" * 64}},
        "files": {"weights": {"path": "w.pt", "sha256": "d" * 64}},
    }
    _json(folder / "record.json", record)
    _json(folder / "mlflow.json", {"run_id": "f" * 32})
    epochs = [
        {"epoch": k, "train_loss": 1 / k, "val_loss": 2 / k, "val_accuracy": k / 4, "seconds": 20.0}
        for k in (1, 2, 3)
    ]
    write_history(folder / "history.csv", epochs)


def _write_scores(folder: Path, scores: dict[str, Any], fold: int) -> None:
    write_scores(
        folder / "scores.json",
        scores,
        grouping=GROUPING,
        fold=fold,
        command="python -m monai.bundle run --config_file evaluate.json",
        epoch=2,
        epochs_run=3,
    )


def _json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
