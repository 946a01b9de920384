"""The classes that masks hold: which ones, how often, and which are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.finding import Finding

_FEW_GROUPS = 3  # one that is scored, one that validates, one that trains


def mask_table(cases: Sequence[Case], labels: Mapping[int, str]) -> dict[str, dict[str, int]]:
    """Counts the masks and pixels that hold each class.

    Args:
        cases: the images.
        labels: class index to name.

    Returns:
        Name to ``masks``, ``groups`` and ``pixels``; nothing where there are no masks.
    """
    masks = [(case, case.measured.mask) for case in cases]
    whole = [(case, mask) for case, mask in masks if mask and not (mask.problem or mask.soft)]
    table = {}
    for index, name in labels.items() if whole else ():
        holding = [(c.group, m.counts[index]) for c, m in whole if index < len(m.counts)]
        groups = [group for group, count in holding if count]
        table[name] = {
            "masks": len(groups),
            "groups": len(set(groups)),
            "pixels": sum(count for _, count in holding),
        }
    return table


def class_faults(cases: Sequence[Case], labels: Mapping[int, str]) -> list[Finding]:
    """Finds classes that no mask holds, or too few.

    Args:
        cases: the images.
        labels: class index to name.

    Returns:
        The findings.
    """
    table = mask_table(cases, labels)
    found = [_unused(table), _rare(table)] if table else []
    return [finding for finding in found if finding is not None]


def _unused(table: Mapping[str, Mapping[str, int]]) -> Finding | None:
    unused = [name for name, row in table.items() if not row["masks"]]
    if not unused:
        return None
    return Finding(
        "unused-mask-class",
        "warning",
        f"No mask holds the {'class' if len(unused) == 1 else 'classes'} {', '.join(unused)}",
        "A network would get an output for it that is never trained, and a mean over classes "
        "would count it.",
        "Leave the class out of the labels, or look where its masks went.",
        details={"classes": unused},
    )


def _rare(table: Mapping[str, Mapping[str, int]]) -> Finding | None:
    """Finds mask classes in too few groups to be trained, validated and scored."""
    rare = {n: row["groups"] for n, row in table.items() if 0 < row["groups"] < _FEW_GROUPS}
    if not rare:
        return None
    listed = ", ".join(f"{name} ({count})" for name, count in rare.items())
    return Finding(
        "rare-mask-class",
        "warning",
        f"Mask classes in fewer than {_FEW_GROUPS} groups: {listed}",
        "Such a class cannot be trained, validated and scored on different groups.",
        "Add images of it, or join it with another class.",
        details={"groups": rare},
    )
