"""The temperature at which a classifier's logits mean what they say, fitted to answered images.

Source: Guo et al. 2017, On calibration of modern neural networks, arXiv:1706.04599, section 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax

BOUNDS = (0.05, 20.0)
"""The smallest and the largest temperature."""

FEW_MISTAKES = 5
"""With fewer wrong answers the temperature rests on next to nothing."""

_STEPS = 60  # of the search for the place of the minimum, which sigmoids may have several of

Table = NDArray[np.float64]


class Temperature(NamedTuple):
    """A fitted temperature.

    Attributes:
        value: within ``BOUNDS``.
        mistakes: how many of the images are answered wrong; no temperature changes that.
        remarks: what a reader must know of the images that it was fitted to.
    """

    value: float
    mistakes: int
    remarks: tuple[str, ...]


def log_probabilities(logits: Table, temperature: float, activation: str = "softmax") -> Table:
    """Gives the logarithms of the probabilities at a temperature, (images, classes).

    Args:
        logits: (images, classes).
        temperature: above 0; 1 leaves the answers as they are.
        activation: ``softmax``, or ``sigmoid`` of each class by itself, divided by their sum.
    """
    scaled = logits / temperature
    return log_softmax(log_expit(scaled) if activation == "sigmoid" else scaled, axis=1)


def fit_temperature(
    logits: Table, truth: NDArray[np.int64], labels: Sequence[str], activation: str = "softmax"
) -> Temperature:
    """Finds the temperature of the least mean negative log likelihood; every image counts alike.

    Where all images are answered right, ever smaller temperatures are ever likelier: nothing then
    tells how sure the answers may be, and the temperature stays 1.

    Args:
        logits: (images, classes), at least one image.
        truth: index of each image's class, (images,).
        labels: the class names in the order of their indices.
        activation: see ``log_probabilities``.
    """
    mistakes = int((logits.argmax(axis=1) != truth).sum())
    remarks = [f"no image is {labels[k]}" for k in range(len(labels)) if not (truth == k).any()]
    if not mistakes:
        return Temperature(1.0, 0, (*remarks, "no image is answered wrong: it stays 1"))
    if mistakes < FEW_MISTAKES:
        remarks.append(f"only {mistakes} of {len(truth)} images are answered wrong")
    value = _least(logits, truth, activation)
    if value == BOUNDS[1]:
        remarks.append(
            f"the answers tell nothing of the classes: at {value:g} they are almost even"
        )
    elif value == BOUNDS[0]:
        remarks.append(f"it would be below {value:g}, which is the least that is tried")
    return Temperature(value, mistakes, tuple(remarks))


def _least(logits: Table, truth: NDArray[np.int64], activation: str) -> float:
    """Searches the logarithm of the temperature: over all of its range, then near the best."""
    images = np.arange(len(truth))

    def loss(temperature: float) -> float:
        answers = log_probabilities(logits, temperature, activation)
        return -float(answers[images, truth].mean())

    def loss_at(logarithm: float) -> float:
        return loss(float(np.exp(logarithm)))

    grid = np.log(np.geomspace(BOUNDS[0], BOUNDS[1], _STEPS + 1))
    best = int(np.argmin([loss_at(one) for one in grid]))
    near = grid[max(best - 1, 0)], grid[min(best + 1, _STEPS)]
    found = minimize_scalar(loss_at, bounds=near, method="bounded", options={"xatol": 1e-6})
    return min((1.0, *BOUNDS, float(np.exp(found.x))), key=loss)
