"""Where the bundles lie: beside the code, in a checkout and after an installation alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.errors import InputError

_ROOT = Path(__file__).resolve().parent.parent / "bundles"


def bundle_names() -> list[str]:
    """Names of the bundles that ship, in alphabetical order."""
    return sorted(p.parent.parent.name for p in _ROOT.glob("*/configs/metadata.json"))


def bundle_root(name: str) -> Path:
    """Folder of a shipped bundle; it does not depend on the working folder.

    Args:
        name: a bundle's name, for instance ``breast_us_segmentation``.

    Raises:
        InputError: no such bundle.
    """
    if name not in bundle_names():
        raise InputError(
            f"there is no bundle {name!r}; expected one of {', '.join(bundle_names())}"
        )
    return _ROOT / name


def bundle_classes(name: str) -> list[str]:
    """Class names that a shipped bundle's metadata.json tells, in the order of its channels.

    Args:
        name: a bundle's name.

    Raises:
        InputError: no such bundle.
    """
    text = (bundle_root(name) / "configs" / "metadata.json").read_text(encoding="utf-8")
    told = json.loads(text)["network_data_format"]["outputs"]["pred"]["channel_def"]
    return [str(label).partition(" (")[0] for label in told.values()]


def metadata_schema() -> dict[str, Any]:
    """The rules that a bundle's metadata.json is checked by, as a JSON schema."""
    return json.loads((_ROOT / "metadata_schema.json").read_text(encoding="utf-8"))
