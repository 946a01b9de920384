"""The files and dataset folders that a run's configuration names, such as pretrained weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from monai.bundle.utils import ID_SEP_KEY

from pipelines.datasets.dataset import FILE_NAME

_NOT_READ = ("output_dir", "bundle_root", "imports", "initialize", "run", "finalize")
_EXPRESSIONS = ("$", "@", "%")


def named_files(config: Mapping[str, Any]) -> dict[str, Path]:
    """The files that a configuration names, by the id of the value, as absolute paths.

    Args:
        config: a run's configuration, references kept; relative paths are of the working folder.
    """
    return {name: path for name, path in _paths(config) if _is_file(path)}


def named_datasets(config: Mapping[str, Any]) -> dict[str, Path]:
    """The dataset folders that a configuration names, by the id of the value, as absolute paths.

    Args:
        config: a run's configuration, references kept; relative paths are of the working folder.
    """
    return {name: path for name, path in _paths(config) if _is_file(path / FILE_NAME)}


def _paths(config: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    kept = {key: value for key, value in config.items() if key not in _NOT_READ}
    for name, text in _texts(kept, ""):
        if text and not text.startswith(_EXPRESSIONS):
            yield name, Path(text).absolute()


def _texts(node: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        yield name, node
        return
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(node, Mapping):
        pairs = node.items()
    elif isinstance(node, list | tuple):
        pairs = enumerate(node)
    for key, value in pairs:
        yield from _texts(value, f"{name}{ID_SEP_KEY}{key}" if name else str(key))


def _is_file(path: Path) -> bool:
    """Whether a path is a file; a text that can be no path is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
