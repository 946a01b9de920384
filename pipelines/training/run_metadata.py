"""What a run's metadata.json says of it: its recipe, its classes, the size of its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any


def run_metadata(shipped: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the metadata of a run.

    Args:
        shipped: the bundle's metadata.
        config: the run's merged training configuration: ``name``, ``labels`` and ``image_size``,
            of which any may be missing.

    Returns:
        The bundle's metadata; ``description`` names the recipe, ``task`` and the classes are those
        of ``labels``, and the shapes those of ``image_size`` (pixels), where these are told.
    """
    metadata = deepcopy(dict(shipped))
    data = metadata["network_data_format"]
    shown = [each.removesuffix(" (logit)") for each in _channels(data["outputs"]["pred"])]
    size, labels = config.get("image_size"), config.get("labels")
    if isinstance(size, int):
        for entry in (data["inputs"]["image"], data["outputs"]["pred"]):
            entry["spatial_shape"] = [size] * len(entry["spatial_shape"])
    if isinstance(labels, list) and labels != shown:
        shown = [str(label) for label in labels]
        metadata["task"] = f"{metadata['name']}: {_listed(shown)}"
        _name_classes(metadata, shown)
    if "name" in config:
        classes = f" Classes: {_listed(shown)}." if len(shown) > 1 else ""
        told = f"{metadata['name']}, trained by the recipe {config['name']}.{classes}"
        metadata["description"] = f"{told} Research use only."
    return metadata


def _channels(pred: Mapping[str, Any]) -> list[str]:
    return [pred["channel_def"][key] for key in sorted(pred["channel_def"], key=int)]


def _name_classes(metadata: dict[str, Any], labels: Sequence[str]) -> None:
    """Writes the classes where the metadata tell them."""
    pred = metadata["network_data_format"]["outputs"]["pred"]
    pred["num_channels"] = len(labels)
    codes = metadata.get("dicom", {}).get("classes")
    if isinstance(codes, dict):  # those of other classes would be of no use
        metadata["dicom"]["classes"] = {name: codes[name] for name in labels if name in codes}
    pred["channel_def"] = {str(index): f"{name} (logit)" for index, name in enumerate(labels)}
    if pred["format"] == "segmentation":
        of_pixels = ", ".join(f"{index} is {name}" for index, name in enumerate(labels))
        metadata["label_classes"] = metadata["pred_classes"] = f"single channel, {of_pixels}"
    else:
        numbered = ", ".join(f"{index} {name}" for index, name in enumerate(labels))
        metadata["label_classes"] = f"class index: {numbered}"
        metadata["pred_classes"] = f"a logit for each class: {numbered}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
