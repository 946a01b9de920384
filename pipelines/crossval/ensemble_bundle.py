"""The runs of a cross-validation as one bundle: one network of all their models."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.atomic import replacing, write_text
from pipelines.errors import InputError
from pipelines.file_hash import sha256_of
from pipelines.training.run_folder import DIGEST, MODEL, recorded

FOLDER = "ensemble"
"""Folder of the bundle, below that of the cross-validation."""

INFERENCE = "configs/inference.json"
_METADATA = "configs/metadata.json"
_LOGGING = "configs/logging.conf"
_LICENCES = ("LICENSE", "docs/data_license.txt")


def write_ensemble(runs: Sequence[Path], folder: Path, bundle_root: Path) -> Path:
    """Writes a bundle that answers by the mean of the probabilities of all runs.

    ``monai.bundle run --config_file FOLDER/configs/inference.json`` runs it, also after the folder
    was moved or the runs were deleted. Temperatures, gates and the median of the least regions are
    part of it. Its metadata name the runs; the licences are those of their bundle.

    Args:
        runs: folders of two or more ended runs of one recipe.
        folder: the bundle's; what an earlier one left there is replaced.
        bundle_root: the bundle that the runs are of.

    Returns:
        The bundle's ``inference.json``.

    Raises:
        InputError: a run has no model, or one of another recipe, or nothing that answers by it.
    """
    import torch
    from monai.bundle import ConfigParser

    from networks.ensemble import Ensemble
    from pipelines.training.workflow import readable_cause

    contents = [_configuration(run, INFERENCE) for run in runs]
    together = {"ensemble": [str(run) for run in runs], "device": "cpu"}
    together["bundle_root"] = str(runs[0].absolute())
    parser = ConfigParser({**contents[0], **together})
    try:
        network: Ensemble = parser.get_parsed_content("network")
    except RuntimeError as error:
        raise readable_cause(error) or error from None
    content = {
        **contents[0],
        "network_def": {
            "_target_": "networks.ensemble.Ensemble",
            "members": [each["network_def"] for each in contents],
            "activation": network.activation,
        },
    }
    if "least_share" in content:
        content["least_share"] = parser.get_parsed_content("least_share")
    (folder / "configs").mkdir(parents=True, exist_ok=True)
    with replacing(folder / MODEL) as part:
        torch.save(network.state_dict(), part)
    _copy(runs[0] / _LOGGING, folder / _LOGGING)
    for name in _LICENCES:
        if (bundle_root / name).is_file():
            _copy(bundle_root / name, folder / name)
    _write_json(folder / _METADATA, _metadata(runs))
    _write_json(folder / INFERENCE, content)
    return folder / INFERENCE


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as part:
        shutil.copyfile(source, part)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=4, ensure_ascii=False) + "\n")


def _metadata(runs: Sequence[Path]) -> dict[str, Any]:
    """Gives the metadata of the first run as those of all: what it is, and which runs it holds."""
    metadata = _configuration(runs[0], _METADATA)
    told = f"The mean of the probabilities of {len(runs)} networks. "
    told += metadata.get("description", "")
    return {**metadata, "description": told.strip(), "ensemble": [_origin(run) for run in runs]}


def _origin(run: Path) -> dict[str, Any]:
    """Tells a run apart, also where its folder is gone."""
    config = recorded(run)
    known = {name: config.get(name) for name in ("fold", "seed", DIGEST)}
    return {"run": run.name, **known, "sha256": sha256_of(run / MODEL)}


def _configuration(run: Path, name: str) -> dict[str, Any]:
    """Reads a configuration file of a run.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return json.loads((run / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{run / name} cannot be read ({error}), so that the runs are no bundle together; "
            f"the scores of all are written. Delete {run} and give the same command again: it is "
            "trained anew"
        ) from error
