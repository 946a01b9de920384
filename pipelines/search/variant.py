"""Settings as a variant: a configuration file that is read after ``train.json``."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from monai.bundle.utils import ID_SEP_KEY


def variant_of(files: Iterable[Path], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Gives one variant that stands for several and for settings above them.

    Args:
        files: variants, later ones before earlier ones.
        settings: values by id, such as ``epochs`` or ``network_def::head::dropout``.

    Returns:
        The content of a variant file. What a variant or a setting gives whole holds the settings
        below it; others keep their id.
    """
    content: dict[str, Any] = {}
    for file in files:
        for name, value in json.loads(file.read_text(encoding="utf-8")).items():
            set_value(content, name, value)
    named = {name.replace("#", ID_SEP_KEY): value for name, value in settings.items()}
    for name in sorted(named, key=lambda name: name.count(ID_SEP_KEY)):
        set_value(content, name, named[name])
    return content


def set_value(content: dict[str, Any], name: str, value: Any) -> None:
    """Sets a value by its id in the content of a variant file.

    Examples:
        >>> content = {"optimizer": {"_target_": "Adam"}, "loss::gamma": 2}
        >>> set_value(content, "optimizer::lr", 0.1)
        >>> set_value(content, "loss", {"_target_": "Dice"})
        >>> content
        {'optimizer': {'_target_': 'Adam', 'lr': 0.1}, 'loss': {'_target_': 'Dice'}}
    """
    name, value = name.replace("#", ID_SEP_KEY), copy.deepcopy(value)
    for inside in [key for key in content if key.startswith(name + ID_SEP_KEY)]:
        del content[inside]
    parts = name.split(ID_SEP_KEY)
    for count in range(len(parts) - 1, 0, -1):
        above = ID_SEP_KEY.join(parts[:count])
        if isinstance(content.get(above), dict | list):
            _set_below(content[above], parts[count:], value)
            return
    content[name] = value


def _set_below(node: Any, parts: list[str], value: Any) -> None:
    *way, last = parts
    for part in way:
        node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
    node[int(last) if isinstance(node, list) else last] = value
