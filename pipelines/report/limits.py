"""What a report's scores do not show, and what the model is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.datasets.audit.balance import FEW
from pipelines.datasets.made_images import LICENCE
from pipelines.evaluation.cases import FLAGS
from pipelines.evaluation.subgroups import LESION_AREA
from pipelines.report.honesty import LEAKY, PATIENTS_UNKNOWN, SEEN, honesty
from pipelines.report.sources import CLASSES, CROSSVAL, Sources

NOT_FOR = (
    "Research only. Not a medical device: not for diagnosis, triage, screening or treatment, and "
    "not for images of another kind than those described here."
)
"""What every report says at its head."""

_NOT_OF_PATIENTS = {"class", FLAGS, LESION_AREA}
"""Subgroups that say nothing of who the patients are, or where."""


def intended_use(sources: Sources, text: str | None) -> dict[str, str]:
    """Says what the model is for, and what not.

    Args:
        sources: what the report is of.
        text: the user's own words; those of the bundle where not given.
    """
    told = text or str(sources.first.files.get("metadata", {}).get("intended_use", ""))
    return {"text": told or "Not stated.", "by": "author" if text else "bundle", "not_for": NOT_FOR}


def limits(sources: Sources, content: Mapping[str, Any]) -> list[dict[str, str]]:
    """Lists what the reader must keep in mind, the gravest first.

    Args:
        sources: what the report is of.
        content: the other parts of the report.

    Returns:
        Entries with ``title`` and ``text``.
    """
    return [{"title": title, "text": text} for title, text in _limits(sources, content)]


def _limits(sources: Sources, content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if sources.dataset is not None and sources.dataset.licence == LICENCE:
        yield (
            "Made images",
            "All images were made by med2d phantom. The scores say nothing of patients.",
        )
    verdict = honesty(sources)
    if verdict["level"] in (LEAKY, SEEN):
        yield verdict["title"], verdict["text"]
    elif PATIENTS_UNKNOWN in verdict["text"]:
        yield (
            "Patients are not known",
            "The data do not say which images are of one patient. Images of one patient may stand "
            "on both sides of the split; scores for new patients may be lower.",
        )
    if not any(name.startswith("sites/") for name in content["scores"]["others"]):
        yield (
            "One source of data",
            "Nothing was scored on images of another site. On other scanners, operators and "
            "patients expect lower scores.",
        )
    yield from _few(content)
    if sources.kind != CROSSVAL:
        yield (
            "One fold of the data",
            "The scores are of one fold and one training. Other folds give other scores; "
            "med2d crossval scores them all.",
        )
    elif sources.crossval.get("whole") is False:
        yield (
            "Not all folds of the data",
            "Some folds were not scored. The whole cross-validation may give other scores.",
        )
    yield from _task_limits(sources, content)
    yield (
        "Labels are taken as true",
        "The reference is the annotation that came with the data. Who drew it, and how far two "
        "readers agree, is not known here.",
    )
    yield (
        "No comparison with readers",
        "The scores are against the annotation alone. Whether the model helps a reader, or harms, "
        "was not studied.",
    )


def _few(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    counts = content["data"]["scored_classes"]
    few = [name for name, row in counts.items() if row["groups"] < FEW]
    if few:
        listed = ", ".join(f"{name} ({counts[name]['groups']} groups)" for name in few)
        yield (
            "Few images of a class",
            f"Scores rest on few independent images of: {listed}. Their intervals are wide, and "
            "rare kinds of image are not represented.",
        )
    if {group["column"] for group in content["subgroups"]} <= _NOT_OF_PATIENTS:
        yield (
            "No subgroups of patients",
            "The data name no age, sex, device or site, so fairness between groups of patients "
            "cannot be judged.",
        )


def _task_limits(sources: Sources, content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if sources.task == CLASSES and not content["scores"]["calibration"]:
        yield (
            "Probabilities are not calibrated",
            "No temperature was fitted, so a probability of 0.9 need not be right in nine cases "
            "of ten.",
        )
    if sources.task == CLASSES:
        yield (
            "The shares of the classes are those of the data",
            "Precision and accuracy depend on how frequent each class is. In a clinic the shares "
            "differ.",
        )
