"""The libraries that a package needs, each in the version that it was checked with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import Any

from pipelines.errors import InputError

OWN_KEYS = {"monai": "monai_version", "torch": "pytorch_version", "numpy": "numpy_version"}
"""Libraries that have a key of their own in ``metadata.json``."""

_PROGRAM = ("fire", "pyyaml")  # what monai.bundle needs to run, and does not declare
_SOME = {"timm": "timm."}
"""Libraries that only some configurations use, and the text that tells them."""


def required_packages(
    imported: Iterable[str], configuration: Mapping[str, Any], told: Iterable[str] = ()
) -> dict[str, str]:
    """Gives the libraries by the names under which they are installed, with their versions.

    Args:
        imported: libraries by the names under which they are imported.
        configuration: of the bundle.
        told: further libraries that the bundle says it needs, as they are installed.

    Raises:
        InputError: one of them is not installed here.
    """
    text = json.dumps(configuration)
    used = {name for name in imported if _SOME.get(name, "") in text}
    installed = packages_distributions()
    missing = sorted(name for name in used if name not in installed)
    if missing:
        raise InputError(f"{', '.join(missing)} is imported and not installed; install it")
    names = {installed[name][0] for name in used} | {*_PROGRAM, *told, *OWN_KEYS}
    by_key = {name.lower(): name for name in sorted(names)}
    return {key: _version(name) for key, name in sorted(by_key.items())}


def requirements_text(packages: Mapping[str, str]) -> str:
    """Writes libraries as ``pip install -r`` takes them."""
    return "".join(f"{name}=={number}\n" for name, number in packages.items())


def _version(name: str) -> str:
    """The version without what tells a build apart, such as ``+cpu``."""
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        raise InputError(f"{name} is needed by the bundle and not installed; install it") from None
