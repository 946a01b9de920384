"""Whether the split that the scores are of was honest, in words."""

from __future__ import annotations

from typing import Any

from pipelines.report.sources import CROSSVAL, Sources

LEAKY, RESERVED, HONEST = "leaky", "reserved", "honest"
"""A split that leaks on purpose; one whose groups are not known to be patients; one of patients."""

_PATIENTS = "patient ids"
_LEAKAGE = "leakage"
PATIENTS_UNKNOWN = " Leakage between the images of one patient cannot be excluded."
"""What the text says where groups are not known to be patients."""
_FAILS = " The audit of the data found errors, which may make the scores untrue: see Data."


def honesty(sources: Sources) -> dict[str, Any]:
    """Says how far the scores can be believed for other images of the same source.

    Returns:
        ``level`` (one of the three), ``title``, ``text``, ``protocol`` (what was scored, and what
        chose the model) and ``grouping`` (what a group is, as the dataset says).
    """
    grouping = str(sources.scores.get("grouping", "")) or "not known"
    groups = grouping.partition(";")[0]
    level = _level(grouping, sources.leaky)
    if level == HONEST and _audit_fails(sources):
        level = RESERVED
    title, text = {
        LEAKY: (
            "Leaky split: these scores are too good",
            "Images of one group stand on both sides of the split, on purpose. The scores show "
            "what leakage does; they say nothing of new patients.",
        ),
        RESERVED: (
            "Honest split, with one reservation",
            f"No group stands on both sides of the split. Groups are: {groups}."
            + ("" if _is_of_patients(grouping) else PATIENTS_UNKNOWN),
        ),
        HONEST: (
            "Honest split",
            f"No group stands on both sides of the split. Groups are: {groups}.",
        ),
    }[level]
    return {
        "level": level,
        "title": title,
        "text": text + (_FAILS if _audit_fails(sources) else ""),
        "protocol": _protocol(sources),
        "grouping": grouping,
    }


def _level(grouping: str, leaky: bool) -> str:
    if leaky:
        return LEAKY
    return HONEST if _is_of_patients(grouping) else RESERVED


def _is_of_patients(grouping: str) -> bool:
    return grouping.startswith(_PATIENTS) and _LEAKAGE not in grouping


def _audit_fails(sources: Sources) -> bool:
    return sources.audit is not None and sources.audit.get("passes") is False


def _protocol(sources: Sources) -> str:
    choice = (
        "the next fold chose the epoch, the stop and whatever else is tuned; the other folds "
        "trained. Nothing was chosen on the scored images"
    )
    if sources.kind == CROSSVAL:
        folds = len(sources.members)
        return (
            f"Each of {folds} models scored one fold, once, at the end; {choice}. No "
            "scored image was seen by the model that scored it."
        )
    return f"Fold {sources.first.fold} was scored once, at the end; {choice}."
