"""The operating point of a classifier: the probability from which a class is called found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pipelines.deployment.array_answerer import INFERENCE, RECORD
from pipelines.deployment.called_classes import is_called
from pipelines.errors import InputError

_KIND = "class threshold"


@dataclass(frozen=True)
class ClassThreshold:
    """A threshold of one class's probability.

    Attributes:
        label: the class.
        place: its index.
        threshold: of its probability.
    """

    label: str
    place: int
    threshold: float

    def is_reached(self, probabilities: NDArray[Any]) -> bool:
        """Whether a picture's probabilities (classes,) call the class found."""
        # A float32 is made a float first: numpy would round the threshold, not the table's way.
        return is_called(float(probabilities[self.place]), self.threshold) == "yes"


def read_class_threshold(folder: Path, labels: list[str]) -> ClassThreshold | None:
    """Reads the operating point that a package has of a class.

    Args:
        folder: the package.
        labels: the classes of the model.

    Returns:
        None where it has none: a run's folder, a segmentation, or the most probable class.

    Raises:
        InputError: it cannot be read, is of no class of the model, or another one than that which
            the package's own predictions apply.
    """
    path = folder / RECORD
    if not path.is_file():
        return None
    try:
        point = json.loads(path.read_text(encoding="utf-8")).get("operating_point") or {}
        if point.get("kind") != _KIND:
            return None
        label, threshold = str(point["class"]), float(point["threshold"])
        applied = json.loads((folder / INFERENCE).read_text(encoding="utf-8")).get("thresholds")
        place = labels.index(label)
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: operating_point cannot be used ({error}); expected a class of the model and "
            "a threshold. Package the run again"
        ) from error
    if applied and applied != {label: threshold}:
        raise InputError(
            f"{folder / INFERENCE} has the thresholds {applied}, and {path} {threshold} for "
            f"{label}; one of them was changed. Package the run again"
        )
    return ClassThreshold(label, place, threshold)
