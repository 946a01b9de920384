"""A feature pyramid: the last maps of a backbone, made finer by those before them."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from networks.errors import NetworkError

_PROBED = 128  # pixels


class PyramidLevels:
    """What a network with ``normalisation``, ``backbone`` and ``places`` gives to its pyramid."""

    def levels(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Gives the last feature maps, then those of twice their size, and so on.

        Args:
            images: (batch, in_channels, height, width) in [0, 1].
        """
        maps = self.normalisation(images)  # type: ignore[attr-defined]
        found: list[torch.Tensor] = []
        for place, layer in enumerate(self.backbone.features):  # type: ignore[attr-defined]
            maps = layer(maps)
            if place in self.places:  # type: ignore[attr-defined]
                found.append(maps)
        return found[::-1]


class FeaturePyramid(nn.Module):
    """Brings the last feature maps to a finer size, and adds what the earlier layers saw there.

    Lin et al. 2017, Feature Pyramid Networks, doi:10.1109/CVPR.2017.106.

    Args:
        widths: channels of the levels, those of the last maps first.
        channels: of the pyramid.
    """

    def __init__(self, widths: list[int], channels: int = 64) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(convolution(width, channels, 1) for width in widths)
        self.smooth = nn.ModuleList(convolution(channels, channels, 3) for _ in widths[1:])

    def forward(self, levels: list[torch.Tensor]) -> torch.Tensor:
        """Gives maps (batch, channels, rows, columns) of the size of the finest level.

        Args:
            levels: what ``PyramidLevels.levels`` gave.
        """
        above = levels[0]
        for place, lateral in enumerate(self.lateral):
            if place == 0:
                above = lateral(above)
            else:
                finer = levels[place]
                grown = functional.interpolate(above, size=finer.shape[-2:], mode="bilinear")
                above = lateral(finer) + grown
                for smoothed, smooth in enumerate(self.smooth):
                    if smoothed == place - 1:
                        above = smooth(above)
        return above


def convolution(inputs: int, outputs: int, size: int) -> nn.Sequential:
    """A convolution that keeps the size of its maps, batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def pyramid_places(
    backbone: nn.Module, in_channels: int, doublings: int
) -> tuple[list[int], list[int]]:
    """Finds the layers of a backbone whose maps a pyramid takes.

    Args:
        backbone: one sequence of layers called ``features``, as torchvision's MobileNet,
            EfficientNet and VGG are.
        in_channels: channels of the images.
        doublings: how often the size of the last maps is doubled.

    Returns:
        Places of the layers, the finest first: of each size the last layer; and the channels of
        their maps, the last maps first.

    Raises:
        NetworkError: the backbone is no such sequence, or has no maps of one of the sizes.
    """
    names = [name for name, _ in backbone.named_children()]
    if names != ["features"] or not isinstance(backbone.features, nn.Sequential):
        raise NetworkError(
            "a feature pyramid needs a backbone of one sequence of layers, such as "
            f"torchvision.mobilenet_v2; this one has {', '.join(names)}"
        )
    was_training = backbone.training
    maps, sizes = torch.zeros(1, in_channels, _PROBED, _PROBED), []
    with torch.no_grad():
        for layer in backbone.eval().features:
            maps = layer(maps)
            sizes.append(tuple(maps.shape[1:3]))
    backbone.train(was_training)
    places = []
    for times in range(doublings, -1, -1):
        wanted = sizes[-1][1] * 2**times
        found = [place for place, (_, rows) in enumerate(sizes) if rows == wanted]
        if not found:
            raise NetworkError(
                f"no layer of the backbone gives maps of {2**times} times the size of the last"
            )
        places.append(found[-1])
    return places, [sizes[place][0] for place in reversed(places)]
