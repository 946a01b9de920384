"""A split as a file of its own, to be applied to the same images elsewhere.

Images are known by their content, so that neither the names of the files nor the folder matter.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.atomic import write_text
from pipelines.datasets.dataset import LEAKY, Dataset, Item
from pipelines.errors import InputError

FORMAT_KEY = "med2d_split"
FORMAT = 1

DIGEST = "images_digest"
SPLIT_DIGEST = "split_digest"

_TOP: dict[str, type] = {
    "dataset": str,
    DIGEST: str,
    LEAKY: bool,
    "split": dict,
    SPLIT_DIGEST: str,
    "training": list,
    "testing": list,
}
_ENTRY: dict[str, type] = {"image": str, "sha256": str}
_NAMES = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    dict: "an object",
    list: "a list",
}


@dataclass(frozen=True)
class Place:
    """Where one image stands.

    Attributes:
        image: its path in the folder where the split was made.
        sha256: of its file.
        fold: its fold; nothing in the part ``testing``.
    """

    image: str
    sha256: str
    fold: int | None


@dataclass(frozen=True)
class SplitFile:
    """What a split file says, checked.

    Attributes:
        path: the file.
        dataset: the name of the dataset that it was made of.
        digest: hash of the images; see ``images_digest``.
        leaky: whether the split ignores the groups on purpose.
        split: how it was made.
        places: where each image stands.
    """

    path: Path
    dataset: str
    digest: str
    leaky: bool
    split: dict[str, Any]
    places: tuple[Place, ...]


def images_digest(hashes: Iterable[str]) -> str:
    """Hashes a set of images by their content: no name, order or fold has a part in it.

    Args:
        hashes: SHA-256 of each image's file.

    Returns:
        64 hexadecimal digits.
    """
    return hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()


def export_split(dataset: Dataset, path: Path, overwrite: bool = False) -> None:
    """Writes the present split of a dataset to a file, whole or not at all.

    Args:
        dataset: the dataset.
        path: the file.
        overwrite: whether a split file that stands there may be replaced.

    Raises:
        InputError: see ``check_place``, or the file cannot be written.
    """
    check_place(path, overwrite)
    try:
        write_text(path, json.dumps(_content(dataset), indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None


def check_place(path: Path, overwrite: bool) -> None:
    """Refuses a place where a split file cannot be written.

    Args:
        path: the file.
        overwrite: whether a split file that stands there may be replaced.

    Raises:
        InputError: its folder does not exist, or something stands there: a split file that may not
            be replaced, or anything else.
    """
    if not path.parent.is_dir():
        raise InputError(f"--export-split {path}: the folder {path.parent} does not exist; make it")
    if not os.path.lexists(path):
        return
    try:
        read_split_file(path)
    except InputError:
        raise InputError(
            f"--export-split {path}: what stands there is no split file; give another name"
        ) from None
    if not overwrite:
        raise InputError(
            f"--export-split {path}: a split file stands there already; give another name, or "
            "replace it with --overwrite"
        )


def _content(dataset: Dataset) -> dict[str, Any]:
    """Gives the content of the file."""
    everything = (*dataset.items, *dataset.testing)
    source = dataset.source
    made = {key: source[key] for key in ("folds", "seed") if key in source}
    content = {
        FORMAT_KEY: FORMAT,
        "dataset": dataset.name,
        DIGEST: images_digest(item["sha256"] for item in everything),
        LEAKY: dataset.leaky,
        "split": source.get("split", made),
        "training": [_entry(item) | {"fold": item["fold"]} for item in dataset.items],
        "testing": [_entry(item) for item in dataset.testing],
    }
    return {**content, SPLIT_DIGEST: split_digest(content)}


def split_digest(content: dict[str, Any]) -> str:
    """Hashes all that a split file says, so that a change by hand is noticed.

    Args:
        content: what the file holds; its own hash does not count.

    Returns:
        64 hexadecimal digits.
    """
    counted = {key: value for key, value in content.items() if key != SPLIT_DIGEST}
    text = json.dumps(counted, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _entry(item: Item) -> dict[str, Any]:
    return {"image": item["image"], "sha256": item["sha256"]}


def read_split_file(path: Path) -> SplitFile:
    """Reads and checks a split file.

    Args:
        path: the file.

    Returns:
        What it says.

    Raises:
        InputError: it is missing, is none, is of another version, or was changed by hand.
    """
    content = _parsed(path)
    _check_types(str(path), content, _TOP)
    places = tuple(
        _place(f"{path}: {part}[{index}]", entry, part)
        for part in ("training", "testing")
        for index, entry in enumerate(content[part])
    )
    if images_digest(place.sha256 for place in places) != content[DIGEST]:
        raise InputError(
            f"{path} was changed after it was written: its {DIGEST} is not that of the images that "
            "it lists; export the split again"
        )
    if split_digest(content) != content[SPLIT_DIGEST]:
        raise InputError(
            f"{path} was changed after it was written: its {SPLIT_DIGEST} is not that of what it "
            "says; export the split again"
        )
    name, split = content["dataset"], content["split"]
    return SplitFile(path, name, content[DIGEST], content[LEAKY], split, places)


def _parsed(path: Path) -> dict[str, Any]:
    """Parses the file as far as its version."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"the split file {path} does not exist") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise InputError(f"{path} is no split file: it is not JSON") from None
    if not isinstance(content, dict) or FORMAT_KEY not in content:
        raise InputError(
            f'{path} is no split file: it lacks the key "{FORMAT_KEY}"; make one by med2d split '
            "DATASET --export-split FILE"
        )
    if content[FORMAT_KEY] != FORMAT:
        raise InputError(
            f"{path} is a split file of format {content[FORMAT_KEY]}; this med2d reads {FORMAT}"
        )
    return content


def _place(where: str, entry: Any, part: str) -> Place:
    """Checks one entry of the file."""
    if not isinstance(entry, dict):
        raise InputError(f"{where} is {entry!r}; expected an object")
    _check_types(where, entry, {**_ENTRY, "fold": int} if part == "training" else _ENTRY)
    return Place(entry["image"], entry["sha256"], entry["fold"] if part == "training" else None)


def _check_types(where: str, content: dict[str, Any], keys: dict[str, type]) -> None:
    """Refuses content that lacks a key, or holds a value of another type."""
    for key, kind in keys.items():
        if key not in content:
            raise InputError(f'{where} lacks the key "{key}"; export the split again')
        if type(content[key]) is not kind:
            shown = json.dumps(content[key], ensure_ascii=False)[:60]
            raise InputError(f'{where}: "{key}" is {shown}; expected {_NAMES[kind]}')
