"""The training of a report: how long, by which settings, and which epoch was kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipelines.report.model_part import described
from pipelines.report.sources import Member, Sources

_SETTINGS = {
    "epochs": "most epochs",
    "patience": "epochs of patience",
    "batch_size": "batch size",
    "learning_rate": "learning rate",
    "head_rate": "learning rate of the head",
    "weight_decay": "weight decay",
    "label_smoothing": "label smoothing",
    "class_weights": "class weights",
    "balanced_sampling": "balanced sampling",
    "mixing": "mixing",
    "weight_average": "decay of the average of the weights",
    "precision": "precision",
}
_COMPONENTS = {"loss": "loss", "optimizer": "optimiser", "scheduler": "schedule"}


def training_part(sources: Sources) -> dict[str, Any]:
    """Describes the training.

    Returns:
        ``settings`` (name to value), ``runs`` (each with ``name``, ``fold``, ``seed``, ``epoch``,
        ``epochs_run``, ``minutes``), ``metric`` (the score of the validation fold that named the
        epoch), ``machine`` (what computed), ``history`` (whether there are curves).
    """
    config = sources.first.config
    settings = {
        text: described(config[name])
        for name, text in _SETTINGS.items()
        if config.get(name) not in (None, "", False)
    }
    components = {
        text: described(config[name]) for name, text in _COMPONENTS.items() if config.get(name)
    }
    scorer = config.get("scorer")
    metric = scorer.get("metric", "val_f1") if isinstance(scorer, Mapping) else "val_f1"
    return {
        "settings": {**settings, **components},
        "runs": [_run(member) for member in sources.members],
        "metric": str(metric),
        "machine": _machine(sources.first),
        "history": any(member.history is not None for member in sources.members),
    }


def _run(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "fold": member.fold,
        "seed": member.seed,
        "epoch": member.scores.get("epoch"),
        "epochs_run": member.scores.get("epochs_run"),
        "minutes": _minutes(member.history),
    }


def _minutes(history: pd.DataFrame | None) -> float | None:
    if history is None or "seconds" not in history:
        return None
    return round(float(history["seconds"].sum()) / 60, 1)


def _machine(member: Member) -> str:
    record = member.files.get("record", {}).get("machine", {})
    fit = member.files.get("machine", {})
    if record:
        device = record.get("gpu") or f"{record.get('cpu')}, {record.get('threads')} thread(s)"
        return f"{device}, {record.get('system')}"
    return str(fit.get("device", ""))
