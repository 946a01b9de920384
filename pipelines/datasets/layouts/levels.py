"""What the nested folders around an image mean: one level is its class, the others are columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.datasets.dataset import KNOWN_ITEM_KEYS
from pipelines.datasets.table import nearest
from pipelines.errors import InputError

_DEEPEST = 20


@dataclass(frozen=True)
class Levels:
    """The folders around an image, from the outermost.

    Attributes:
        names: names that a person gave to the levels, or nothing.
        class_index: which level is the class, from 0; None where no level is.
    """

    names: tuple[str, ...] = ()
    class_index: int | None = 0

    @property
    def least(self) -> int:
        """The number of folders that an image must lie in."""
        return len(self.names) or (0 if self.class_index is None else self.class_index + 1)

    def columns(self, folders: Sequence[str]) -> dict[str, str]:
        """Gives the levels besides the class, such as ``{"level2": "wrist"}``.

        Args:
            folders: names of the folders around an image, from the outermost.
        """
        return {
            self._name(index): folder
            for index, folder in enumerate(folders)
            if index != self.class_index
        }

    def listed(self) -> str:
        """Lists the levels for a message, such as ``class/level2``."""
        names = [self._name(index) for index in range(self.least)]
        if self.class_index is not None and self.class_index >= len(self.names):
            names[self.class_index] = "class"
        return "/".join(f"<{name}>" for name in names)

    def _name(self, index: int) -> str:
        return self.names[index] if index < len(self.names) else f"level{index + 1}"


def read_levels(options: Mapping[str, Any]) -> Levels:
    """Reads the levels from the options.

    Args:
        options: ``levels`` (names with commas, outermost first), ``class_level`` (one of them, or
            a number from 1) and ``class_pattern`` (then no level is the class).

    Returns:
        The levels. Without options, the outermost is the class.

    Raises:
        InputError: a name is empty, given twice, or used by dataset.json; there is no such level.
    """
    given = options.get("levels")
    names = tuple(name.strip() for name in given.split(",")) if given else ()
    index = None if options.get("class_pattern") else _class_index(names, options)
    if options.get("class_pattern") and options.get("class_level"):
        raise InputError("--class-level and --class-pattern both choose the class; give one")
    for place, name in enumerate(names):
        _check_name(name, names, place == index)
    return Levels(names, index)


def _class_index(names: tuple[str, ...], options: Mapping[str, Any]) -> int:
    """Finds the level that is the class."""
    wanted = options.get("class_level")
    if wanted is None:
        return names.index("class") if "class" in names else 0
    if wanted in names:
        return names.index(wanted)
    most = len(names) or _DEEPEST
    if re.fullmatch("[0-9]{1,3}", wanted) and 1 <= int(wanted) <= most:
        return int(wanted) - 1
    expected = f"one of {', '.join(names)}" if names else "a number from 1, or name it by --levels"
    meant = nearest(wanted, names)
    hint = f'; did you mean "{meant}"?' if meant else ""
    raise InputError(f"--class-level {wanted}: there is no such level; expected {expected}{hint}")


def _check_name(name: str, names: tuple[str, ...], is_class: bool) -> None:
    """Refuses a name that cannot be a key of dataset.json."""
    if not name:
        raise InputError("--levels has an empty name; expected names such as class,region")
    if names.count(name) > 1:
        raise InputError(f"--levels names {name} twice; expected each level once")
    if not is_class and (name.casefold() in KNOWN_ITEM_KEYS or re.fullmatch("level[0-9]+", name)):
        raise InputError(f"--levels: {name} has another meaning in dataset.json; choose another")
