"""What the conversion left out, as far as dataset.json tells."""

from __future__ import annotations

from collections import Counter

from pipelines.datasets.audit.finding import Finding, number
from pipelines.datasets.dataset import Dataset

_COPY = "near-duplicate of"
_GROUP = "of one group with"


def left_out(dataset: Dataset) -> list[dict[str, str]]:
    """Lists what the conversion left out.

    Args:
        dataset: the dataset.

    Returns:
        Entries with ``source`` and ``reason``; none where the data do not say.
    """
    listed = dataset.source.get("left_out")
    entries = listed if isinstance(listed, list) else []
    return [
        {"source": str(entry["source"]), "reason": str(entry["reason"])}
        for entry in entries
        if isinstance(entry, dict) and {"source", "reason"} <= set(entry)
    ]


def left_out_kind(reason: str) -> str:
    """Says in a few words why something was left out."""
    if reason.startswith(_COPY):
        return "near-duplicate of an image of another class"
    if reason.startswith(_GROUP):
        return "of one group with an image of the test part"
    return "could not be converted"


def left_out_finding(dataset: Dataset) -> list[Finding]:
    """Reports what the conversion left out.

    Args:
        dataset: the dataset.

    Returns:
        One finding, or none.
    """
    entries = left_out(dataset)
    if not entries:
        return []
    kinds = Counter(left_out_kind(entry["reason"]) for entry in entries)
    listed = "; ".join(f"{kind}: {count:,}" for kind, count in kinds.most_common())
    return [
        Finding(
            "left-out",
            "note",
            f"{number(len(entries), 'image was', 'images were')} left out by the conversion",
            f"{listed}. They are neither trained on nor scored.",
            "Look through the list below; what is mended can be converted again.",
            details={"left_out": entries},
        )
    ]
