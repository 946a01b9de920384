"""Gain in decibels, as it changes what a scanner displays."""

from __future__ import annotations

import torch

DYNAMIC_RANGE = (20.0, 120.0)
"""Decibels between black and white that a display may have."""

_TOE = 0.05  # of [0, 1]: darker pixels are next to the display's black, and follow a gain less


def display_gain(image: torch.Tensor, decibels: torch.Tensor, dynamic_range: float) -> torch.Tensor:
    """Change the gain of a log-compressed image.

    A display of D decibels shows an echo of amplitude A as x = 1 + 20 log10(A) / D, so that a gain
    of g decibels makes x + g / D of it. Below black nothing is known: a gain of more than zero
    lifts a pixel in proportion to x where x < 0.05, and leaves black as it is.

    Log compression: Ma, Chapman and Lazenby 1995, doi:10.1109/ULTSYM.1995.495811.

    Args:
        image: (channel, height, width), in [0, 1].
        decibels: of each pixel, or of what broadcasts to it.
        dynamic_range: D, decibels between black and white.

    Returns:
        The image, in [0, 1].
    """
    step = decibels / dynamic_range
    follows = torch.where(step > 0, (image / _TOE).clamp(max=1), torch.ones_like(image))
    return (image + step * follows).clamp(0, 1)
