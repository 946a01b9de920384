"""Parameter groups of an optimiser: slower below, faster at the head, L2 by layer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import nn

from networks.errors import NetworkError
from networks.frozen_layers import layers


def parameter_groups(
    network: nn.Module,
    learning_rate: float,
    head_rate: float | None = None,
    depth_decay: float = 1.0,
    weight_decay: float = 0.0,
    l2: Mapping[str, float] | None = None,
) -> list[dict[str, Any]]:
    """Makes the parameter groups of a classifier with a ``backbone`` and a head.

    The layer at the image learns by ``learning_rate * depth_decay``, the last of the backbone by
    ``learning_rate``, those between by geometric steps (discriminative fine-tuning, Howard and
    Ruder, doi:10.18653/v1/P18-1031). Biases and normalisation layers get no weight decay.

    Args:
        network: the classifier; of a ``DistributedDataParallel`` the inner one is taken.
        learning_rate: of the backbone's last layer.
        head_rate: of the head; that of the backbone where not given.
        depth_decay: in (0, 1], how much slower the first layer learns.
        weight_decay: of the weights of all layers.
        l2: weight decay by regular expression of the parameter's name, such as ``{"head.dense":
            0.01}``; the first that is found in a name counts.

    Returns:
        Groups with ``params``, ``lr``, ``weight_decay`` and ``name``, in order of depth; frozen
        parameters are in them, too, so that they can be unfrozen later.

    Raises:
        NetworkError: an argument is out of its range, or an expression fits no parameter.
    """
    inner: Any = getattr(network, "module", network)
    if not 0 < depth_decay <= 1:
        raise NetworkError(f"depth_decay is {depth_decay}; expected above 0 and at most 1")
    rates = _rates(inner, learning_rate, head_rate, depth_decay)
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    unused = set(l2 or {})
    for name, parameter in inner.named_parameters():
        decay, used = _decay(name, parameter, weight_decay, l2 or {})
        unused -= used
        key = rates[name], decay
        group = groups.setdefault(key, {"params": [], "lr": key[0], "weight_decay": decay})
        group["params"].append(parameter)
        group.setdefault("name", name)
    if unused:
        raise NetworkError(f"l2 names {', '.join(sorted(unused))}, which fits no parameter")
    return list(groups.values())


def _rates(
    network: nn.Module, learning_rate: float, head_rate: float | None, depth_decay: float
) -> dict[str, float]:
    """Gives the learning rate of each parameter by its name."""
    rates = dict.fromkeys(dict(network.named_parameters()), head_rate or learning_rate)
    backbone = getattr(network, "backbone", None)
    if not isinstance(backbone, nn.Module):
        return dict.fromkeys(rates, learning_rate)
    found = layers(backbone)
    for place, (name, module) in enumerate(found):
        above = 1 - place / max(len(found) - 1, 1)
        for leaf, _ in module.named_parameters(recurse=False):
            full = ".".join(part for part in ("backbone", name, leaf) if part)
            rates[full] = learning_rate * depth_decay**above
    return rates


def _decay(
    name: str, parameter: nn.Parameter, weight_decay: float, l2: Mapping[str, float]
) -> tuple[float, set[str]]:
    """Gives the weight decay of a parameter, and the expression that said so."""
    for pattern, value in l2.items():
        if re.search(pattern, name):
            return float(value), {pattern}
    return (weight_decay if parameter.ndim > 1 else 0.0), set()
