"""Backbones of torchvision, MONAI and timm as encoders of MONAI's FlexibleUNet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from monai.networks.blocks import BaseEncoder
from monai.networks.nets.flexible_unet import FLEXUNET_BACKBONE
from torch import nn

from networks.backbones import feature_channels, make_backbone
from networks.errors import NetworkError

STRIDES = (2, 4, 8, 16, 32)
"""How many times smaller than the image the maps are that a decoder takes."""

_PROBED = 128  # pixels
_EXPECTED = (
    "expected a sequence of layers that halves its maps five times, such as "
    "torchvision.mobilenet_v2, torchvision.resnet50, torchvision.vgg16 or timm.resnet18"
)


class _Offer(NamedTuple):
    """A backbone, the places of its layers that a decoder takes, and the channels there."""

    backbone: str
    options: dict[str, Any]
    places: list[int]
    channels: list[int]


_OFFERED: dict[str, _Offer] = {}


class BackboneEncoder(nn.Sequential, BaseEncoder):
    """The layers of a backbone, one after the other; gives the last maps of each size.

    ``FlexibleUNet`` makes it by the name that ``register_encoder`` gives. The parameters are named
    as those of the backbone, with ``_`` for the dots between sequences: ``features_0.0.weight``.

    Args:
        name: what ``register_encoder`` gave.
        in_channels: channels of the images.
        spatial_dims: 2.
        pretrained: must be false; weights are loaded by ``networks.pretrained.load_pretrained``.

    Raises:
        NetworkError: images of three dimensions, or pretrained weights, are asked for.
    """

    def __init__(
        self, name: str, in_channels: int = 3, spatial_dims: int = 2, pretrained: bool = False
    ) -> None:
        super().__init__()
        if spatial_dims != 2 or pretrained:
            raise NetworkError(
                f"the encoder {name} is for images of 2 dimensions and begins from random weights; "
                "weights are loaded by networks.pretrained.load_pretrained"
            )
        offer = _OFFERED[name]
        backbone = make_backbone(offer.backbone, in_channels, **offer.options)
        for place, (step, layer) in enumerate(_steps(backbone)):
            if place <= offer.places[-1]:
                self.add_module(step, layer)
        self.places = offer.places

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Gives the maps of half the size of images (batch, channels, height, width), of a quarter
        and so on down to a thirty-second."""
        found: list[torch.Tensor] = []
        maps = images
        for place, layer in enumerate(self):
            maps = layer(maps)
            if place in self.places:
                found.append(maps)
        return found

    @classmethod
    def get_encoder_names(cls) -> list[str]:
        """The names of all that was registered."""
        return list(_OFFERED)

    @classmethod
    def get_encoder_parameters(cls) -> list[dict[str, Any]]:
        """The arguments of each; MONAI puts its own into ``in_channels`` and ``pretrained``."""
        shape = {"spatial_dims": 2, "in_channels": 3, "pretrained": False}
        return [{"name": name, **shape} for name in _OFFERED]

    @classmethod
    def num_outputs(cls) -> list[int]:
        """How many maps each gives."""
        return [len(STRIDES)] * len(_OFFERED)

    @classmethod
    def num_channels_per_output(cls) -> list[tuple[int, ...]]:
        """The channels of the maps of each."""
        return [tuple(offer.channels) for offer in _OFFERED.values()]


def register_encoder(backbone: str, options: Mapping[str, Any] | None = None) -> str:
    """Makes a backbone known to ``FlexibleUNet``, which takes it by ``backbone=NAME``.

    Which layers give the skip connections is found by showing the backbone an image: those after
    which its maps become smaller.

    Args:
        backbone: library and model; see ``networks.backbones.make_backbone``.
        options: arguments of the library's model, such as ``{"width_mult": 0.35}``.

    Returns:
        The name, such as ``torchvision.mobilenet_v2(width_mult=0.35)``.

    Raises:
        NetworkError: there is no such backbone, its layers are no sequence, or it does not halve
            its maps five times.
    """
    given = dict(options or {})
    more = ", ".join(f"{key}={value!r}" for key, value in sorted(given.items()))
    name = f"{backbone}({more})" if more else str(backbone)
    if name not in _OFFERED:
        # Drawing the weights of a probe must not move the numbers that the network is made of.
        with torch.random.fork_rng(devices=[]):
            levels = _levels(make_backbone(backbone, 3, **given), name)
        places, channels = ([level[part] for level in levels] for part in (0, 1))
        _OFFERED[name] = _Offer(backbone, given, places, channels)
        FLEXUNET_BACKBONE.register_class(BackboneEncoder)
    return name


def _steps(network: nn.Module, start: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The layers of a sequence of sequences in their order."""
    for name, part in network.named_children():
        if type(part) is nn.Sequential:
            yield from _steps(part, f"{start}{name}_")
        else:
            yield start + name, part


@torch.no_grad()
def _levels(backbone: nn.Module, name: str) -> list[tuple[int, int]]:
    """Place and channels of the last layer of each size."""
    feature_channels(backbone.eval(), 3)
    images = torch.rand(1, 3, _PROBED, _PROBED)
    maps, levels = images.clone(), {}
    try:
        for place, (_, layer) in enumerate(_steps(backbone)):
            maps = layer(maps)
            levels[maps.shape[2]] = (place, maps.shape[1])
    except (AttributeError, IndexError, NotImplementedError, RuntimeError, TypeError) as error:
        raise NetworkError(f"the backbone {name} cannot be an encoder; {_EXPECTED}") from error
    whole = backbone(images)
    close = 1e-3 * float(whole.abs().max())
    is_sequence = maps.shape == whole.shape and torch.allclose(maps, whole, atol=close)
    missing = [stride for stride in STRIDES if _PROBED // stride not in levels]
    if missing or not is_sequence:
        found = f"gives no maps {missing[0]} times smaller" if missing else "is no sequence"
        raise NetworkError(f"the backbone {name} {found}; {_EXPECTED}")
    return [levels[_PROBED // stride] for stride in STRIDES]
