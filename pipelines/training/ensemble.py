"""The models of several runs, of one recipe or of several, put into one network."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch

from networks.calibrated_classifier import CalibratedClassifier
from networks.ensemble import Ensemble
from pipelines.errors import InputError
from pipelines.training.run_folder import MODEL, recorded, setting
from pipelines.training.weights import load_weights
from pipelines.training.workflow import running_config, running_workflow

_LOG = logging.getLogger("med2d")

ALIKE: Mapping[str, Any] = {
    "preprocessing": None,
    "image_size": None,
    "threshold": None,
    "labels": None,
    "activation": "softmax",
}
"""What the runs of an ensemble must have in common, and what a run without such a key means."""


def ensemble_runs(ensemble: Any) -> list[Path]:
    """Gives the folders of an ensemble; none where none is asked for.

    Args:
        ensemble: None, or a list of two or more different folders of runs.

    Raises:
        InputError: it is something else.
    """
    if ensemble is None:
        return []
    given = (
        list(ensemble) if isinstance(ensemble, Sequence) and not isinstance(ensemble, str) else []
    )
    texts = [one for one in given if isinstance(one, str | Path)]
    if len(texts) != len(given) or len({Path(one).resolve() for one in texts}) < 2:
        raise InputError(
            f"ensemble is {ensemble!r}; expected two or more different folders of runs, as in "
            "--ensemble \"['runs/fold0','runs/fold1']\""
        )
    if len({Path(one).resolve() for one in texts}) < len(texts):
        raise InputError(f"ensemble is {ensemble!r}; it names a folder twice")
    return [Path(one) for one in texts]


def answering_network(
    network: torch.nn.Module,
    weights: str | Path | None,
    ensemble: Any = None,
    activation: str = "softmax",
    recipe: Mapping[str, Any] | None = None,
) -> torch.nn.Module:
    """Gives the network that answers: one with its weights, or the mean of those of several runs.

    Args:
        network: the recipe's network. Where it is a ``CalibratedClassifier``, each member has the
            temperature of its own run, fitted to that run's validation fold.
        weights: file of its weights, or None to leave them; not read for an ensemble.
        ensemble: folders of runs of one bundle, or None. Their networks may differ; what the
            images become before, the classes, the activation and the threshold may not.
        activation: how logits become probabilities, ``mask`` for those of a lesion mask; see
            ``networks.ensemble.Ensemble``, also for members with a gate.
        recipe: configuration that the runs must agree with; where not given the running one, or
            outside a bundle's run that of the first of the runs.

    Raises:
        InputError: the weights do not fit, or a run is missing, of another bundle, or takes other
            images or classes.
    """
    runs = ensemble_runs(ensemble)
    if not runs:
        return _told(load_weights(network, weights), weights)
    if recipe is None:
        recipe = recorded(runs[0]) if running_workflow() is None else running_config()
    for run in runs:
        _check_alike(run, recorded(run), recipe)
    members = [_member(run, network, recipe) for run in runs]
    return Ensemble(members, activation)


def _member(run: Path, network: torch.nn.Module, expected: Mapping[str, Any]) -> torch.nn.Module:
    """Gives a run's network with its weights, built anew where it is not that of the recipe."""
    if isinstance(network, CalibratedClassifier):
        choices = (network.flip_average, network.activation, network.calibrated)
        member = CalibratedClassifier(setting(run, "network_def"), *choices)
        return _told(load_weights(member, run / MODEL), run / MODEL)
    same = recorded(run).get("network_def") == expected.get("network_def")
    return load_weights(deepcopy(network) if same else setting(run, "network_def"), run / MODEL)


def _told(network: torch.nn.Module, weights: str | Path | None) -> torch.nn.Module:
    """Logs the temperature that came with weights; those of older runs have none."""
    if weights is not None and isinstance(network, CalibratedClassifier) and idist.get_rank() == 0:
        value = float(network.temperature)
        if not network.calibrated:
            _LOG.info(f"{weights}: probabilities are not calibrated, as asked")
        elif value == 1:
            _LOG.info(f"{weights}: temperature 1, probabilities are as the network gives them")
        else:
            _LOG.info(f"{weights}: probabilities calibrated at temperature {value:.3f}")
    return network


def _check_alike(run: Path, config: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    bundle, wanted = (each.get("scorer", {}).get("bundle") for each in (config, expected))
    if None not in (bundle, wanted) and bundle != wanted:
        raise InputError(
            f"the run in {run} is of the bundle {bundle}, not of {wanted}; the runs of an ensemble "
            "must be of one bundle"
        )
    for name, default in ALIKE.items():
        if config.get(name, default) != expected.get(name, default):
            raise InputError(
                f"the run in {run} has another {name} than this configuration; the runs of an "
                "ensemble may differ in fold, seed and network, not in what they are given or how "
                "they are read. Name the configuration of one of its runs"
            )
