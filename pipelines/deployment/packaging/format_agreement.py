"""Whether a network in another format answers as the network itself does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.deployment.array_answerer import CLASSIFICATION, Answer, ArrayAnswerer
from pipelines.deployment.read_picture import read_picture
from pipelines.errors import InputError
from pipelines.progress import counting

Network = Callable[[torch.Tensor], torch.Tensor]

TOLERANCE = 1e-4
"""Largest difference of a probability, and how near to the threshold a pixel may change sides."""

_TOGETHER = 8  # images in a batch


@dataclass
class Agreement:
    """How far the answers of a format are from those of the network.

    Attributes:
        name: of the format.
        images: how many were answered by both, one at a time.
        in_batches: how many of them were answered again in batches of several.
        largest_difference: of a probability of a class, or of a pixel.
        worst: the image with it.
        differing: images whose class, or some pixel of whose mask, differs.
        wrong_pixels: pixels that differ though their probability is not near the threshold; of a
            classification, images whose class differs though two classes are not near each other.
            Those of batches count once more, as the network answers them: before small regions
            are removed.
    """

    name: str
    images: int = 0
    in_batches: int = 0
    largest_difference: float = 0.0
    worst: str = ""
    differing: int = 0
    wrong_pixels: int = 0

    def compare(self, own: NDArray[Any], other: NDArray[Any], name: str) -> None:
        """Compares probabilities."""
        far = float(np.abs(own.astype(np.float64) - other).max())
        if math.isnan(self.largest_difference):
            return
        if not far <= self.largest_difference:  # also where it is not a number
            self.largest_difference, self.worst = far, name

    @property
    def holds(self) -> bool:
        """Whether the format answers as the network does."""
        return self.largest_difference <= TOLERANCE and self.wrong_pixels == 0

    def record(self) -> dict[str, Any]:
        """What ``package.json`` says of it."""
        return {
            "format": self.name,
            "images": self.images,
            "in_batches": self.in_batches,
            "largest_difference": self.largest_difference,
            "differing_images": self.differing,
            "differing_away_from_threshold": self.wrong_pixels,
            "tolerance": TOLERANCE,
        }


def agreements(
    answerer: ArrayAnswerer,
    networks: Mapping[str, Network],
    pictures: Sequence[Path],
    shape: tuple[int, ...],
    threshold: float | None = None,
    activation: str | None = None,
) -> list[Agreement]:
    """Lets a network and the same in other formats answer pictures, one by one and in batches.

    Args:
        answerer: answers by the network itself.
        networks: the formats by their names.
        pictures: files.
        shape: of an image as the network sees it, (channels, height, width); prepared pictures of
            another, which are answered by windows, are not put together.
        threshold: from which probability a pixel belongs to the mask; None where the most probable
            class is taken.
        activation: how logits become probabilities; see ``ClassProbabilitiesd``.

    Raises:
        InputError: a picture cannot be answered.
    """
    own = answerer.network
    found = [Agreement(name) for name in networks]
    batch = _Batch(own, list(networks.values()), found, threshold, activation)
    with counting("comparing") as report, torch.no_grad():
        for done, path in enumerate(pictures, 1):
            picture = read_picture(path, answerer.channels)
            answer = answerer.answer(picture, path.name)
            for agreement, network in zip(found, networks.values(), strict=True):
                with _answering(answerer, network):
                    other = answerer.answer(picture, path.name)
                agreement.images += 1
                agreement.compare(answer.probabilities, other.probabilities, path.name)
                wrong, differs = _differing(answer, other, answerer.task, threshold)
                agreement.wrong_pixels += wrong
                agreement.differing += differs
            image = answerer.prepared(picture, path.name)
            if image.shape[1:] == shape:
                batch.add(image)
            report(done, len(pictures))
        batch.answer()
    return found


def check_agreements(found: Sequence[Agreement]) -> None:
    """Refuses formats that answer otherwise than the network.

    Raises:
        InputError: says which, and by how much.
    """
    wrong = [each for each in found if not each.holds]
    if not wrong:
        return
    told = "; ".join(
        f"{each.name} differs by up to {each.largest_difference:.2g} in a probability "
        f"({each.worst}), and in {each.wrong_pixels} place(s) of the answers that are not near "
        f"the threshold, over {each.images} images"
        for each in wrong
    )
    raise InputError(
        f"the formats do not agree with the network: {told}; allowed are {TOLERANCE:g} and none. "
        "No package was written. Leave the format out by --formats"
    )


class _Batch:
    """Collects prepared pictures of one shape and compares the answers to all of them at once."""

    def __init__(
        self,
        own: Network,
        networks: Sequence[Network],
        found: Sequence[Agreement],
        threshold: float | None,
        activation: str | None,
    ) -> None:
        self.own, self.networks, self.found, self.threshold = own, networks, found, threshold
        single = threshold is not None or activation == "sigmoid"
        self.probabilities = torch.sigmoid if single else _softmax
        self.waiting: list[torch.Tensor] = []

    def add(self, image: torch.Tensor) -> None:
        self.waiting.append(image)
        if len(self.waiting) == _TOGETHER:
            self.answer()

    def answer(self) -> None:
        together, count = self.waiting, len(self.waiting)
        self.waiting = []
        if count < 2:
            return
        images = torch.cat(together)
        expected = self.probabilities(self.own(images)).numpy()
        for agreement, network in zip(self.found, self.networks, strict=True):
            given = self.probabilities(network(images)).numpy()
            agreement.compare(expected, given, f"a batch of {count}")
            agreement.wrong_pixels += self._wrong(expected, given)
            agreement.in_batches += count

    def _wrong(self, expected: NDArray[Any], given: NDArray[Any]) -> int:
        """Counts classes, of images or of pixels, that differ away from the threshold."""
        if self.threshold is not None:
            differing = (expected >= self.threshold) != (given >= self.threshold)
            return int((differing & (np.abs(expected - self.threshold) > TOLERANCE)).sum())
        differing = expected.argmax(axis=1) != given.argmax(axis=1)
        return int((differing & (_lead(np.moveaxis(expected, 1, 0)) > TOLERANCE)).sum())


def _softmax(logits: torch.Tensor) -> torch.Tensor:
    return logits.softmax(dim=1)


@contextmanager
def _answering(answerer: ArrayAnswerer, network: Network) -> Iterator[None]:
    own = answerer.network
    answerer.network = network  # type: ignore[assignment]
    try:
        yield
    finally:
        answerer.network = own


def _differing(
    answer: Answer, other: Answer, task: str, threshold: float | None
) -> tuple[int, bool]:
    """Counts what differs away from the threshold, and tells whether anything does."""
    if task == CLASSIFICATION:
        differs = answer.label != other.label
        return int(differs and _lead(answer.probabilities) > TOLERANCE), differs
    assert answer.mask is not None and other.mask is not None  # of a segmentation
    differing = answer.mask != other.mask
    if threshold is not None:
        margin = np.abs(answer.probabilities[0] - threshold)
    else:
        margin = _lead(answer.probabilities)
    return int((differing & (margin > TOLERANCE)).sum()), bool(differing.any())


def _lead(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far the most probable class leads, along the first axis."""
    ordered = np.sort(probabilities, axis=0)
    return ordered[-1] - ordered[-2]


def check_enough(pictures: Sequence[Path], least: int) -> None:
    """Refuses a comparison over too few pictures.

    Raises:
        InputError: there are fewer than ``least``.
    """
    if len(pictures) < least:
        raise InputError(
            f"there are {len(pictures)} pictures to compare the formats on; expected {least}"
        )
