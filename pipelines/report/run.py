"""Make a report: read, gather, draw, write the page and its twin."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.atomic import write_text
from pipelines.errors import InputError
from pipelines.report.agreement import check_agreement
from pipelines.report.classified_cases import classified_cases
from pipelines.report.content import Pictures, Words, content
from pipelines.report.page import page
from pipelines.report.segmented_cases import segmented_cases
from pipelines.report.sources import CLASSES, Sources

SHOWN = 4
"""Cases of each kind."""


class Written(NamedTuple):
    """What was written.

    Attributes:
        html: the page.
        json: its twin.
        content: what both say.
    """

    html: Path
    json: Path
    content: dict[str, Any]


def check_place(path: Path, overwrite: bool) -> None:
    """Refuses a place for the page before anything that takes time.

    Args:
        path: of the page.
        overwrite: whether a page and a twin that are there may be replaced.

    Raises:
        InputError: the name does not end in .html, the folder is missing, or a file is there.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"-o {path}: expected a name that ends in .html, such as report.html")
    if not path.parent.is_dir():
        raise InputError(f"-o {path}: the folder {path.parent} does not exist; make it first")
    if path.is_dir():
        raise InputError(f"-o {path} is a folder; expected the name of a file")
    there = [each for each in (path, twin(path)) if each.exists()]
    if there and not overwrite:
        raise InputError(f"{there[0]} exists; replace it by --overwrite, or choose another -o")


def twin(path: Path) -> Path:
    """Gives the place of the twin that programs read, beside the page."""
    return path.with_suffix(".json")


def write_report(
    sources: Sources,
    path: Path,
    words: Words | None = None,
    leaky: Sources | None = None,
    heat: bool = True,
) -> Written:
    """Writes a report and its twin, each whole or not at all.

    Args:
        sources: what it is of.
        path: of the page.
        words: what the user says.
        leaky: the same recipe on a leaky split, for the gap.
        heat: whether heat maps are drawn.

    Raises:
        InputError: something that the user gave does not fit, a table does not give the scores
            beside it, or the place cannot be written.
    """
    for each in (sources, *([leaky] if leaky else [])):
        check_agreement(each)
    pictures = _drawn(sources, heat)
    found = _finite(content(sources, words or Words(), pictures, leaky))
    html = page(sources, found, pictures.groups)
    text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False, default=str)
    try:
        write_text(twin(path), text + "\n")
        write_text(path, html)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None
    return Written(path, twin(path), found)


def _drawn(sources: Sources, heat: bool) -> Pictures:
    if sources.dataset is None:
        return Pictures({}, sources.absence, "")
    if sources.task == CLASSES:
        groups, why = classified_cases(sources, SHOWN, heat)
        return Pictures(groups, "", why)
    groups = segmented_cases(sources, SHOWN)
    why = "" if groups else "The folder of the run holds no predicted masks (predictions/)."
    return Pictures(groups, why, "")


def _finite(value: Any) -> Any:
    """Gives the same content with nothing in the place of what is no number."""
    if isinstance(value, dict):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
