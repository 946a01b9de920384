"""Make of a run's folder a bundle that answers pictures: the recipe that was trained, no other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.atomic import replacing, write_text
from pipelines.errors import InputError, first_line
from pipelines.training.run_metadata import run_metadata

NETWORK = "network_def"

RECIPE = (
    NETWORK,
    "preprocessing",
    "image_size",
    "threshold",
    "least_share",
    "labels",
    "colours",
    "flip_average",
    "activation",
)
"""What inference must take from the training; a key that a bundle lacks is left out."""

_CALIBRATED = "networks.calibrated_classifier.CalibratedClassifier"
_METADATA, _LOGGING = "metadata.json", "logging.conf"


def write_run_bundle(folder: Path, config: Mapping[str, Any], bundle_root: str | Path) -> None:
    """Write ``configs/inference.json`` of a run: the bundle's, with the run's own recipe.

    A variant needs no second configuration file then: ``monai.bundle run --config_file
    FOLDER/configs/inference.json`` runs the network, the preprocessing and the threshold of the
    training with the folder's ``model.pt``, also after the folder was moved.

    Args:
        folder: the run's folder.
        config: the run's merged training configuration.
        bundle_root: the bundle that the run is of.

    Raises:
        InputError: the bundle's metadata.json does not describe the network's data.
    """
    source, target = Path(bundle_root) / "configs", folder / "configs"
    target.mkdir(parents=True, exist_ok=True)
    inference = json.loads((source / "inference.json").read_text(encoding="utf-8"))
    for key in RECIPE:
        if key in config and key in inference:
            is_network = key == NETWORK
            inference[key] = _answering(inference[key], config[key]) if is_network else config[key]
    inference["weights"] = "$@bundle_root + '/model.pt'"
    if config.get("operating_point") is not None:  # chosen when the training ends
        inference["least_share"] = "$operating_points.least_share(@bundle_root, @ensemble)"
    text = json.dumps(inference, indent=4, ensure_ascii=False) + "\n"
    write_text(target / "inference.json", text)
    with replacing(target / _LOGGING) as part:
        shutil.copyfile(source / _LOGGING, part)
    try:
        shipped = json.loads((source / _METADATA).read_text(encoding="utf-8"))
        own = run_metadata(shipped, config)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{source / _METADATA} does not describe the network's data ({first_line(error)}); "
            "expected network_data_format with inputs.image and outputs.pred, as MONAI's schema "
            "has it and the shipped bundles do"
        ) from error
    metadata = json.dumps(own, indent=4, ensure_ascii=False)
    write_text(target / _METADATA, metadata + "\n")


def _answering(shipped: Any, trained: Any) -> Any:
    """The network that was trained, within what answers by it where the bundle has that."""
    if isinstance(trained, dict) and "trained" in trained:
        trained = {**trained, "trained": "all"}  # nothing trains here
    if isinstance(shipped, dict) and shipped.get("_target_") == _CALIBRATED:
        return {**shipped, "network": trained}
    return trained
