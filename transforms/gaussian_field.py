"""Correlated noise of unit variance: what speckle and haze are made of."""

from __future__ import annotations

import torch
from monai.networks.layers import gaussian_1d


def gaussian_field(height: int, width: int, grain: tuple[float, float], seed: int) -> torch.Tensor:
    """Draw a stationary Gaussian field, white noise smoothed by a Gaussian.

    Args:
        height: rows.
        width: columns.
        grain: sigma of the smoothing down the rows and across them, pixels; 0 for none.
        seed: the same gives the same field.

    Returns:
        (height, width); every pixel has mean 0 and variance 1, those at the margin too.
    """
    kernels = [_kernel(sigma) for sigma in grain]
    rows, columns = (len(kernel) - 1 for kernel in kernels)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn((1, 1, height + rows, width + columns), generator=generator)
    noise = torch.nn.functional.conv2d(noise, kernels[0].reshape(1, 1, -1, 1))
    return torch.nn.functional.conv2d(noise, kernels[1].reshape(1, 1, 1, -1))[0, 0]


def _kernel(sigma: float) -> torch.Tensor:
    """A Gaussian that keeps the variance of white noise."""
    kernel = gaussian_1d(torch.tensor(float(sigma))) if sigma > 0 else torch.ones(1)
    return kernel / kernel.norm()
