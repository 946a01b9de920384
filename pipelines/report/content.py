"""All that a report says, as report.json holds it and as the page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipelines.datasets.audit.finding import number as counted
from pipelines.report.case_pictures import PicturedCase, content_of
from pipelines.report.checklist import answered, facts
from pipelines.report.claim import CLAIM
from pipelines.report.data_part import data_part
from pipelines.report.honesty import honesty
from pipelines.report.leaky_gap import leaky_gap
from pipelines.report.limits import intended_use, limits
from pipelines.report.model_part import model_part
from pipelines.report.repeat_part import repeat_part
from pipelines.report.score_part import score_part
from pipelines.report.sources import CROSSVAL, Sources
from pipelines.report.subgroups_part import subgroups_part
from pipelines.report.training_part import training_part
from pipelines.report.tripod import TRIPOD

FORMAT = 1
"""Of report.json; it grows when a key changes its meaning."""


class Words(NamedTuple):
    """What the user says.

    Attributes:
        title: of the report; the model's where None.
        intended_use: what the model is for; the bundle's words where None.
        by: columns to make subgroups by.
    """

    title: str | None = None
    intended_use: str | None = None
    by: Sequence[str] = ()


class Pictures(NamedTuple):
    """The cases that the page shows.

    Attributes:
        groups: title to cases.
        absence: why there are none; empty where there are some.
        heat_absence: why there are no heat maps; empty where there are some, or none are due.
    """

    groups: Mapping[str, Sequence[PicturedCase]]
    absence: str
    heat_absence: str


def content(
    sources: Sources, words: Words, pictures: Pictures, leaky: Sources | None = None
) -> dict[str, Any]:
    """Gathers all parts.

    Args:
        sources: what the report is of.
        words: what the user says.
        pictures: the cases that are shown.
        leaky: the same recipe on a leaky split, for the gap.

    Returns:
        What report.json holds: the same sources give the same content.

    Raises:
        InputError: a column for subgroups is not there, or ``leaky`` does not fit.
    """
    model, data = model_part(sources), data_part(sources)
    parts: dict[str, Any] = {
        "format": FORMAT,
        "kind": sources.kind,
        "task": sources.task,
        "title": words.title or model["title"],
        "subtitle": _subtitle(sources, model, data),
        "honesty": honesty(sources),
        "intended_use": intended_use(sources, words.intended_use),
        "data": data,
        "model": model,
        "training": training_part(sources),
        "scores": score_part(sources),
        "subgroups": subgroups_part(sources, words.by),
        "leaky_gap": leaky_gap(sources, leaky) if leaky else None,
        "pictures": _pictures(pictures),
        "repeat": repeat_part(sources),
    }
    parts["limits"] = limits(sources, parts)
    known = facts(parts)
    parts["checklists"] = [answered(guideline, known) for guideline in (CLAIM, TRIPOD)]
    return parts


def _subtitle(sources: Sources, model: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    scored = data["scored"]
    shown = f"{counted(scored['images'], 'image')} in {counted(scored['groups'], 'group')}"
    name = data.get("name") or "the dataset of the run"
    if sources.kind == CROSSVAL:
        what = f"cross-validation of {len(sources.members)} folds of {name}"
    else:
        what = f"fold {sources.first.fold} of {name}"
    return f"{model['bundle']}, recipe {model['recipe']}. Scored on {shown}: {what}."


def _pictures(pictures: Pictures) -> dict[str, Any]:
    return {
        "groups": [
            {"title": title, "cases": [content_of(case) for case in cases]}
            for title, cases in pictures.groups.items()
        ],
        "absence": pictures.absence,
        "heat_maps": any(
            len(case.views) == 2 for cases in pictures.groups.values() for case in cases
        ),
        "heat_absence": pictures.heat_absence,
    }
