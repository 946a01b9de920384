"""What is burnt into the images: flags of each image, counts by class, and what they give away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.finding import Finding, number, percent
from pipelines.datasets.audit.mask_faults import SPECKS
from pipelines.datasets.dataset import Dataset, Item

_TELLING = 0.3  # Cramér's V from which a flag says much about the class
_SURE = 0.001  # probability of chance
_LEAST = 20  # images with the flag, and without


def flags_of(case: Case) -> tuple[str, ...]:
    """Gives the flags of an image, sorted: those of dataset.json, and what was found.

    Those are the marks, and whether the mask is speckled.
    """
    known = str(case.item.get("flags", "")).split(",")
    mask = case.measured.mask
    found = (*case.measured.marks, *([SPECKS] if mask is not None and mask.speckled else []))
    return tuple(sorted({name.strip() for name in (*known, *found)} - {""}))


def flag_table(cases: Sequence[Case]) -> dict[str, dict[str, int]]:
    """Counts the images of each class that have each flag.

    Args:
        cases: the images.

    Returns:
        Class to ``images``, and each flag of the dataset to its images.
    """
    names = sorted({name for case in cases for name in flags_of(case)})
    counts = Counter((case.category, name) for case in cases for name in flags_of(case))
    sizes = Counter(case.category for case in cases)
    return {
        category: {"images": sizes[category]} | {name: counts[category, name] for name in names}
        for category in sorted(sizes)
    }


def with_flags(dataset: Dataset, flags: Mapping[str, Sequence[str]]) -> Dataset:
    """Writes flags into the entries of a dataset.

    Args:
        dataset: the dataset.
        flags: image path to all of its flags.

    Returns:
        The dataset with ``flags`` in the entries of images that have any.
    """
    items = tuple(_flagged(item, flags) for item in dataset.items)
    testing = tuple(_flagged(item, flags) for item in dataset.testing)
    return replace(dataset, items=items, testing=testing)


def _flagged(item: Item, flags: Mapping[str, Sequence[str]]) -> Item:
    """Gives an entry its flags; a new key stands after the height, where the contract has it."""
    names = ",".join(flags.get(item["image"], ()))
    if not names or "flags" in item:
        return item | ({"flags": names} if names else {})
    made: Item = {}
    for key, value in item.items():
        made[key] = value
        if key == "height":
            made["flags"] = names
    return made | {"flags": names}


def marked(cases: Sequence[Case]) -> list[Finding]:
    """Reports burnt-in marks, and flags that give the class away.

    Args:
        cases: the images.

    Returns:
        The findings.
    """
    found = [_burnt_in(cases), *_telling(cases)]
    return [finding for finding in found if finding is not None]


def _burnt_in(cases: Sequence[Case]) -> Finding | None:
    with_marks = [case for case in cases if case.measured.marks]
    if not with_marks:
        return None
    counts = Counter(mark for case in with_marks for mark in case.measured.marks)
    listed = ", ".join(f"{name} on {count:,}" for name, count in sorted(counts.items()))
    # Few marks are shown of each kind, so that every kind is seen.
    return Finding(
        "burnt-in-marks",
        "note",
        f"{number(len(with_marks), 'image carries', 'images carry')} burnt-in marks: {listed}",
        "A network can learn the marks instead of the tissue: who measures, sees a lesion.",
        "Report scores with and without the flagged images. The flags stand in audit.json; convert "
        "writes them into dataset.json, and so does med2d audit --write-flags.",
        tuple(case.image for case in with_marks),
        {"marks": {case.image: list(case.measured.marks) for case in with_marks}},
    )


def _telling(cases: Sequence[Case]) -> list[Finding]:
    """Finds flags that are far more frequent in some classes than in others."""
    table = flag_table(cases)
    names = [name for name in next(iter(table.values()), {}) if name != "images"]
    return [found for name in names if (found := _one_telling(name, table)) is not None]


def _one_telling(name: str, table: Mapping[str, Mapping[str, int]]) -> Finding | None:
    from scipy.stats import chi2_contingency

    counts = np.array([[row[name], row["images"] - row[name]] for row in table.values()])
    if len(counts) < 2 or (counts.sum(axis=0) < _LEAST).any():
        return None
    statistic, chance, *_ = chi2_contingency(counts, correction=False)
    strength = float(np.sqrt(statistic / counts.sum()))
    if strength < _TELLING or chance > _SURE:
        return None
    shares = {category: row[name] / row["images"] for category, row in table.items()}
    listed = ", ".join(f"{category} {percent(share)}" for category, share in shares.items())
    details: dict[str, Any] = {
        "flag": name,
        "cramers_v": round(strength, 3),
        "share": {category: round(share, 4) for category, share in shares.items()},
    }
    return Finding(
        "flag-tells-class",
        "warning",
        f"The flag {name} gives the class away ({listed})",
        f"Cramér's V is {strength:.2f}, where 0 is no relation and 1 is full. A network that sees "
        "the mark knows more of the class than it should.",
        "Score the images without the flag separately, or remove the marks by inpainting before "
        "training.",
        details=details,
    )
