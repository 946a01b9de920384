"""The data of a report: where they are from, what was left out, who trained and who was scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipelines.datasets.audit.left_out import left_out, left_out_kind
from pipelines.datasets.dataset import LEAST_FOLDS, Dataset, Item, parts
from pipelines.evaluation.cases import FLAGS
from pipelines.report.sources import CROSSVAL, Sources

_LISTED = 100  # images left out that the page lists
_MODALITIES = {
    "US": "ultrasound",
    "CR": "radiographs",
    "DX": "radiographs",
    "MG": "mammograms",
    "SM": "slide microscopy",
}


def data_part(sources: Sources) -> dict[str, Any]:
    """Describes the data.

    Returns:
        ``scored`` (images and groups that the scores are of), ``absence`` (why the rest is not
        told, else empty); where the dataset is at hand ``name``, ``modality``, ``licence``,
        ``reference``, ``layout``, ``images``, ``groups``, ``left_out`` (number, ``kinds``,
        ``entries``), ``columns`` and ``classes`` (images of each class in each part),
        ``part_images``, ``part_groups``, ``flags`` (images with each), ``sizes`` (least, median and
        largest); ``audit`` (verdict and findings; None where there is none).
    """
    table = sources.cases.table
    content: dict[str, Any] = {
        "scored": {"images": len(table), "groups": int(table["group"].nunique())},
        "scored_classes": _scored_classes(sources),
        "absence": sources.absence,
        "audit": _audit(sources.audit),
    }
    if sources.dataset is None:
        return content
    return content | _described(sources.dataset, sources)


def _scored_classes(sources: Sources) -> dict[str, dict[str, int]]:
    if "class" not in sources.cases.table:
        return {}
    grouped = sources.cases.table.groupby("class", sort=True)
    return {
        str(name): {"images": len(part), "groups": int(part["group"].nunique())}
        for name, part in grouped
    }


def _described(dataset: Dataset, sources: Sources) -> dict[str, Any]:
    items = (*dataset.items, *dataset.testing)
    divided = _parts(dataset, sources)
    codes = dict.fromkeys(dataset.modality.values())
    return {
        "name": dataset.name,
        "modality": ", ".join(_MODALITIES.get(code, code) for code in codes),
        "licence": dataset.licence,
        "reference": dataset.reference,
        "layout": str(dataset.source.get("layout", "")),
        "images": len(items),
        "groups": len({item["group"] for item in items}),
        "left_out": _left_out(dataset),
        "columns": list(divided),
        "classes": {
            name: {part: _count(members, name) for part, members in divided.items()}
            for name in dataset.classes
        },
        "part_images": {part: len(members) for part, members in divided.items()},
        "part_groups": {
            part: len({item["group"] for item in members}) for part, members in divided.items()
        },
        "flags": _flags(items),
        "sizes": _sizes(items),
    }


def _parts(dataset: Dataset, sources: Sources) -> dict[str, Sequence[Item]]:
    """Divides the images as the run did; of a cross-validation, by fold."""
    fold = sources.first.fold
    if sources.kind == CROSSVAL or not isinstance(fold, int) or len(dataset.folds) < LEAST_FOLDS:
        divided: dict[str, Sequence[Item]] = {
            f"fold {each}": [item for item in dataset.items if item["fold"] == each]
            for each in dataset.folds
        }
    else:
        divided = dict(zip(("training", "validation", "scored"), parts(dataset, fold), strict=True))
    return divided | ({"test part": dataset.testing} if dataset.testing else {})


def _count(items: Sequence[Item], name: str) -> int:
    return sum(item["class"] == name for item in items)


def _left_out(dataset: Dataset) -> dict[str, Any]:
    entries = left_out(dataset)
    kinds = Counter(left_out_kind(entry["reason"]) for entry in entries)
    return {
        "number": len(entries),
        "kinds": dict(kinds.most_common()),
        "entries": entries[:_LISTED],
    }


def _flags(items: Sequence[Item]) -> dict[str, int]:
    words = [word.strip() for item in items for word in str(item.get(FLAGS, "")).split(",")]
    return dict(sorted(Counter(filter(None, words)).items()))


def _sizes(items: Sequence[Item]) -> dict[str, list[int]]:
    """Gives least, median and largest width and height, in pixels."""
    return {
        side: [int(value) for value in np.percentile([item[side] for item in items], [0, 50, 100])]
        for side in ("width", "height")
    }


def _audit(audit: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if audit is None:
        return None
    told = ("severity", "title", "advice")
    findings = [
        {key: str(finding.get(key, "")) for key in told} for finding in audit.get("findings", [])
    ]
    return {
        "verdict": str(audit.get("verdict", "")),
        "findings": [each for each in findings if each["severity"] != "note"],
        "notes": [each["title"] for each in findings if each["severity"] == "note"],
    }
