"""The settings that a series of trainings hands on to every one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fire.parser import DefaultParseValue
from monai.bundle import ConfigParser

from pipelines.errors import InputError
from pipelines.training.settings import check_texts, is_none
from pipelines.training.workflow import check_id

OWN = {
    "output_dir": "every run has its folder in the one of -o",
    "resume": "what was stopped goes on by itself",
    "overwrite": "choose another folder by -o, or remove the old one",
    "config_file": "name the bundle, and its variants by --variant",
}
"""Settings of a training that every series gives itself, and what to do instead."""
MAY_CHANGE = ("num_workers", "device")
"""Settings that may differ when a series goes on: no result depends on them by intent."""


class Overrides(NamedTuple):
    """Settings as they were typed.

    Attributes:
        words: of the command line.
        values: by name, as ``monai.bundle run`` reads them; None where ``null`` was given.
    """

    words: tuple[str, ...]
    values: Mapping[str, Any]


def read_overrides(words: Sequence[str], own: Mapping[str, str]) -> Overrides:
    """Reads ``--name value`` and ``--name=value``.

    Args:
        words: of the command line.
        own: further settings that the series gives itself, and what to do instead.

    Raises:
        InputError: a word is none of them, a name comes twice, or the series gives that setting
            itself.
    """
    own = {**OWN, **own}
    values: dict[str, Any] = {}
    left = list(words)
    while left:
        word = left.pop(0)
        name, equals, text = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not name:
            raise InputError(f"{word!r} is unexpected; write settings as --name value")
        if not equals:
            if not left or left[0].startswith("--"):
                raise InputError(f"{word} was given no value; write {word} VALUE")
            text = left.pop(0)
        name = name.replace("-", "_")
        if name in values:
            raise InputError(f"--{name} was given twice; give it once")
        if name in own:
            raise InputError(f"--{name} is set for every run by itself; {own[name]}")
        values[name] = DefaultParseValue(text)
    check_texts(values)
    return Overrides(tuple(words), {name: _or_none(value) for name, value in values.items()})


def merged_config(files: Sequence[Path], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the configuration of files with overrides, references kept, as a run records it.

    Args:
        files: configuration files, later ones before earlier ones.
        overrides: values by id.

    Raises:
        InputError: an override names nothing in the files; tells the nearest name.
    """
    parser = ConfigParser()
    parser.read_config([str(file) for file in files])
    # New components first: the other overrides may be arguments of theirs.
    for name in sorted(overrides, key=lambda name: not _is_component(name, overrides[name])):
        check_id(parser.get(), name)
        parser.update({name: overrides[name]})
    return {key: value for key, value in parser.get().items() if key != ConfigParser.meta_key}


def _is_component(name: str, value: Any) -> bool:
    return name.endswith("_target_") or isinstance(value, Mapping)


def _or_none(value: Any) -> Any:
    """Gives None for the word ``null``, of which the command line makes a text."""
    return None if isinstance(value, str) and is_none(value) else value
