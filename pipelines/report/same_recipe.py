"""Whether two runs, or two cross-validations, differ by nothing but how the images are divided."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.report.model_part import bundle_name
from pipelines.report.sources import Sources

ITEMS = "dataset_items.json"
"""The images that a run began from, in its folder."""

_NO_RECIPE = {
    *("dataset_dir", "dataset_digest", "leaky", "fold", "masks_dir"),  # which images, and where
    *("output_dir", "resume", "overwrite", "register", "bundle_root", "save_execute_config"),
    *("device", "num_workers", "precision", "memory_layout", "cache_gigabytes", "is_not_rank0"),
    *("imports", "initialize", "finalize"),  # how the same training is started
    "operating_point",  # chosen when the training has ended
}
"""Settings that say where and by what machine it was trained, not what."""

_SHOWN = 40  # characters of a value that a line shows


def recipe_differences(one: Sources, other: Sources) -> list[str]:
    """Names the settings that differ.

    What is computed of the images that train, such as their mean, may differ.

    Args:
        one: a run or a cross-validation.
        other: another.

    Returns:
        Lines such as ``epochs 24 and 12``; none where both are of one recipe.
    """
    whole = {
        "kind": (one.kind, other.kind),
        "bundle": (bundle_name(one), bundle_name(other)),
        "folds": (len(one.members), len(other.members)),
        "weights": (_weights(one), _weights(other)),
    }
    found = [f"{name} {a} and {b}" for name, (a, b) in whole.items() if a != b]
    configs = one.first.config, other.first.config
    for name in sorted({*configs[0], *configs[1]} - _NO_RECIPE - {"weights"}):
        values = [config.get(name) for config in configs]
        computed = name == "normalisation" and any(isinstance(value, list) for value in values)
        if not computed and _plain(values[0]) != _plain(values[1]):
            found.append(_line(name, values[0], values[1]))
    return found


def same_images(one: Sources, other: Sources) -> bool | None:
    """Tells whether both were trained, chosen and scored on the same images, by their content.

    Args:
        one: a run or a cross-validation.
        other: another.

    Returns:
        None where the images of one are neither recorded nor at hand.
    """
    first, second = _images(one), _images(other)
    return None if first is None or second is None else first == second


def _images(sources: Sources) -> list[str] | None:
    path = sources.first.folder / ITEMS
    if path.is_file():
        items = _recorded(path)
    else:
        items = None if sources.dataset is None else sources.dataset.items
    return None if items is None else sorted(item["sha256"] for item in items)


def _recorded(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))["dataset_dir"]["training"]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _weights(sources: Sources) -> str:
    """Names the weights that the training began from, by their content where it was recorded."""
    named = sources.first.config.get("weights")
    if _plain(named) is None:
        return "none"
    recorded = sources.first.files.get("record", {}).get("files", {}).get("weights", {})
    sha256 = str(recorded.get("sha256", ""))[:12]
    return sha256 or str(named).rpartition("/")[2]


def _plain(value: Any) -> Any:
    """Gives a setting as it counts: the command line makes words of numbers, of yes and of none."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    text = str(value).strip().lower()
    return None if text in ("none", "null", "") else text


def _line(name: str, one: Any, other: Any) -> str:
    shown = [str(value) for value in (one, other)]
    if any(isinstance(v, Mapping | list) or len(str(v)) > _SHOWN for v in (one, other)):
        return f"another {name}"
    return f"{name} {shown[0]} and {shown[1]}"
