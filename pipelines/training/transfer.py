"""Begin a training from the weights of elsewhere, and say what was loaded and what trains."""

from __future__ import annotations

import logging

import ignite.distributed as idist

from networks.frozen_layers import trained_layers
from networks.normalisation import Choice
from networks.pretrained import load_pretrained
from networks.transfer_classifier import TransferClassifier
from pipelines.training.settings import is_none

_LOG = logging.getLogger("med2d")


def with_pretrained(
    network: TransferClassifier, weights: str | None, normalisation: Choice | None = None
) -> TransferClassifier:
    """Load weights into a classifier's backbone and log how much was loaded and how much trains.

    Args:
        network: the classifier, which is changed.
        weights: see ``networks.pretrained.load_pretrained``; the word ``null`` of a command line
            is none.
        normalisation: what the weights expect of the images; needed with a file.

    Returns:
        The same network.

    Raises:
        NetworkError: the weights cannot be had, fit too little, or nobody said what they expect.
    """
    weights = None if is_none(weights) else weights
    loaded = load_pretrained(network, weights, None if is_none(normalisation) else normalisation)
    if idist.get_rank() == 0:
        _LOG.info(f"weights: {loaded or 'random; a file of pretrained ones goes by --weights'}")
        counts = trained_layers(network)
        _LOG.info(
            f"training {counts['parameters_trained']:,} of {counts['parameters']:,} parameters, in "
            f"{counts['layers_trained']} of {counts['layers']} layers"
        )
    return network
