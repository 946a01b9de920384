"""Folders of runs that answer by networks of random weights, made without a training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser

from pipelines.bundles import bundle_root
from pipelines.training.run_bundle import write_run_bundle

OUTLINES: dict[str, Any] = {
    "image_size": 32,
    "threshold": 0.4,
    "least_share": None,
    "operating_point": {},
    "network_def": {
        "_target_": "networks.presence_network.PresenceNetwork",
        "backbone": "torchvision.mobilenet_v2",
        "in_channels": 1,
        "options": {"width_mult": 0.1},
        "trained": "$'all'",
    },
}
CLASSES: dict[str, Any] = {
    "labels": ["a", "b"],
    "image_size": 32,
    "flip_average": True,
    "calibrated": True,
    "activation": "sigmoid",
    "network_def": {
        "_target_": "networks.transfer_classifier.TransferClassifier",
        "backbone": "torchvision.mobilenet_v2",
        "num_classes": "$len(@labels)",
        "in_channels": 1,
        "options": {"width_mult": 0.1},
        "trained": "all",
    },
}


def made_run(folder: Path, bundle: str, config: dict[str, Any], seed: int) -> Path:
    """A run's folder with a network of random weights, as a training leaves it."""
    folder.mkdir()
    write_run_bundle(folder, config, bundle_root(bundle))
    (folder / "config.json").write_text(json.dumps(config))
    point = {"gate": 0.5, "least_share": 0.01 * (seed + 1)}
    (folder / "operating_point.json").write_text(json.dumps(point))
    torch.manual_seed(seed)
    content = json.loads((folder / "configs" / "inference.json").read_text())
    network = ConfigParser(content).get_parsed_content("network_def")
    for name, gate in (("gate", 0.4 + 0.1 * seed), ("temperature", 1.5 + seed)):
        if name in network.state_dict():
            network.state_dict()[name].fill_(gate)
    torch.save(network.state_dict(), folder / "model.pt")
    return folder
