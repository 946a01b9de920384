"""What a lesion's map tells about a whole image: pooling by it."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

_FLOOR = 1e-3  # weight of a cell without lesion, so that an image without any is pooled evenly
_LARGEST = 8.0  # logit beyond which nothing is told apart
_SHARE = 64  # one in so many cells counts among the most suspicious


class LesionPooling(nn.Module):
    """Pools feature maps evenly and where the lesion is, and the map of the lesion itself.

    Pooling by a learned map is attention-gated classification (Schlemper et al.,
    doi:10.1016/j.media.2019.01.012).
    """

    def __init__(self) -> None:
        super().__init__()
        self.floor = _FLOOR
        self.largest = _LARGEST
        self.share = _SHARE

    @staticmethod
    def width(coarse: int, drawn: int) -> int:
        """Gives how many values an image gets, from the channels of the two kinds of maps."""
        return 2 * coarse + drawn + 3

    def forward(
        self, coarse: torch.Tensor, drawn: torch.Tensor, lesion: torch.Tensor
    ) -> torch.Tensor:
        """Gives (batch, width) values: the mean of the coarse maps, their mean weighted by the
        lesion's probability, that of the finer maps, the largest logit, the mean of the largest
        ones, and the lesion's share of the image.

        Args:
            coarse: the last feature maps, (batch, channels, rows, columns).
            drawn: those from which the lesion is drawn.
            lesion: the logit of each of their cells to hold lesion, (batch, 1, rows, columns).
        """
        probability = lesion.sigmoid()
        shrunk = functional.adaptive_avg_pool2d(probability, coarse.shape[-2:])
        cells = lesion.flatten(1).clamp(-self.largest, self.largest) * (2 / self.largest)
        most = cells.topk(max(1, cells.shape[1] // self.share), dim=1).values
        pooled = [
            coarse.mean(dim=(2, 3)),
            self.weighted(coarse, shrunk),
            self.weighted(drawn, probability),
            most[:, :1],
            most.mean(dim=1, keepdim=True),
            probability.mean(dim=(2, 3)) * 10,
        ]
        return torch.cat(pooled, dim=1)

    def weighted(self, maps: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Gives the means (batch, channels) of maps, weighted by (batch, 1, rows, columns)."""
        raised = weights + self.floor
        return (maps * raised).sum(dim=(2, 3)) / raised.sum(dim=(2, 3))
