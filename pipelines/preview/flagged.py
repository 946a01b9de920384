"""The images that something was noticed about: the dataset's flags, and the audit's findings."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any, NamedTuple

from pipelines.datasets.dataset import Dataset, Item
from pipelines.errors import InputError
from pipelines.preview.chosen import choose
from pipelines.preview.selection import Selection

AUDIT = "audit.json"
"""What an audit leaves in the dataset folder."""


def flag_selections(items: Sequence[Item], count: int, seed: int) -> list[Selection]:
    """Chooses images of every flag.

    Args:
        items: the images to choose from; ``flags`` is a list of words with commas between them.
        count: most images of a sheet.
        seed: of the choice.

    Returns:
        One selection for each flag, sorted by name.
    """
    names = sorted({name for item in items for name in _flags(item)})
    return [
        Selection("flag", name, tuple(choose(members, count, seed)), members)
        for name in names
        for members in [tuple(item for item in items if name in _flags(item))]
    ]


def finding_selections(
    dataset: Dataset, items: Sequence[Item], count: int, seed: int
) -> list[Selection]:
    """Chooses images of every check of the dataset's audit.

    Args:
        dataset: the dataset; without ``audit.json`` in its folder there is nothing to show.
        items: the images that may be shown.
        count: most images of a sheet.
        seed: of the choice.

    Returns:
        One selection for each check that names such images, in the audit's order. Of pairs, both
        images stand side by side, and pairs are taken at even distances; of images that the audit
        ranks, the first ones are taken; the others are spread over folds and groups.

    Raises:
        InputError: audit.json is damaged, or of another state of the dataset.
    """
    allowed = {item["image"]: item for item in items}
    checks: dict[str, list[_Finding]] = {}
    for finding in _findings(dataset):
        checks.setdefault(finding.check, []).append(finding)
    selections = []
    for check, findings in checks.items():
        names = dict.fromkeys(name for each in findings for name in each.images)
        members = tuple(allowed[name] for name in names if name in allowed)
        pairs = [pair for each in findings for pair in each.pairs if {*pair} <= allowed.keys()]
        if pairs:
            shown = [allowed[name] for pair in _spread(pairs, count) for name in pair]
        elif any(each.ranked for each in findings):
            shown = list(members[:count])
        else:
            shown = choose(members, count, seed)
        text = " ".join(each.text for each in findings)
        selections.append(Selection("finding", check, tuple(shown), members, text, len(pairs)))
    return [each for each in selections if each.items]


class _Finding(NamedTuple):
    """What a sheet needs of a finding."""

    check: str
    text: str
    images: list[str]
    pairs: list[tuple[str, str]]
    ranked: bool


def _spread(pairs: Sequence[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """Takes as many pairs as ``count`` images hold, at least one, at even distances."""
    most = min(len(pairs), max(1, count // 2))
    return [pairs[place * len(pairs) // most] for place in range(most)]


def _flags(item: Item) -> list[str]:
    """Lists the flags of an image."""
    return [name.strip() for name in item.get("flags", "").split(",") if name.strip()]


def _findings(dataset: Dataset) -> list[_Finding]:
    """Reads the findings of the audit, none where there was no audit."""
    path = dataset.folder / AUDIT
    again = f"remove it, or audit again: med2d audit {shlex.quote(str(dataset.folder))}"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        findings = [_finding(each) for each in content["findings"]]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}); {again}") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise InputError(f"{path} is no audit of med2d; {again}") from None
    known = {item["image"] for item in (*dataset.items, *dataset.testing)}
    for name in (name for each in findings for name in each.images):
        if name not in known:
            raise InputError(f"{path} names {name}, which the dataset does not hold; {again}")
    return findings


def _finding(content: dict[str, Any]) -> _Finding:
    """Takes a finding as audit.json holds it.

    Its details may hold ``pairs`` of images, or ``groups`` with the images of each side; and they
    may be ``ranked``, the most striking image first.
    """
    images, details = content.get("images", []), content.get("details", {})
    pairs = [(pair["first"], pair["second"]) for pair in details.get("pairs", [])]
    for sides in details.get("groups", {}).values() if images else ():
        (one, *_), (other, *_) = list(sides.values())[:2]
        pairs.append((one, other))
    text = f"{content['severity'].capitalize()}: {content['text']}"
    texts = [content["check"], *images, *(name for pair in pairs for name in pair)]
    if not all(isinstance(each, str) for each in texts):
        raise TypeError("a name is no text")
    return _Finding(content["check"], text, list(images), pairs, "ranked" in details)
