"""Whether the split that the scores are of was honest, in words."""

from __future__ import annotations

from typing import Any, NamedTuple

from pipelines.datasets.audit.finding import number as counted
from pipelines.report.sources import CROSSVAL, Member, Sources

LEAKY, SEEN, RESERVED, HONEST = "leaky", "seen", "reserved", "honest"
"""A split that leaks on purpose; weights that had seen scored images before the training began; a
split whose groups are not known to be patients; one of patients."""

_PATIENTS = "patient ids"
_LEAKAGE = "leakage"
PATIENTS_UNKNOWN = " Leakage between the images of one patient cannot be excluded."
"""What the text says where groups are not known to be patients."""
_FAILS = " The audit of the data found errors, which may make the scores untrue: see Data."


def honesty(sources: Sources) -> dict[str, Any]:
    """Says how far the scores can be believed for other images of the same source.

    Returns:
        ``level`` (one of the four), ``title``, ``text``, ``protocol`` (what was scored, and what
        chose the model) and ``grouping`` (what a group is, as the dataset says).

    Raises:
        InputError: the record of a run, or of one whose weights it began from, cannot be read.
    """
    grouping = str(sources.scores.get("grouping", "")) or "not known"
    groups = grouping.partition(";")[0]
    begun = _begun(sources)
    level = _level(grouping, sources.leaky, begun.seen)
    if level == HONEST and _audit_fails(sources):
        level = RESERVED
    title, text = {
        LEAKY: (
            "Leaky split: these scores are too good",
            "Images of one group stand on both sides of the split, on purpose. The scores show "
            "what leakage does; they say nothing of new patients.",
        ),
        SEEN: (
            "Scored images were seen: these scores are too good",
            _seen_text(begun),
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
        "protocol": _protocol(sources, begun),
        "grouping": grouping,
    }


class _Begun(NamedTuple):
    """What the weights had seen that the runs began from.

    Attributes:
        seen: how many of the scored images.
        by: folders of the runs that were trained on or chosen by them.
        unknown: of which weights that is not known, each in words.
    """

    seen: int = 0
    by: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def _begun(sources: Sources) -> _Begun:
    begun = [member.folder for member in sources.members if _began_from_something(member)]
    if not begun:
        return _Begun()
    from pipelines.training.weight_origin import scored_unseen

    found = [scored_unseen(folder) for folder in begun]
    return _Begun(
        sum(each.seen for each in found),
        tuple(dict.fromkeys(str(run) for each in found for run in each.by)),
        tuple(dict.fromkeys(text for each in found for text in each.unknown)),
    )


def _began_from_something(member: Member) -> bool:
    named = member.config.get("weights") not in (None, "", "null", "None")
    return named or bool(member.files.get("record", {}).get("files"))


def _seen_text(begun: _Begun) -> str:
    return (
        f"The weights that the training began from had seen {counted(begun.seen, 'scored image')}: "
        f"they come from {', '.join(begun.by)}, trained on or chosen by them. The scores say "
        "nothing of new images."
    )


def _level(grouping: str, leaky: bool, seen: int) -> str:
    if leaky or seen:
        return LEAKY if leaky else SEEN
    return HONEST if _is_of_patients(grouping) else RESERVED


def _is_of_patients(grouping: str) -> bool:
    return grouping.startswith(_PATIENTS) and _LEAKAGE not in grouping


def _audit_fails(sources: Sources) -> bool:
    return sources.audit is not None and sources.audit.get("passes") is False


def _protocol(sources: Sources, begun: _Begun) -> str:
    choice = (
        "the next fold chose the epoch, the stop and whatever else is tuned; the other folds "
        "trained."
    )
    if sources.kind == CROSSVAL:
        text = f"Each of {len(sources.members)} models scored one fold, once, at the end; {choice}"
        unseen = "No scored image was seen by the model that scored it."
    else:
        text = f"Fold {sources.first.fold} was scored once, at the end; {choice}"
        unseen = "Nothing was chosen on the scored images."
    if begun.seen:
        return f"{text} {_seen_text(begun)}"
    if not begun.unknown:
        return f"{text} {unseen}"
    weights = "; ".join(begun.unknown)
    return (
        f"{text} Neither used the scored images. Training began from weights of which it is not "
        f"known what images they have seen: {weights}."
    )
