"""A copy of a shipped bundle, to be spoilt."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.bundles import bundle_root
from pipelines.deployment.checks.checked_bundle import CheckedBundle, checked_bundle

NAME = "breast_us_segmentation"


def bundle_copy(folder: Path) -> Path:
    """Copies the bundle, its network as small as may be."""
    target = folder / NAME
    shutil.copytree(bundle_root(NAME), target)

    def shrink(content: dict[str, Any]) -> None:
        content["network_def"]["channels"] = [4, 4, 8, 8, 16]

    for name in ("train", "inference"):
        change(target, f"configs/{name}.json", shrink)
    return target


def change(bundle: Path, file: str, edit: Callable[[dict[str, Any]], Any]) -> None:
    """Changes a configuration in place."""
    path = bundle / file
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def found(folder: Path) -> CheckedBundle:
    """The bundle in a folder."""
    with checked_bundle(str(folder)) as bundle:
        return bundle
