"""Which layers of a pretrained backbone train, and which keep their weights."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import nn

from networks.errors import NetworkError

Trained = str | Mapping[str, int | str]
_KINDS = ("first", "last", "pattern")


def layers(network: nn.Module) -> list[tuple[str, nn.Module]]:
    """Lists the layers that have weights of their own, from the image on.

    A convolution is one layer, and so is the normalisation after it; activations and pooling have
    nothing to train and do not count.

    Returns:
        Names and modules, in the order in which the network defines them.
    """
    return [
        (name, module)
        for name, module in network.named_modules()
        if any(True for _ in module.parameters(recurse=False))
    ]


def freeze(network: nn.Module, trained: Trained) -> None:
    """Lets some layers train and freezes the others.

    Args:
        network: the backbone.
        trained: ``all``; ``none``; ``{"first": n}`` or ``{"last": n}`` layers; or ``{"pattern":
            expression}``: the layers in whose name the regular expression is found.

    Raises:
        NetworkError: none of these, more layers than there are, or a pattern that fits no layer.
    """
    found = layers(network)
    chosen = _chosen([name for name, _ in found], trained)
    for (_, module), trains in zip(found, chosen, strict=True):
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad_(trains)


def hold_frozen_statistics(network: nn.Module) -> None:
    """Puts the batch norms whose weights are frozen into evaluation mode.

    A frozen layer whose running statistics moved would no longer be the one that was pretrained.
    To be called after ``network.train()``.
    """
    for module in network.modules():
        own = list(module.parameters(recurse=False))
        frozen = bool(own) and not any(parameter.requires_grad for parameter in own)
        if frozen and isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


def trained_layers(network: nn.Module) -> dict[str, int]:
    """Counts what trains.

    Returns:
        ``layers`` and ``layers_trained``, ``parameters`` and ``parameters_trained``.
    """
    found = [list(module.parameters(recurse=False)) for _, module in layers(network)]
    parameters = list(network.parameters())
    return {
        "layers": len(found),
        "layers_trained": sum(any(p.requires_grad for p in own) for own in found),
        "parameters": sum(p.numel() for p in parameters),
        "parameters_trained": sum(p.numel() for p in parameters if p.requires_grad),
    }


def _chosen(names: list[str], trained: Trained) -> list[bool]:
    if trained in ("all", "none"):
        return [trained == "all"] * len(names)
    if not isinstance(trained, Mapping) or len(trained) != 1 or next(iter(trained)) not in _KINDS:
        raise NetworkError(
            f'trained is {trained!r}; expected "all", "none", {{"first": n}}, {{"last": n}} or '
            '{"pattern": "…"}'
        )
    kind, value = next(iter(trained.items()))
    if kind == "pattern":
        return _matching(names, str(value))
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= len(names):
        raise NetworkError(
            f"trained is {kind} {value!r}; expected a whole number up to {len(names)}, the layers "
            "of this backbone"
        )
    start = 0 if kind == "first" else len(names) - value
    return [start <= place < start + value for place in range(len(names))]


def _matching(names: list[str], pattern: str) -> list[bool]:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise NetworkError(f"trained has the pattern {pattern!r}, which is none: {error}") from None
    found = [expression.search(name) is not None for name in names]
    if not any(found):
        raise NetworkError(
            f"trained has the pattern {pattern!r}, which fits no layer; they are called "
            f"{', '.join(names[:3])}, …, {names[-1]}"
        )
    return found
