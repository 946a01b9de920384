"""The record of a dataset folder, dataset.json: read, check, write and hash it.

The file is a Medical Segmentation Decathlon datalist with a few keys more, so that MONAI's
``load_decathlon_datalist`` reads it as it stands. This module imports neither torch nor numpy:
the training code, the evaluation and the command line all read datasets through it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.atomic import replacing
from pipelines.errors import InputError
from pipelines.progress import counting

FILE_NAME = "dataset.json"

LEAST_FOLDS = 3
"""One fold is scored, one validates, the others train."""

LEAKY = "leaky"
"""Key of ``source`` that marks a split that ignores the groups on purpose."""

Item = dict[str, Any]
"""One entry of ``training``: the keys of dataset.json as they stand, paths relative."""


@dataclass(frozen=True)
class Dataset:
    """What dataset.json says, checked.

    Attributes:
        folder: the dataset folder, absolute.
        name: short name of the data, such as ``busi``.
        task: ``segmentation`` or ``classification``.
        modality: channel index (as a string) to modality code, such as ``{"0": "US"}``.
        labels: class index (as a string) to name, such as ``{"0": "background", "1": "tumour"}``.
        licence: the terms that the data came with.
        reference: what to cite.
        channels: channels of every image.
        source: how the folder was made: layout, version, grouping, what was left out.
        items: the entries of ``training``, in the order of the file.
        testing: the entries of ``testing``; only the evaluation reads them.
        colours: display colour (red, green, blue) of each class index, where the data came with
            colours.
    """

    folder: Path
    name: str
    task: str
    modality: dict[str, str]
    labels: dict[str, str]
    licence: str
    reference: str
    channels: int
    source: dict[str, Any]
    items: tuple[Item, ...]
    testing: tuple[Item, ...] = ()
    colours: tuple[tuple[int, int, int], ...] = ()

    @property
    def folds(self) -> list[int]:
        """The fold numbers, 0 to k-1."""
        return sorted({item["fold"] for item in self.items})

    @property
    def leaky(self) -> bool:
        """Whether the split ignores the groups on purpose, so that every score is too good."""
        return self.source.get(LEAKY) is True

    @property
    def classes(self) -> list[str]:
        """The class names, sorted."""
        return sorted({item["class"] for item in (*self.items, *self.testing)})

    def resolved(self, item: Item) -> Item:
        """Gives a copy of ``item`` with absolute paths and an ``id``.

        Args:
            item: an entry of ``items`` or ``testing``.

        Returns:
            The item with ``image`` (and ``label`` where it is a mask) as absolute path strings,
            and ``id``, the image's stem, such as ``benign_0001``.
        """
        full = dict(item)
        full["image"] = str(self.folder / item["image"])
        if isinstance(item["label"], str):
            full["label"] = str(self.folder / item["label"])
        full["id"] = _stem(item["image"])
        return full


def _stem(image: str) -> str:
    """Gives the name of an image without its suffix, ``.nii.gz`` included."""
    name = PurePosixPath(image).name
    return name.removesuffix(".nii.gz") if name.endswith(".nii.gz") else PurePosixPath(name).stem


def read(folder: str | Path, folds: bool = True) -> Dataset:
    """Reads and checks the dataset.json of a dataset folder.

    Args:
        folder: the dataset folder.
        folds: whether its folds are to be used; without them, what is wrong with them is let pass.

    Returns:
        The dataset; every image and mask that it names exists.

    Raises:
        InputError: the folder or its dataset.json is missing, is not JSON, or breaks the contract
            (a key is missing or of another type, a file is missing, a group stands in two folds
            though the dataset is not marked as leaky).
    """
    dataset = _parsed(folder)
    check(dataset, folds=folds)
    return dataset


def load(folder: str | Path) -> Dataset:
    """Reads the dataset.json of a dataset folder, whatever is wrong with its files and folds.

    Only the audit reads so leniently, because it reports what ``read`` would refuse.

    Args:
        folder: the dataset folder.

    Returns:
        The dataset; every key is there and of its type.

    Raises:
        InputError: the folder or its dataset.json is missing, is not JSON, names no image, or has
            a key that is missing or of another type.
    """
    dataset = _parsed(folder)
    _check_items(dataset, files=False, folds=True)
    _check_mark(dataset, dataset.folder / FILE_NAME)
    return dataset


def _parsed(folder: str | Path) -> Dataset:
    """Parses dataset.json; of the items nothing is checked."""
    folder = Path(folder).absolute()
    path = folder / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8-sig")  # an editor may have put a mark in front
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(_missing(folder)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"{path} is not JSON: {error.msg} at {where}") from None
    except RecursionError:
        raise InputError(f"{path} is nested too deeply to be a {FILE_NAME}") from None
    return _from_content(folder, content, path)


def write(dataset: Dataset) -> Path:
    """Checks a dataset and writes its dataset.json so that it appears whole or not at all.

    Args:
        dataset: the dataset; its images and masks lie in ``dataset.folder`` already.

    Returns:
        The path of the file.

    Raises:
        InputError: the dataset breaks the contract.
        OSError: the folder cannot be written.
    """
    check(dataset)
    path = dataset.folder / FILE_NAME
    pieces = json.JSONEncoder(indent=1, ensure_ascii=False).iterencode(_to_content(dataset))
    with replacing(path) as new, new.open("w", encoding="utf-8", newline="") as file:
        file.writelines(pieces)  # one text of all would be the most that a conversion holds
        file.write("\n")
    return path


def parts(dataset: Dataset, fold: int) -> tuple[list[Item], list[Item], list[Item]]:
    """Splits the items for one fold: it is scored, the next one validates, the others train.

    Args:
        dataset: the dataset.
        fold: the fold that is scored once, at the end.

    Returns:
        The items that train, that validate (choose epoch, threshold, calibration) and that are
        scored, each in the order of the file, paths relative; see ``Dataset.resolved``.

    Raises:
        InputError: there is no such fold, or there are fewer than three.
    """
    folds = dataset.folds
    if len(folds) < LEAST_FOLDS:
        raise InputError(
            f"{dataset.folder} has {len(folds)} folds; training needs at least {LEAST_FOLDS} (one "
            "scored, one that validates, one that trains): make them by med2d split "
            f"{shlex.quote(str(dataset.folder))} --folds 5"
        )
    if isinstance(fold, bool) or fold not in folds:
        raise InputError(f"fold {fold} does not exist; this dataset has the folds 0 to {folds[-1]}")
    validating = validating_fold(folds, fold)
    return (
        [item for item in dataset.items if item["fold"] not in (fold, validating)],
        [item for item in dataset.items if item["fold"] == validating],
        [item for item in dataset.items if item["fold"] == fold],
    )


def validating_fold(folds: Sequence[int], fold: int) -> int:
    """Gives the fold that validates where ``fold`` is scored: the next one, after the last the 0.

    Args:
        folds: all fold numbers, 0 to k-1.
        fold: the one that is scored.
    """
    return (fold + 1) % len(folds)


def digest(dataset: Dataset) -> str:
    """Hashes what a model can learn from a dataset, wherever its folder lies.

    The hash covers the task, the labels, the channels, whether the split leaks on purpose, and
    every item with the SHA-256 of its image and mask, its group and its fold; not the licence, nor
    which version wrote the folder.

    Args:
        dataset: the dataset.

    Returns:
        64 hexadecimal digits.
    """
    content = {
        "task": dataset.task,
        "labels": dataset.labels,
        "channels": dataset.channels,
        "training": dataset.items,
        "testing": dataset.testing,
        **({LEAKY: True} if dataset.leaky else {}),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify(dataset: Dataset) -> None:
    """Compares every image and mask with its recorded hash: none is damaged or changed.

    Args:
        dataset: the dataset.

    Raises:
        InputError: a file's content is another than when the dataset was made; the first is named.
    """
    with counting("verifying") as report:
        for done, (_, item) in enumerate(_named_items(dataset), start=1):
            for key, hashed in (("image", "sha256"), ("label", "label_sha256")):
                if hashed in item and _sha256(dataset.folder / item[key]) != item[hashed]:
                    raise InputError(
                        f"{dataset.folder / item[key]} has changed since the dataset was made "
                        f"(its {hashed} differs); convert the raw folder again"
                    )
            report(done, len(dataset.items) + len(dataset.testing))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(dataset: Dataset, files: bool = True, folds: bool = True) -> None:
    """Checks a dataset against the contract of the folder.

    Args:
        dataset: the dataset.
        files: whether its files stand in the folder, too, and are looked for.
        folds: whether the folds are checked.

    Raises:
        InputError: something breaks it; the message names the file, the item and the key.
    """
    path = dataset.folder / FILE_NAME
    _check_items(dataset, files, folds)
    _check_unique(dataset, path)
    _check_mark(dataset, path)
    if folds:
        _check_folds(dataset, path)
    if files:
        _check_values(dataset, path)


def _check_items(dataset: Dataset, files: bool, folds: bool) -> None:
    """Checks the items one by one."""
    path = dataset.folder / FILE_NAME
    if not dataset.items:
        raise InputError(f"{path} has no items in training")
    for name, item in _named_items(dataset):
        _check_item(dataset, f"{path}: {name}", item, files, folds)


def _missing(folder: Path) -> str:
    """Says why there is no dataset.json to read."""
    if not folder.exists():
        return f"the dataset folder {folder} does not exist"
    if not folder.is_dir():
        return f"{folder} is a file; expected a dataset folder"
    return f"{folder} has no {FILE_NAME}; make one with med2d convert LAYOUT RAW {folder}"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_size(value: object) -> bool:
    return _is_count(value) and value != 0


def _is_table(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) for name in value.values())


def _is_spacing(value: object) -> bool:
    numbers = isinstance(value, list) and all(type(one) in (int, float) for one in value)
    return numbers and isinstance(value, list) and len(value) == 2 and all(v > 0 for v in value)


def is_colours(value: object) -> bool:
    """Tells whether a value is a list of colours, three whole numbers of 0 to 255 each."""
    if not isinstance(value, list):
        return False
    return all(
        isinstance(colour, list) and len(colour) == 3 and all(map(_is_level, colour))
        for colour in value
    )


def _is_level(value: object) -> bool:
    return type(value) is int and 0 <= value <= 255


Check = tuple[Callable[[object], bool], str]
_TEXT: Check = (_is_text, "a text")
_COUNT: Check = (_is_count, "a whole number from 0")
_SIZE: Check = (_is_size, "a whole number from 1")
_TABLE: Check = (_is_table, 'an object of texts such as {"0": "background"}')
_LIST: Check = (lambda value: isinstance(value, list), "a list")

_TOP_KEYS: dict[str, Check] = {
    "name": _TEXT,
    "task": (
        lambda value: value in ("segmentation", "classification"),
        "segmentation or classification",
    ),
    "modality": _TABLE,
    "labels": _TABLE,
    "licence": (lambda value: isinstance(value, str), "a text"),
    "reference": (lambda value: isinstance(value, str), "a text"),
    "channels": _SIZE,
    "source": (lambda value: isinstance(value, dict), "an object"),
    "training": _LIST,
}

_ITEM_KEYS: dict[str, Check] = {
    "image": _TEXT,
    "label": (lambda value: _is_text(value) or _is_count(value), "a mask's path or a class index"),
    "class": _TEXT,
    "group": _TEXT,
    "fold": _COUNT,
    "source": _TEXT,
    "sha256": _TEXT,
    "width": _SIZE,
    "height": _SIZE,
}

_MORE_TOP_KEYS: dict[str, Check] = {
    "testing": _LIST,
    "colours": (is_colours, "a list of colours such as [[0, 0, 0], [255, 255, 255]]"),
}

_MORE_ITEM_KEYS: dict[str, Check] = {
    "label_sha256": _TEXT,
    "flags": _TEXT,
    "spacing": (_is_spacing, "two numbers above 0: millimetres per pixel, row and column"),
    "part": _TEXT,
}

KNOWN_ITEM_KEYS = frozenset(_ITEM_KEYS) | frozenset(_MORE_ITEM_KEYS) | {"id"}
"""The keys of an item that have a meaning; further ones are columns of the data."""


def _check_keys(
    where: str, content: Any, keys: dict[str, Check], more: dict[str, Check] | None = None
) -> None:
    """Refuses content that is no object, or lacks a key, or holds a value of another type.

    The keys of ``more`` may be absent.
    """
    if not isinstance(content, dict):
        raise InputError(f"{where} is {_shown(content)}; expected an object")
    present = {key: fits for key, fits in (more or {}).items() if key in content}
    for key, (fits, expected) in {**keys, **present}.items():
        if key not in content:
            raise InputError(f'{where} lacks the key "{key}"')
        if not fits(content[key]):
            raise InputError(f'{where}: "{key}" is {_shown(content[key])}; expected {expected}')


def _shown(value: object) -> str:
    """Shows a value of the file, shortened, so that the message stays one line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _from_content(folder: Path, content: Any, path: Path) -> Dataset:
    """Makes a dataset of the parsed file."""
    _check_keys(str(path), content, _TOP_KEYS, _MORE_TOP_KEYS)
    plain = {key: content[key] for key in _TOP_KEYS if key != "training"}
    return Dataset(
        folder=folder,
        items=tuple(content["training"]),
        testing=tuple(content.get("testing", [])),
        colours=tuple((red, green, blue) for red, green, blue in content.get("colours", [])),
        **plain,
    )


def _to_content(dataset: Dataset) -> dict[str, Any]:
    """Gives the file's content, in the order of its keys; empty lists are left out."""
    content = {key: getattr(dataset, key) for key in _TOP_KEYS if key != "training"}
    if dataset.colours:
        content["colours"] = [list(colour) for colour in dataset.colours]
    content["training"] = list(dataset.items)
    if dataset.testing:
        content["testing"] = list(dataset.testing)
    return content


def _named_items(dataset: Dataset) -> Iterator[tuple[str, Item]]:
    """Yields every item with its place in the file, such as ``training[3]``."""
    for part, items in (("training", dataset.items), ("testing", dataset.testing)):
        for index, item in enumerate(items):
            yield f"{part}[{index}]", item


def _check_item(dataset: Dataset, where: str, item: Item, files: bool, folds: bool) -> None:
    """Checks one item: keys, types, that its files exist and its class index is known."""
    keys = _ITEM_KEYS
    if not folds or where.rpartition(": ")[2].startswith("testing"):
        keys = {key: fits for key, fits in _ITEM_KEYS.items() if key != "fold"}
    _check_keys(where, item, keys, _MORE_ITEM_KEYS)
    _check_file(dataset.folder, where, "image", item["image"], files)
    label = item["label"]
    if dataset.task == "segmentation" and not isinstance(label, str):
        raise InputError(f'{where}: "label" is {label}; segmentation expects a mask\'s path')
    if isinstance(label, str):
        _check_keys(where, item, {"label_sha256": _TEXT})
        _check_file(dataset.folder, where, "label", label, files)
    elif str(label) not in dataset.labels:
        known = ", ".join(dataset.labels)
        raise InputError(f'{where}: "label" is {label}; the labels are {known}')


def _check_file(folder: Path, where: str, key: str, value: str, exists: bool) -> None:
    """Checks that a path is relative, with forward slashes, inside the folder, and exists."""
    pure = PurePosixPath(value)
    if pure.is_absolute() or ".." in pure.parts or "\\" in value:
        raise InputError(
            f'{where}: "{key}" is {_shown(value)}; expected a path inside the folder, '
            "with forward slashes"
        )
    if exists and not os.path.isfile(f"{folder}/{value}"):  # noqa: PTH113 - thousands of calls
        raise InputError(f'{where}: "{key}" names {value}, which does not exist in {folder}')


def _check_unique(dataset: Dataset, path: Path) -> None:
    """Refuses two items of one image: the second would leak or count twice."""
    seen: dict[str, str] = {}
    for name, item in _named_items(dataset):
        first = seen.setdefault(item["image"], name)
        if first != name:
            raise InputError(f"{path}: {first} and {name} name the same image {item['image']}")


def _check_mark(dataset: Dataset, path: Path) -> None:
    """Refuses a mark of a leaky split that is neither true nor false."""
    mark = dataset.source.get(LEAKY, False)
    if type(mark) is not bool:
        raise InputError(f'{path}: "{LEAKY}" of "source" is {_shown(mark)}; expected true or false')


def _check_folds(dataset: Dataset, path: Path) -> None:
    """Refuses gaps in the fold numbers, and a group on two sides of a split that must not leak."""
    folds = dataset.folds
    if folds != list(range(len(folds))):
        found = ", ".join(map(str, folds))
        raise InputError(f"{path}: the folds are {found}; expected 0, 1, 2, … without a gap")
    home: dict[str, object] = {}
    for _, item in () if dataset.leaky else _named_items(dataset):
        place = item.get("fold", "testing")
        first = home.setdefault(item["group"], place)
        if first != place:
            raise InputError(
                f"{path}: group {item['group']} stands in fold {first} and in {place}; a group "
                "must stay on one side of every split: make the folds anew by med2d split "
                f"{shlex.quote(str(dataset.folder))}"
            )


def _check_values(dataset: Dataset, path: Path) -> None:
    """Refuses values that MONAI's datalist reader would turn into paths.

    ``load_decathlon_datalist`` joins every string of an item to the folder and keeps the result
    where it exists, so a class called ``images`` would reach the training as a path.
    """
    entries = {name.casefold() for name in os.listdir(dataset.folder)}  # noqa: PTH208
    entries |= {"", ".", ".."}
    # Most values begin like no entry of the folder: they need not be looked for.
    values = {
        (key, value): name
        for name, item in _named_items(dataset)
        for key, value in item.items()
        if isinstance(value, str) and key not in ("image", "label")
        if value.partition("/")[0].casefold() in entries
    }
    for (key, value), name in values.items():
        if os.path.exists(f"{dataset.folder}/{value}"):  # noqa: PTH110
            raise InputError(
                f'{path}: {name}: "{key}" is {_shown(value)}, which is also the name of an entry '
                "of the folder; MONAI would make a path of it: rename one of them"
            )
