"""How many images and groups each class has, in all and in each fold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.datasets.audit.case import TESTING, Case
from pipelines.datasets.audit.finding import Finding, number
from pipelines.datasets.dataset import LEAST_FOLDS

FEW = 25
"""Groups: the 95 % interval of a recall of one half, measured on so few, is 20 points to each side
(normal approximation, 1.96 / (2 sqrt n))."""

_UNEVEN, _VERY_UNEVEN = 3, 10  # times as many images in the largest class as in the smallest


def class_table(cases: Sequence[Case]) -> dict[str, dict[str, int]]:
    """Counts the images of every class in every fold and in the test part.

    Args:
        cases: the images.

    Returns:
        Class to ``fold 0``, … (``testing`` where there is such a part), ``images`` and ``groups``.
    """
    folds = sorted({case.item["fold"] for case in cases if "fold" in case.item})
    places = [f"fold {fold}" for fold in folds]
    places += [TESTING] if any(case.place == TESTING for case in cases) else []
    counts = Counter((case.category, case.place) for case in cases)
    groups: dict[str, set[str]] = defaultdict(set)
    for case in cases:
        groups[case.category].add(case.group)
    return {
        name: {place: counts[name, place] for place in places}
        | {"images": sum(counts[name, place] for place in places), "groups": len(groups[name])}
        for name in sorted(groups)
    }


def balance(
    cases: Sequence[Case], task: str, labels: Mapping[int, str], grouping: str
) -> list[Finding]:
    """Finds classes that are too small, uneven, or missing somewhere.

    Args:
        cases: the images.
        task: ``segmentation`` or ``classification``.
        labels: class index to name.
        grouping: what dataset.json says of the groups.

    Returns:
        The findings.
    """
    table = class_table(cases)
    found = [
        _fold_numbers(cases),
        _few(table),
        _missing(table, len(cases)),
        _unused(cases, labels) if task == "classification" else None,
        _uneven(table),
        _no_patients(grouping),
    ]
    return [finding for finding in found if finding is not None]


def _few(table: Mapping[str, Mapping[str, int]]) -> Finding | None:
    few = {name: dict(row) for name, row in table.items() if row["groups"] < FEW}
    if not few:
        return None
    listed = ", ".join(
        f"{name} ({number(row['images'], 'image')} in {number(row['groups'], 'group')})"
        for name, row in few.items()
    )
    return Finding(
        "few-groups",
        "warning",
        f"{number(len(few), 'class has', 'classes have')} fewer than {FEW} groups",
        f"{listed}. A share (such as a recall) that is measured on so few groups is uncertain by "
        "20 points to each side, or more.",
        "Add images, join the class with another, or report its scores with their intervals only.",
        details={"classes": few},
    )


def _fold_numbers(cases: Sequence[Case]) -> Finding | None:
    folds = sorted({case.item["fold"] for case in cases if "fold" in case.item})
    if folds == list(range(len(folds))) and len(folds) >= LEAST_FOLDS:
        return None
    listed = ", ".join(map(str, folds[:10])) + (", …" if len(folds) > 10 else "")
    return Finding(
        "fold-numbers",
        "error",
        f"the folds are {listed or 'none'}; a training needs 0, 1, 2, … without a gap",
        f"At least {LEAST_FOLDS} are needed: one is scored, one validates, the others train.",
        "Make the folds anew by med2d split.",
        details={"folds": folds},
    )


def _missing(table: Mapping[str, Mapping[str, int]], count: int) -> Finding | None:
    missing = {
        name: [place for place, n in row.items() if place not in ("images", "groups") and not n]
        for name, row in table.items()
    }
    missing = {name: places for name, places in missing.items() if places}
    if not missing:
        return None
    listed = "; ".join(f"{name}: {', '.join(places)}" for name, places in missing.items())
    return Finding(
        "class-missing-in-fold",
        "warning",
        f"{number(len(missing), 'class is', 'classes are')} missing in some folds",
        f"{listed}. A fold without the class says nothing about it, and a validation without it "
        "chooses the epoch without it.",
        "Add images of the class, use fewer folds, or score all folds together.",
        details={"classes": missing},
    )


def _unused(cases: Sequence[Case], labels: Mapping[int, str]) -> Finding | None:
    used = {case.item["label"] for case in cases}
    unused = [name for index, name in labels.items() if index not in used]
    if not unused:
        return None
    return Finding(
        "unused-class",
        "warning",
        f"No image is of the {'class' if len(unused) == 1 else 'classes'} {', '.join(unused)}",
        "A network would get an output for it that is never trained, and a mean over classes "
        "would count it.",
        "Leave the class out of the labels, or look where its images went.",
        details={"classes": unused},
    )


def _uneven(table: Mapping[str, Mapping[str, int]]) -> Finding | None:
    sizes = {name: row["images"] for name, row in table.items()}
    most, least = max(sizes, key=sizes.__getitem__), min(sizes, key=sizes.__getitem__)
    ratio = sizes[most] / sizes[least]
    if ratio < _UNEVEN:
        return None
    details: dict[str, Any] = {"ratio": round(ratio, 2), "images": sizes}
    return Finding(
        "class-imbalance",
        "warning" if ratio >= _VERY_UNEVEN else "note",
        f"{most} has {ratio:.1f} times as many images as {least}",
        "A model that always answers with the largest class reaches an accuracy of "
        f"{100 * sizes[most] / sum(sizes.values()):.0f} %.",
        "Judge by balanced accuracy or by each class's recall, and weigh or resample the classes.",
        details=details,
    )


def _no_patients(grouping: str) -> Finding | None:
    """Reminds of what no split can exclude where patients are unknown."""
    if "no patient" not in grouping:
        return None
    return Finding(
        "no-patients",
        "note",
        "The data do not say which images are of one patient",
        "Groups are clusters of near-duplicates only. Images of one patient that do not look alike "
        "may stand in two folds, and make scores too good.",
        "If you know the patients, convert again with them as groups. If not, say so with every "
        "score.",
    )
