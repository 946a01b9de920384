"""A run's folder with a record, made without a training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from pipelines.bundles import bundle_root
from pipelines.datasets.dataset import digest, read
from pipelines.training.run_record import write_record


def recorded_run(folder: Path, dataset: Path, **config: Any) -> Path:
    """Makes the folder of a run that read a dataset, and what else its configuration names."""
    folder.mkdir()
    source = read(dataset)
    config = {"dataset_dir": str(dataset), **config}
    content = {**config, "dataset_digest": digest(source)}
    (folder / "config.json").write_text(json.dumps(content), encoding="utf-8")
    write_record(folder, config, source, bundle_root("breast_us_segmentation"))
    return folder


def recorded_weights(folder: Path, dataset: Path, **config: Any) -> Path:
    """Makes the folder of such a run, and gives its file of weights."""
    model = recorded_run(folder, dataset, **config) / "model.pt"
    model.write_bytes(b"weights")
    return model


def give_results(folder: Path, weight: float = 1.0) -> Path:
    """Puts the results of a training of two epochs into a run's folder."""
    torch.save({"a": torch.full((2, 3), weight), "b": torch.arange(3)}, folder / "model.pt")
    history = f"epoch,train_loss,seconds\n1,{weight},2.5\n2,0.25,2.5\n"
    (folder / "history.csv").write_text(history, encoding="utf-8")
    (folder / "cases.csv").write_text(f"id,dice\nx,{weight}\ny,\n", encoding="utf-8")
    scores = {"scores": {"dice": {"value": weight, "n": 2}}, "command": str(folder)}
    (folder / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    return folder


def edit_record(folder: Path, **changes: Any) -> None:
    """Changes top-level values of a run's record."""
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    (folder / "record.json").write_text(json.dumps({**record, **changes}), encoding="utf-8")
