"""Which modules a configuration reaches."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.bundles import bundle_names, bundle_root
from pipelines.deployment.packaging.library_modules import (
    copy_modules,
    foreign_modules,
    imported,
    library_modules,
)
from pipelines.deployment.packaging.required_packages import required_packages


def test_imports_anywhere_count_but_not_those_for_type_checkers(tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text(
        "from typing import TYPE_CHECKING\nimport numpy as np\n"
        "if TYPE_CHECKING:\n    import pandas\n"
        "def late():\n    from networks import head\n"
        "WAY = 'transforms.picture.to_grey'\nTEXT = 'see transforms.save_mask'\n"
    )
    file.write_text(
        file.read_text() + "import importlib\n"
        "def by_name(name):\n    importlib.import_module('timm.models')\n"
        "    importlib.import_module(name)\n"
    )
    names = set(imported(file))
    assert "timm.models" in names
    assert {"numpy", "networks", "networks.head", "transforms.picture.to_grey"} <= names
    assert not {"pandas", "transforms.save_mask"} & names


def test_a_target_and_an_import_reach_what_they_import() -> None:
    config = {
        "imports": ["$import pipelines.deployment.inputs as inputs"],
        "list": [{"_target_": "networks.dncnn.DnCNN"}],
    }
    found = library_modules(config)
    assert {"networks", "networks.dncnn", "pipelines.deployment", "pipelines.errors"} <= set(found)
    assert "transforms.upright_reader" in found and "networks.presence_network" not in found
    assert all(path.is_file() for path in found.values())
    assert {"torch", "numpy", "monai"} <= foreign_modules(found)
    assert not {"pathlib", "networks"} & foreign_modules(found)


@pytest.mark.parametrize("name", bundle_names())
def test_no_shipped_inference_needs_mlflow_or_the_command_line(name: str) -> None:
    text = (bundle_root(name) / "configs" / "inference.json").read_text(encoding="utf-8")
    found = library_modules(json.loads(text))
    assert "pipelines.training.workflow" in found
    assert not [each for each in found if each.startswith("pipelines.commands")]
    assert not {"mlflow", "sklearn", "matplotlib", "click"} & foreign_modules(found)


@pytest.mark.parametrize(
    ("bundle", "variant", "libraries"),
    [
        ("breast_us_segmentation", "joint", {"torchvision"}),
        ("breast_us_segmentation", "encoder_mobilenet_v2", {"torchvision"}),
        ("tissue_segmentation", "encoder_resnet50", {"torchvision"}),
        ("breast_us_classification", None, {"torchvision"}),
        ("bone_xray_classification", "xception", {"torchvision", "timm"}),
        ("breast_us_segmentation", None, {"torchvision"}),  # within reach, though not used
    ],
)
def test_libraries_that_are_imported_by_name_are_required(
    bundle: str, variant: str | None, libraries: set[str]
) -> None:
    configs = bundle_root(bundle) / "configs"
    content = json.loads((configs / "inference.json").read_text(encoding="utf-8"))
    if variant:
        network = json.loads((configs / "variants" / f"{variant}.json").read_text(encoding="utf-8"))
        content["network_def"] = network["network_def"]
    needed = required_packages(foreign_modules(library_modules(content)), content)
    assert {"torchvision", "timm"} & set(needed) == libraries


def test_modules_are_copied_into_their_tree(tmp_path: Path) -> None:
    copy_modules(library_modules({"a": "networks.head.classifier_head"}), tmp_path)
    assert (tmp_path / "networks" / "__init__.py").is_file()
    assert (tmp_path / "networks" / "head.py").is_file()
