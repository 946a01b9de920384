"""Packages of untrained networks: what the application answers by, without a training."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser

from pipelines.bundles import bundle_root
from pipelines.deployment.packaging.checksums import write_checksums

SMALLEST: dict[str, dict[str, Any]] = {
    "breast_us_classification": {"network_def::network::options": {"width_mult": 0.35}},
    "fetal_plane_classification": {
        "network_def::network::backbone": "torchvision.mobilenet_v2",
        "network_def::network::options": {"width_mult": 0.35},
    },
    "bone_xray_classification": {},
    "breast_us_segmentation": {"network_def::channels": [4, 8, 16, 32, 64]},
    "tissue_segmentation": {},
}
"""Overrides of ``inference.json`` that make each bundle's network small."""


def made_package(name: str, folder: Path, script: bool = True, **metadata: Any) -> Path:
    """Makes a package of a bundle whose network has random weights.

    Args:
        name: of the bundle.
        folder: where.
        script: whether it has TorchScript.
        metadata: other values; None takes a key out.
    """
    shutil.copytree(bundle_root(name) / "configs", folder / "configs")
    shutil.copytree(bundle_root(name) / "docs", folder / "docs")
    path = folder / "configs" / "inference.json"
    parser = ConfigParser(json.loads(path.read_text(encoding="utf-8")))
    parser.update({**SMALLEST[name], "image_size": 64})
    path.write_text(json.dumps(parser.get()), encoding="utf-8")
    torch.manual_seed(0)
    network = parser.get_parsed_content("network_def").eval()
    (folder / "models").mkdir()
    torch.save(network.state_dict(), folder / "models" / "model.pt")
    if script:
        torch.jit.script(network).save(str(folder / "models" / "model.ts"))
    _change(folder / "configs" / "metadata.json", metadata)
    write_checksums(folder)
    return folder


def _change(path: Path, metadata: dict[str, Any]) -> None:
    content = json.loads(path.read_text(encoding="utf-8")) | metadata
    kept = {key: value for key, value in content.items() if value is not None}
    path.write_text(json.dumps(kept), encoding="utf-8")
