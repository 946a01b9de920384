"""Begin a training from the weights of elsewhere, and say what was loaded and what trains."""

from __future__ import annotations

import logging
from typing import Any

import ignite.distributed as idist

from networks.frozen_layers import trained_layers
from networks.normalisation import Choice
from networks.pretrained import load_pretrained
from pipelines.errors import InputError
from pipelines.training.settings import is_none
from pipelines.training.weights import load_weights

_LOG = logging.getLogger("med2d")


def with_weights(network: Any, weights: str | None, normalisation: Choice | None = None) -> Any:
    """Load pretrained weights into the backbone of a network that has one, else whole ones.

    Args:
        network: the network, which is changed.
        weights: the ``model.pt`` of a run of the same network, which fills all of it. For a network
            with a backbone also what ``with_pretrained`` takes; the word ``null`` of a command line
            is none.
        normalisation: what the weights of a backbone expect of the images.

    Returns:
        The same network.

    Raises:
        NetworkError: the weights of a backbone cannot be had, fit too little, or nobody said what
            they expect.
        InputError: whole weights do not fit, or a network without backbone was given a
            normalisation.
    """
    if hasattr(network, "backbone") and hasattr(network, "normalisation"):
        return with_pretrained(network, weights, normalisation, whole=True)
    if not is_none(normalisation):
        raise InputError(
            f"normalisation is {normalisation!r}, but network_def has no pretrained backbone that "
            "expects one; leave --normalisation out, or choose a variant with an encoder"
        )
    return load_weights(network, None if is_none(weights) else weights)


def with_pretrained(
    network: Any, weights: str | None, normalisation: Choice | None = None, whole: bool = False
) -> Any:
    """Load weights into a network's backbone and log how much was loaded and how much trains.

    Args:
        network: the network, with ``backbone`` and ``normalisation``; it is changed.
        weights: see ``networks.pretrained.load_pretrained``; the word ``null`` of a command line
            is none.
        normalisation: what the weights expect of the images; needed with a file.
        whole: whether the weights of just such a network, trained before, fill all of it.

    Returns:
        The same network.

    Raises:
        NetworkError: the weights cannot be had, fit too little, or nobody said what they expect.
    """
    weights = None if is_none(weights) else weights
    expected = None if is_none(normalisation) else normalisation
    loaded = load_pretrained(network, weights, expected, whole)
    if idist.get_rank() == 0:
        _LOG.info(f"weights: {loaded or 'random; a file of pretrained ones goes by --weights'}")
        counts = trained_layers(network)
        _LOG.info(
            f"training {counts['parameters_trained']:,} of {counts['parameters']:,} parameters, in "
            f"{counts['layers_trained']} of {counts['layers']} layers"
        )
        if loaded is None and not any(p.requires_grad for p in network.backbone.parameters()):
            _LOG.warning(
                "the backbone is frozen and its weights are random, so that the head learns from "
                "random features; give pretrained weights by --weights"
            )
    return network
