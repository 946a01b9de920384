"""Speckle: the multiplicative grain of coherent imaging."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from monai.config import KeysCollection
from scipy.special import gammaincinv, gammaln, ndtr

from transforms.gaussian_field import gaussian_field
from transforms.parameter_range import Range, parameter, parameter_range
from transforms.random_change import RandChanged

LAWS = ("rayleigh", "nakagami")
_NORMALS = np.linspace(-5, 5, 501)  # quantiles beyond are those of the ends


class Speckle(NamedTuple):
    """What was drawn: strength, shape of the law, grain in pixels (rows, columns), seed."""

    strength: float
    m: float
    grain: tuple[float, float]
    seed: int


class RandSpeckled(RandChanged):
    """Multiplies images by speckle: y = x (1 + s (n - 1)), n an amplitude of mean 1.

    n follows the Nakagami law of shape m, p(r) = 2 m^m r^(2m - 1) exp(-m r^2) / Gamma(m), divided
    by its mean. m = 1 is the Rayleigh law of fully developed speckle (coefficient of variation
    0.52); m < 1 has few scatterers in a resolution cell, m > 1 a regular or coherent part. The
    amplitudes are those of a Gaussian field with the grain's correlation, mapped by the quantiles.

    On a display of D decibels fully developed speckle has a standard deviation of 5.57 / D, which
    s = 0.3 makes of a grey of 0.6 where D = 60. The image has its own speckle already.

    Sources: Burckhardt 1978, Speckle in ultrasound B-mode scans, IEEE Trans. Sonics Ultrason.
    25(1):1-6, https://ieeexplore.ieee.org/document/1539054 (Rayleigh); Shankar 2000,
    doi:10.1109/58.842062 (Nakagami).

    Args:
        keys: images (channel, height, width), in [0, 1]; all channels get the same speckle.
        prob: part of the samples that are changed.
        strength: s, 0 to 1; 0 changes nothing.
        law: ``rayleigh``, or ``nakagami`` with shapes ``m``.
        m: shapes of the Nakagami law, 0.5 to 20.
        grain: sigma of the grain's correlation down the rows and across them, pixels, 0 to 20.
            Lateral resolution is poorer than axial resolution.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: a parameter outside its range, or another law.
    """

    def __init__(
        self,
        keys: KeysCollection,
        prob: float = 0.3,
        strength: Range = (0.1, 0.3),
        law: str = "rayleigh",
        m: Range = (0.5, 2.0),
        grain: tuple[float, float] = (0.5, 1.0),
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, prob, allow_missing_keys)
        if law not in LAWS:
            raise ValueError(f"law is {law!r}; expected one of {', '.join(LAWS)}")
        self.strength = parameter_range("strength", strength, 0, 1)
        self.m = parameter_range("m", m, 0.5, 20) if law == "nakagami" else (1.0, 1.0)
        if not isinstance(grain, list | tuple) or len(grain) != 2:
            raise ValueError(
                f"grain is {grain!r}; expected two numbers of pixels, rows and columns"
            )
        down, across = (parameter("grain", each, 0, 20) for each in grain)
        self.grain = (down, across)

    def drawn(self) -> Speckle:
        """Draw strength, shape and the seed of the noise."""
        strength, m = self.uniform(*self.strength), self.uniform(*self.m)
        return Speckle(strength, m, self.grain, self.seed())

    def changed(self, image: torch.Tensor) -> torch.Tensor:
        """Multiply by what was drawn."""
        return speckled(image, *self.draw)


def speckled(
    image: torch.Tensor, strength: float, m: float, grain: tuple[float, float], seed: int
) -> torch.Tensor:
    """Multiply an image (channel, height, width) by speckle; see ``RandSpeckled``."""
    _, height, width = image.shape
    field = gaussian_field(height, width, grain, seed).numpy()
    amplitudes = np.interp(field, _NORMALS, _quantiles(m)).astype(np.float32)
    return image * (1 + strength * (torch.from_numpy(amplitudes) - 1))


def _quantiles(m: float) -> np.ndarray:
    """Amplitudes of the Nakagami law of mean 1 at the probabilities of the normal quantiles."""
    mean = np.exp(gammaln(m + 0.5) - gammaln(m)) / np.sqrt(m)
    return np.sqrt(gammaincinv(m, ndtr(_NORMALS)) / m) / mean
