"""Which items of a reporting guideline a report answers, and which its author must add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

ANSWERED, PARTLY, OPEN = "answered", "partly", "open"


class Item(NamedTuple):
    """An item of a guideline, in our own words.

    Attributes:
        number: as the guideline numbers it.
        topic: what it asks for.
        best: ``ANSWERED`` or ``PARTLY``, what a report can do about it; ``OPEN`` where nothing.
        place: id of the section that tells it.
        add: what the author must add where it is not answered.
        needs: names of facts (see ``facts``) without all of which it stays open.
    """

    number: str
    topic: str
    best: str = OPEN
    place: str = ""
    add: str = ""
    needs: tuple[str, ...] = ()


class Guideline(NamedTuple):
    """A reporting guideline.

    Attributes:
        name: short.
        source: what to cite.
        items: its items.
    """

    name: str
    source: str
    items: Sequence[Item]


def answered(guideline: Guideline, known: frozenset[str]) -> dict[str, Any]:
    """Answers a guideline.

    Args:
        guideline: the guideline.
        known: names of the facts that the report holds.

    Returns:
        ``name``, ``source``, ``counts`` (answer to number of items) and ``items``, each with
        ``number``, ``topic``, ``answer``, ``place`` and ``add``.
    """
    items = [_answered(item, known) for item in guideline.items]
    counts = {
        answer: sum(item["answer"] == answer for item in items)
        for answer in (ANSWERED, PARTLY, OPEN)
    }
    return {"name": guideline.name, "source": guideline.source, "counts": counts, "items": items}


def _answered(item: Item, known: frozenset[str]) -> dict[str, str]:
    answer = item.best if known.issuperset(item.needs) else OPEN
    return {
        "number": item.number,
        "topic": item.topic,
        "answer": answer,
        "place": item.place if answer != OPEN else "",
        "add": "" if answer == ANSWERED else item.add,
    }


def facts(content: Mapping[str, Any]) -> frozenset[str]:
    """Names what a report holds, so that items can ask for it.

    Args:
        content: the parts of the report.

    Returns:
        Some of ``data`` (the dataset was at hand), ``use`` (the author states the intended use),
        ``versions``, ``ensemble``, ``heat_maps``, ``pictures``, ``subgroups``, ``calibration``,
        ``external`` (another site was scored), ``folds`` (every fold is scored).
    """
    data, scores = content["data"], content["scores"]
    groups = content["pictures"]["groups"]
    held = {
        "data": not data["absence"],
        "use": content["intended_use"]["by"] == "author",
        "versions": bool(content["repeat"]["versions"]),
        "ensemble": any(name.endswith("ensemble") for name in scores["others"]),
        "heat_maps": content["pictures"]["heat_maps"],
        "pictures": bool(groups),
        "subgroups": bool(content["subgroups"]),
        "calibration": bool(scores["calibration"]),
        "external": any(name.startswith("sites/") for name in scores["others"]),
        "folds": content["kind"] == "cross-validation",
    }
    return frozenset(name for name, is_held in held.items() if is_held)
