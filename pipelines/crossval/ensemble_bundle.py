"""The runs of a cross-validation as one bundle: one network of all their models."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.atomic import replacing, write_text
from pipelines.errors import InputError

FOLDER = "ensemble"
"""Folder of the bundle, below that of the cross-validation."""

INFERENCE = "configs/inference.json"
_COPIED = ("configs/metadata.json", "configs/logging.conf")


def write_ensemble(runs: Sequence[Path], folder: Path) -> Path:
    """Writes a bundle that answers by the mean of the probabilities of all runs.

    ``monai.bundle run --config_file FOLDER/configs/inference.json`` runs it, also after the folder
    was moved or the runs were deleted. Temperatures, gates and the median of the least regions are
    part of it.

    Args:
        runs: folders of two or more ended runs of one recipe.
        folder: the bundle's; what an earlier one left there is replaced.

    Returns:
        The bundle's ``inference.json``.

    Raises:
        InputError: a run has no model, or one of another recipe, or nothing that answers by it.
    """
    import torch
    from monai.bundle import ConfigParser

    from networks.ensemble import Ensemble
    from pipelines.training.run_folder import MODEL
    from pipelines.training.workflow import readable_cause

    contents = [_inference(run) for run in runs]
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
    for name in _COPIED:
        with replacing(folder / name) as part:
            shutil.copyfile(runs[0] / name, part)
    text = json.dumps(content, indent=4, ensure_ascii=False)
    write_text(folder / INFERENCE, text + "\n")
    return folder / INFERENCE


def _inference(run: Path) -> dict[str, Any]:
    """Reads what answers by a run.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return json.loads((run / INFERENCE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{run / INFERENCE} cannot be read ({error}), so that the runs are no bundle together; "
            f"the scores of all are written. Delete {run} and give the same command again: it is "
            "trained anew"
        ) from error
