"""Which training configuration ``--bundle`` means."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.bundles import bundle_names, bundle_root
from pipelines.datasets.table import nearest
from pipelines.errors import InputError

_TRAIN = Path("configs") / "train.json"
_RUN = "config.json"


class BundleFile(NamedTuple):
    """A training configuration: the name that sheets give it, its file, and those of variants."""

    name: str
    path: Path
    variants: tuple[Path, ...] = ()


def find_bundle(bundle: str, variants: Sequence[str] = ()) -> BundleFile:
    """Finds the configuration of a bundle.

    Args:
        bundle: the name of a shipped bundle; a bundle's folder; the folder of a run, whose own
            configuration counts; or a configuration file.
        variants: files that are read after it, or names of variants that lie beside it.

    Returns:
        The configuration.

    Raises:
        InputError: there is none, or it is not JSON.
    """
    found = _find(bundle)
    if not isinstance(_content(found.path).get("train"), dict):
        raise InputError(f"{found.path} is no configuration of a training: it has no train section")
    files = tuple(_variant(found.path, each) for each in variants)
    name = " ".join([found.name, *(file.stem for file in files)])
    return BundleFile(name, found.path, files)


def _content(path: Path) -> dict[str, Any]:
    """Reads a configuration file; what is no dictionary counts as an empty one."""
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}") from None
    return content if isinstance(content, dict) else {}


def _variant(train: Path, variant: str) -> Path:
    """Finds a variant: a file, or a name in the folder ``variants`` beside the configuration."""
    beside = train.parent / "variants"
    for file in (Path(variant), beside / f"{variant}.json"):
        if file.is_file():
            if not _content(file):
                raise InputError(f"{file} holds no settings; expected a JSON object of a variant")
            return file
    names = [path.stem for path in sorted(beside.glob("*.json"))]
    known = f", or one of {', '.join(names)}" if names else ""
    raise InputError(f"there is no variant {variant!r}; expected a file{known}")


def _find(bundle: str) -> BundleFile:
    """Finds the file, whatever it holds."""
    if bundle in bundle_names():
        return BundleFile(bundle, bundle_root(bundle) / _TRAIN)
    path = Path(bundle)
    if path.is_file() and path.suffix == ".json":
        return BundleFile(_name(path.resolve()), path)
    for file in (path / _TRAIN, path / _RUN):
        if file.is_file():
            return BundleFile(path.resolve().name, file)
    meant = nearest(bundle, bundle_names())
    hint = f'; did you mean "{meant}"?' if meant else ""
    raise InputError(
        f"there is no bundle {bundle!r}; expected one of {', '.join(bundle_names())}, or a folder "
        f"with {_TRAIN.as_posix()}, or the folder of a run{hint}"
    )


def _name(file: Path) -> str:
    """Gives the name of a configuration file: that of its bundle where it lies in one."""
    inside = file.parent.name == "configs" and file.name == _TRAIN.name
    return file.parent.parent.name if inside else file.stem
