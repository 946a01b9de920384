"""The scores of a report: the leading ones, all of them, by class, FROC, calibration, seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.report.score_names import HEADLINES, LESS_IS_BETTER, score_name
from pipelines.report.sources import CROSSVAL, Sources

Entry = Mapping[str, Any]


def score_part(sources: Sources) -> dict[str, Any]:
    """Gathers the scores as they were computed; nothing is rounded.

    Returns:
        ``headline`` and ``all`` (rows, see ``row``), ``by_class`` and ``by_marks`` (part to rows),
        ``labels``, ``confusion`` (counts, rows the truth; None where there is none) and what it
        ``counted``, ``froc`` (rows and what it is of; None), ``calibration`` (of each run that was
        calibrated), ``folds`` (the leading scores of each run of a cross-validation), ``seeds``
        (mean, sd and range of each score over several seeds), ``together`` (rows of the mean of
        the seeds' answers), ``others`` (other images), ``policy``, ``resamples``, ``seed`` and
        ``level`` of the intervals.
    """
    scores = sources.scores
    entries = scores["scores"]
    level = next((entry.get("level") for entry in entries.values()), 0.95)
    return {
        "headline": [
            row(name, entries[name]) for name in HEADLINES[sources.task] if name in entries
        ],
        "all": rows(entries),
        "by_class": _parts(scores.get("by_class", {})),
        "by_marks": _parts(
            {name: part.get("scores", part) for name, part in scores.get("by_marks", {}).items()}
        ),
        "labels": list(scores.get("labels", [])),
        "confusion": scores.get("confusion"),
        "counted": "images" if sources.cases.task == "classification" else "pixels",
        "froc": _froc(scores.get("froc")),
        "calibration": _calibration(sources),
        "folds": _folds(sources),
        "seeds": _seeds(sources),
        "together": rows((sources.pooled.get("seeds_together") or {}).get("scores", {})),
        "others": {name: _other(content) for name, content in sources.others.items()},
        "policy": str(scores.get("policy", "")),
        "resamples": scores.get("resamples"),
        "seed": scores.get("seed"),
        "level": level,
    }


def row(score: str, entry: Entry) -> dict[str, Any]:
    """Gives a score as a row: ``score``, ``name``, ``less_is_better`` and the entry's own keys."""
    return {
        "score": score,
        "name": score_name(score),
        "less_is_better": score in LESS_IS_BETTER,
        **entry,
    }


def rows(entries: Mapping[str, Entry]) -> list[dict[str, Any]]:
    """Gives several scores as rows."""
    return [row(name, entry) for name, entry in entries.items()]


def _parts(parts: Mapping[str, Mapping[str, Entry]]) -> dict[str, list[dict[str, Any]]]:
    return {str(name): rows(entries) for name, entries in parts.items()}


def _froc(froc: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if froc is None:
        return None
    kept = ("images", "normal_images", "lesions", "regions", "policy")
    return {"scores": rows(froc["scores"]), **{name: froc.get(name) for name in kept}}


def _calibration(sources: Sources) -> list[dict[str, Any]]:
    found = []
    for member in sources.members:
        record = member.files.get("calibration")
        if record is not None:
            scored = record.get("scored", {})
            found.append(
                {
                    "run": member.name,
                    "temperature": record["temperature"],
                    "images": record.get("images"),
                    "remarks": list(record.get("remarks", [])),
                    "validation": record.get("validation", {}),
                    "before": rows(scored.get("before", {})),
                    "after": rows(scored.get("after", {})),
                }
            )
    return found


def _folds(sources: Sources) -> list[dict[str, Any]]:
    if sources.kind != CROSSVAL:
        return []
    names = HEADLINES[sources.task]
    return [
        {
            "fold": member.fold,
            "scores": [
                row(name, member.scores["scores"][name])
                for name in names
                if name in member.scores["scores"]
            ],
        }
        for member in sources.members
    ]


def _seeds(sources: Sources) -> list[dict[str, Any]]:
    by_seed = sources.pooled.get("by_seed", {})
    if len(by_seed) < 2:
        return []
    spread = sources.pooled.get("spread", {}).get("scores", {})
    return [{"score": name, "name": score_name(name), **each} for name, each in spread.items()]


def _other(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "scores": rows(content["scores"]),
        "drop": [
            {"score": name, "name": score_name(name), **entry}
            for name, entry in content.get("drop", {}).get("scores", {}).items()
        ],
    }
