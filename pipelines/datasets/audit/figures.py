"""The pictures of a finding: which ones are shown, and what stands below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from pipelines.datasets.audit.finding import Finding
from pipelines.datasets.audit.thumbnail import Thumbnail
from pipelines.datasets.dataset import Item

PICTURES, PAIRS = 12, 6
"""Pictures, and pairs of pictures, that are shown of a finding."""

Row = tuple[str, ...]
"""Paths of what stands together: one image, or the two of a pair."""

_FEW = 2  # pictures that fit beside the words
_NOTES: Mapping[str, tuple[str, str]] = {
    "problems": ("{}", "{}"),
    "sizes": ("{}", "{}"),
    "parts": ("1 part", "{} parts"),
    "stray": ("{}", "{}"),
    "specks": ("1 speck", "{} specks"),
    "values": ("1 value", "{} values"),
    "distance": ("distance {}", "distance {}"),
}
"""Details of a finding that say something of each image: how it is written of 1, and else."""
_UNOUTLINED = frozenset({"mask-size", "unreadable-mask"})


def shown(finding: Finding) -> list[Row]:
    """Chooses the images of a finding that are shown.

    Args:
        finding: the finding.

    Returns:
        Pairs of images where it has any, else single ones: the first where they are ranked, else
        spread over all.
    """
    if "pairs" in finding.details:
        pairs: list[Row] = [(pair["first"], pair["second"]) for pair in finding.details["pairs"]]
        return _spread(pairs, PAIRS)
    if "groups" in finding.details and finding.images:
        return _of_groups(finding.details["groups"])
    if "marks" in finding.details:
        return _of_kinds(finding.details["marks"])
    singles: list[Row] = [(image,) for image in finding.images]
    return singles[:PICTURES] if "ranked" in finding.details else _spread(singles, PICTURES)


def _spread(rows: Sequence[Row], most: int) -> list[Row]:
    """Takes rows at even distances."""
    step = max(len(rows) / most, 1)
    return [rows[int(place * step)] for place in range(min(most, len(rows)))]


def _of_groups(groups: Mapping[str, Mapping[str, Sequence[str]]]) -> list[Row]:
    """Takes one image of each of two sides of some groups."""
    pairs: list[Row] = []
    for home in groups.values():
        one, other, *_ = home.values()
        pairs.append((one[0], other[0]))
    return _spread(pairs, PAIRS)


def _of_kinds(marks: Mapping[str, Sequence[str]]) -> list[Row]:
    """Takes some images of each combination of marks, so that each is seen."""
    kinds = sorted({tuple(names) for names in marks.values()})
    chosen: dict[str, None] = {}
    for kind in kinds:
        having: list[Row] = [(image,) for image, names in marks.items() if tuple(names) == kind]
        chosen |= {row[0]: None for row in _spread(having, max(PICTURES // len(kinds), 1))}
    rows: list[Row] = [(image,) for image in chosen]
    return rows[:PICTURES]


def is_outlined(finding: Finding) -> bool:
    """Tells whether a finding is about masks that can be drawn.

    Args:
        finding: the finding.

    Returns:
        Whether its pictures have outlines.
    """
    about = "mask" in finding.check or finding.check in ("unexpected-lesion", "many-parts")
    return about and finding.check not in _UNOUTLINED


def figures(
    finding: Finding,
    rows: Sequence[Row],
    places: Mapping[str, Item],
    pictures: Mapping[str, Thumbnail],
) -> dict[str, Any]:
    """Gives what the page shows of a finding.

    Args:
        finding: the finding.
        rows: what is shown of it.
        places: path of an image to its entry in dataset.json.
        pictures: path of an image to its small picture.

    Returns:
        ``it`` (the finding), ``figures`` (each with its ``pictures`` and a ``note``), ``paired``,
        ``some`` (how many of all are shown) and ``few`` (whether they fit beside the words).
    """
    notes: dict[Row, str] = {
        (pair["first"], pair["second"]): _relation(pair)
        for pair in finding.details.get("pairs", [])
    }
    drawn = [
        {
            "note": notes.get(row, ""),
            "pictures": [_picture(finding, name, places[name], pictures[name]) for name in row],
        }
        for row in rows
    ]
    return {
        "it": finding,
        "figures": drawn,
        "paired": any(len(row) > 1 for row in rows),
        "some": _some(finding, rows),
        "few": 0 < sum(len(row) for row in rows) <= _FEW,
    }


def _some(finding: Finding, rows: Sequence[Row]) -> str:
    """Says how many of all are shown, where not all are."""
    if "groups" in finding.details and rows:
        return "one image of each of two sides of a group"
    paired = "pairs" in finding.details
    total = len(finding.details["pairs"]) if paired else len(finding.images)
    unit = "pairs" if paired else "images"
    return f"{len(rows)} of {total:,} {unit} shown" if len(rows) < total else ""


def _relation(pair: Mapping[str, Any]) -> str:
    """Says how two images are related."""
    return "the same pixels" if pair["kind"] == "exact" else pair.get("turn", "")


def _picture(finding: Finding, name: str, item: Item, thumbnail: Thumbnail) -> dict[str, Any]:
    """Gives one picture with its caption."""
    where = f"fold {item['fold']}" if "fold" in item else "testing"
    short, source = PurePosixPath(name).name, PurePosixPath(item["source"]).name
    part = f" · {item['part']}" if "split" in finding.check and "part" in item else ""
    return {
        "thumbnail": thumbnail,
        "outline": thumbnail.outline if is_outlined(finding) else "",
        "name": name,
        "short": short,
        "source": source if source != short else "",
        "category": item["class"],
        "where": where + part,
        "note": _note(finding, name, item),
    }


def _note(finding: Finding, name: str, item: Item) -> str:
    """Gives what the finding says of one image."""
    if "marks" in finding.details:
        return ", ".join(finding.details["marks"].get(name, ()))
    for key, (one, other) in _NOTES.items():
        table = finding.details.get(key)
        if isinstance(table, Mapping) and name in table:
            text = (one if table[name] == 1 else other).format(table[name])
            return text.removeprefix(name).removeprefix(str(item["label"])).lstrip(": ")
    return ""
