"""Signatures of small copies: low frequencies, each as far from the set's mean as is usual in it.

Two signatures are compared by their scalar product. What all pictures of a set have in common, such
as a fade with depth, does not make them alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.duplicate_orientations import ORIENTATIONS, orient_frequencies
from pipelines.datasets.duplicate_windows import used, whole_frequencies, window_frequencies

_SAMPLE = 4096  # pictures that tell what is usual
_FEW = 20  # as many pictures say as much as what is known without any
_FAINT = 64.0  # sum of squared frequencies of a picture whose grey levels differ by a fraction of 1
_RELATED = 0.4  # how far the relations between frequencies are trusted

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Signatures:
    """What turns frequencies into signatures.

    Attributes:
        mean: frequencies of the mean picture (d,), float32.
        scale: matrix (d, d), float32, that makes all directions equally wide.
    """

    mean: Floats
    scale: Floats

    def of_windows(self, smalls: NDArray[np.uint8]) -> Floats:
        """Gives the signatures (n, windows, d) of the windows of small copies."""
        return self._scaled(window_frequencies(smalls))

    def of_orientations(self, smalls: NDArray[np.uint8]) -> Floats:
        """Gives the signatures (n, 8, d) of small copies in the order of ``orient``."""
        whole = whole_frequencies(smalls)
        turned = [orient_frequencies(whole, number) for number in range(ORIENTATIONS)]
        return self._scaled(np.stack(turned, axis=1))

    def _scaled(self, frequencies: Floats) -> Floats:
        """Scales frequencies to unit length; what shows nothing has none, and is like nothing."""
        wanted = frequencies[..., used()]
        shown = np.square(wanted).sum(axis=-1, keepdims=True) > _FAINT
        scaled = (wanted - self.mean) @ self.scale
        length = np.sqrt(np.square(scaled).sum(axis=-1, keepdims=True))
        return np.asarray(scaled / np.maximum(length, 1e-6) * shown)


def learned(smalls: NDArray[np.uint8]) -> Signatures:
    """Learns from a set what is usual in it.

    Args:
        smalls: small copies (n, SIDE, SIDE), uint8.

    Returns:
        The signatures; those of few pictures lean on the usual decay of frequencies in pictures.
    """
    step = -(-len(smalls) // _SAMPLE) or 1
    values = whole_frequencies(smalls[::step])[:, used()].astype(np.float64)
    count = len(values)
    trust = count / (count + _FEW)
    mean = values.mean(axis=0) * trust if count else np.zeros(values.shape[1])
    apart = values - mean
    relation = apart.T @ apart / max(count, 1)
    decay = 1 / _distance()
    usual = decay * (np.trace(relation) / decay.sum() + 1)
    width = trust * np.diag(relation) + (1 - trust) * usual
    covariance = np.diag(width) + trust * _RELATED * (relation - np.diag(np.diag(relation)))
    scale = np.linalg.inv(np.linalg.cholesky(covariance)).T
    return Signatures(mean.astype(np.float32), scale.astype(np.float32))


def _distance() -> NDArray[np.float64]:
    """Gives the squared distance of each used frequency from the mean: power decays with it."""
    along = np.square(np.arange(len(used())))
    return np.add.outer(along, along)[used()].astype(np.float64)
