"""Where in an image a network saw the class that it answered, by Grad-CAM."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from copy import deepcopy

import torch
from monai.visualize import GradCAM
from torch import nn

from networks.calibrated_classifier import CalibratedClassifier
from networks.ensemble import Ensemble
from pipelines.errors import first_line

_LOG = logging.getLogger("med2d")
_POOLINGS = (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)


def heat_maps(
    network: nn.Module, images: Sequence[torch.Tensor], classes: Sequence[int]
) -> list[torch.Tensor] | None:
    """Computes a heat map of each image for a class; the network stays as it is.

    Of an ensemble it is the mean of the members' maps.

    Args:
        network: a classifier that gives logits (batch, classes).
        images: each (channels, height, width), preprocessed.
        classes: index of the class whose heat is asked, for each image.

    Returns:
        Maps (height, width) in [0, 1], on the CPU, each scaled by its own maximum: 0 everywhere
        where nothing speaks for the class. None, and a warning, for a network without feature maps.

    Source: Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74.
    """
    if not images:
        return []
    whole = getattr(network, "module", network)
    members = list(whole.members) if isinstance(whole, Ensemble) else [whole]
    copies = [_own_copy(_classifier(member)) for member in members]
    layers = [feature_layer(member, images[0]) for member in copies]
    if None in layers:
        _LOG.warning("the network has no feature maps, so there are no heat maps of its mistakes")
        return None
    try:
        cams = [_grad_cam(*pair) for pair in zip(copies, layers, strict=True)]
        return [
            torch.stack([_heat(cam, image, index) for cam in cams]).mean(dim=0)
            for image, index in zip(images, classes, strict=True)
        ]
    except RuntimeError as error:  # a network that writes over its own maps has no gradients
        _LOG.warning(f"there are no heat maps of the mistakes: {first_line(error)}")
        return None


def _classifier(network: nn.Module) -> nn.Module:
    """What answers the upright image; a temperature would change no map."""
    return network.network if isinstance(network, CalibratedClassifier) else network


def _own_copy(network: nn.Module) -> nn.Module:
    # Contiguous: MONAI's Grad-CAM takes views of gradients, which channels-last ones do not give.
    copy = deepcopy(network).eval().requires_grad_()
    return copy.to(memory_format=torch.contiguous_format)


def feature_layer(network: nn.Module, image: torch.Tensor) -> str | None:
    """Names the last layer whose answer to an image still has rows and columns, before pooling.

    Args:
        network: the classifier, in evaluation mode.
        image: (channels, height, width).

    Returns:
        Its name among ``network.named_modules()``; None where there is none.
    """
    found: list[str] = []

    def watch(name: str) -> None:
        def hook(module: nn.Module, _: object, answer: object) -> None:
            is_map = isinstance(answer, torch.Tensor) and answer.ndim == 4
            if is_map and answer.shape[2:].numel() > 1 and not isinstance(module, _POOLINGS):  # type: ignore[union-attr, attr-defined]
                found.append(name)

        handles.append(network.get_submodule(name).register_forward_hook(hook))

    handles: list[torch.utils.hooks.RemovableHandle] = []
    for name, _ in network.named_modules():
        if name:
            watch(name)
    with torch.no_grad():
        network(image[None].to(_device(network)))
    for handle in handles:
        handle.remove()
    return found[-1] if found else None


def _grad_cam(network: nn.Module, layer: str | None) -> GradCAM:
    return GradCAM(nn_module=network, target_layers=str(layer), postprocessing=lambda maps: maps)


def _heat(cam: GradCAM, image: torch.Tensor, index: int) -> torch.Tensor:
    inputs = image[None].to(_device(cam.nn_module.model)).requires_grad_()
    heat = cam(inputs, class_idx=index)[0, 0].detach().float().cpu()
    return heat / heat.max().clamp(min=torch.finfo(heat.dtype).tiny)


def _device(network: nn.Module) -> torch.device:
    return next(network.parameters()).device
