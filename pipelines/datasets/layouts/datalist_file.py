"""The JSON of a datalist: found, read, and what it says of the whole data set."""

from __future__ import annotations

import json
import mmap
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeGuard

from pipelines.datasets.dataset import FILE_NAME
from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.sample import listing
from pipelines.datasets.layouts.signs import recognise
from pipelines.datasets.layouts.walk import shown
from pipelines.datasets.sources.label_rule import Colour
from pipelines.errors import InputError

MOST_BYTES = 2**28
"""A larger file is refused: it is no list of file names, and would fill the memory."""

SECTIONS = {
    "training": "train",
    "train": "train",
    "validation": "validation",
    "val": "validation",
    "testing": "test",
    "test": "test",
}
"""The lists of a datalist, each with its part."""

_MODALITIES = {"MRI": "MR", "MR": "MR", "CT": "CT", "ULTRASOUND": "US", "X-RAY": "DX", "XRAY": "DX"}
_MOST_FILES = 50  # JSON files that are looked into: more are annotations, one for each image
_START = 2**16  # bytes that hold the first entry of a bare list
_SHOWN = 8  # files or keys that a message names
_BLANK = b"\xef\xbb\xbf \r\n\t"
_LIST = re.compile(rb'"train(?:ing)?"\s*:\s*\[')


@dataclass(frozen=True)
class Datalist:
    """A datalist, read.

    Attributes:
        path: the file.
        content: the parsed object; it has a list ``training`` (or ``train``). A bare list of
            entries counts as that of ``training``.
        labels: class index to name, ascending; empty where it names none.
    """

    path: Path
    content: Mapping[str, Any]
    labels: Mapping[int, str]

    def text(self, *keys: str) -> str:
        """Gives the first of some entries that is a text, else an empty one."""
        return next((each for key in keys if is_text(each := self.content.get(key))), "")

    @property
    def is_ours(self) -> bool:
        """Whether it is the record of a dataset folder that was converted here."""
        source = self.content.get("source")
        return isinstance(source, dict) and "med2d" in source and is_text(self.content.get("task"))

    @property
    def task(self) -> str | None:
        """The task that it says that it is for, where it says one that is known here."""
        said = self.content.get("task")
        return said if said in ("segmentation", "classification") else None

    @property
    def modality(self) -> str:
        """The DICOM code of its first modality, ``OT`` where it does not say."""
        named = self.content.get("modality")
        if isinstance(named, dict):
            named = next(iter(named.values()), None)
        if not is_text(named) or not named.strip():
            return "OT"
        if self.is_ours:
            return named
        plain = named.strip().upper()
        known = len(plain) == 2 and plain.isascii() and plain.isalpha()
        return _MODALITIES.get(plain, plain if known else "OT")

    @property
    def colours(self) -> tuple[Colour, ...]:
        """The display colours of the class indices, as our own datasets write them."""
        value = self.content.get("colours")
        if not isinstance(value, list):
            return ()
        found = []
        for each in value:
            if not isinstance(each, list) or len(each) != 3:
                return ()
            if not all(type(level) is int and 0 <= level <= 255 for level in each):
                return ()
            red, green, blue = each
            found.append((red, green, blue))
        return tuple(found)

    @property
    def channels(self) -> int | None:
        """The channels, where it says 1 or 3."""
        value = self.content.get("channels")
        return value if type(value) is int and value in (1, 3) else None


def is_text(value: object) -> TypeGuard[str]:
    """Tells whether a value is a text that can be written: lone surrogates cannot."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def looks_like_datalist(path: Path) -> bool:
    """Tells whether a JSON file may be a datalist, without parsing it.

    Args:
        path: the file.

    Returns:
        Whether it has a list ``training`` or ``train`` anywhere, or is a bare list whose first
        entry has an image and a label; of a ``dataset.json`` also whether it is no JSON at all,
        so that it is named rather than passed over.
    """
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            start = file.read(_START).lstrip(_BLANK)
            if start.startswith(b"{"):
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
                    return _LIST.search(whole) is not None
    except (OSError, ValueError):
        return False
    return _starts_with_entry(start) or (path.name == FILE_NAME and not start.startswith(b"["))


def _starts_with_entry(start: bytes) -> bool:
    """Tells by the first bytes whether a file is a bare list of images with labels."""
    text = start.decode("utf-8", "replace")
    if not text.startswith("["):
        return False
    try:
        first, _ = json.JSONDecoder().raw_decode(text[1:].lstrip())
    except (ValueError, RecursionError):
        return False
    return _is_entry(first)


def _is_entry(value: Any) -> bool:
    """Tells whether a value may be an entry: an image with a label, or with a class."""
    return (
        isinstance(value, dict)
        and is_text(value.get("image"))
        and bool({"label", "class"} & value.keys())
    )


def datalist_folder(raw: Path, named: str | None = None) -> Path:
    """Gives the folder of the datalist: the given one, or the only one in it, as archives unpack.

    Args:
        raw: the raw folder.
        named: the datalist's path below the raw folder, where the person gave it: then it is that.

    Returns:
        The folder in which the datalist lies, and to which its paths are relative.
    """
    entries = listing(raw) if named is None and raw.is_dir() else []
    if len(entries) == 1 and entries[0].is_dir() and any(map(_is_json, listing(entries[0]))):
        return entries[0]
    return raw


def _is_json(path: Path) -> bool:
    return path.suffix.casefold() == ".json" and path.is_file()


def find_datalist(raw: Path, named: str | None) -> Datalist:
    """Finds and reads the datalist of a raw folder.

    Args:
        raw: the raw folder.
        named: its path below the raw folder; without it, the only JSON file there that has a list
            ``training``, or is one.

    Returns:
        The datalist.

    Raises:
        InputError: the folder is missing or of another layout, there is no such file, there are
            several, or it is no datalist.
    """
    expected = LAYOUTS["datalist"].expected
    if not raw.exists():
        raise InputError(f"the raw folder {raw} does not exist")
    if not raw.is_dir():
        hint = (
            f"give {raw.parent} and --json-file {raw.name}" if raw.suffix == ".json" else expected
        )
        raise InputError(f"{raw} is a file; expected a folder: {hint}")
    if named is not None:
        return _read_named(raw, named)
    files = sorted(path for path in listing(raw) if _is_json(path))
    if len(files) > _MOST_FILES:
        raise InputError(
            f"{raw} has {len(files)} JSON files; say which is the datalist with --json-file"
        )
    found, wrong = [], ""
    for path in files:
        try:
            found.append(_read(path))
        except InputError as error:
            wrong = wrong or str(error)
    if len(found) > 1:
        names = ", ".join(shown(each.path.name) for each in found[:_SHOWN])
        rest = f", … ({len(found)} in all)" if len(found) > _SHOWN else ""
        raise InputError(f"{raw} has several datalists: {names}{rest}; choose one with --json-file")
    if found:
        return found[0]
    if wrong:
        raise InputError(wrong)
    raise InputError(f"{raw} looks like {recognise(raw)}, not datalist: expected {expected}")


def _read_named(raw: Path, named: str) -> Datalist:
    """Reads the file that the person named."""
    pure = PurePosixPath(named)
    if pure.is_absolute() or ".." in pure.parts or "\0" in named or not pure.name:
        raise InputError(f"--json-file {named}: expected a path below {raw}")
    path = raw / pure
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(raw)):
        raise InputError(f"--json-file {named} is a link that leads out of {raw}; copy it there")
    if not path.is_file():
        names = ", ".join(sorted(shown(each.name) for each in raw.glob("*.json"))[:_SHOWN])
        raise InputError(f"--json-file {named}: there is no such file in {raw}; it has {names}")
    return _read(path)


def _read(path: Path) -> Datalist:
    """Reads a file and checks that it is a datalist."""
    content = _parsed(path)
    if isinstance(content, list) and any(map(_is_entry, content)):
        content = {"training": content}
    if not isinstance(content, dict):
        raise InputError(
            f'{path} is no datalist; expected {{"training": [...]}}, or a list of objects with '
            '"image" and "label"'
        )
    lists = [key for key in ("training", "train") if key in content]
    if not lists:
        keys = ", ".join(shown(key) for key in list(content)[:_SHOWN])
        raise InputError(f'{path} has no list "training" (it has {keys}); it is no datalist')
    for key in SECTIONS:
        if not isinstance(content.get(key, []), list):
            raise InputError(f'{path}: "{key}" is no list; expected a list of images and labels')
    return Datalist(path, content, _labels(path, content.get("labels")))


def _parsed(path: Path) -> Any:
    """Parses a JSON file."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path} is larger than {MOST_BYTES // 2**20} MiB; it is no datalist")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        what = error.msg.removesuffix(" at")
        raise InputError(f"{path} is not JSON: {what} at {where}; mend it") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is no UTF-8 text; save it as UTF-8") from None
    except RecursionError:
        raise InputError(f"{path} is nested too deeply; it is no datalist") from None
    except InputError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise InputError(f"{path} is not JSON: {error}") from None


def _labels(path: Path, labels: Any) -> dict[int, str]:
    """Reads class indices and names: of the Decathlon, of nnU-Net (the other way), or a list."""
    if labels is None:
        return {}
    pairs: list[tuple[Any, Any]] = []
    if isinstance(labels, list):
        pairs = list(enumerate(labels))
    elif isinstance(labels, dict):
        pairs = list(labels.items())
        if pairs and all(_index(value) is not None for _, value in pairs):
            pairs = [(value, key) for key, value in pairs]
    found: dict[int, str] = {}
    for key, name in pairs:
        index = _index(key)
        if index is None or not is_text(name) or not name.strip() or index in found:
            pairs = []
            break
        found[index] = name.strip()
    if not pairs or len(set(found.values())) < len(found):
        raise InputError(
            f'{path}: "labels" is {_short(labels)}; expected indices and names, each once, such as '
            '{"0": "background", "1": "tumour"}'
        )
    return dict(sorted(found.items()))


def _index(value: object) -> int | None:
    """Gives a class index, written as a number or as digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6:
        return int(value)
    return value if type(value) is int and 0 <= value < 10**5 else None


def _short(value: object) -> str:
    """Shows a value of the file, shortened."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
