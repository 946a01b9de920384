"""Classes that are called from a probability on: the operating points of a classification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.errors import InputError
from pipelines.training.workflow import given_overrides

CALLED = "called_"
"""Put before a class's name: the column that says whether its threshold is reached."""


_ANSWERS = {
    *("weights", "ensemble", "image_size", "flip_average", "calibrated", "activation"),
    *("network_def", "network", "preprocessing", "postprocessing", "inferer"),
}
"""Settings by which a bundle's probabilities become others."""


def is_called(probability: float, threshold: float) -> str:
    """What a table says of a probability at an operating point: ``yes`` from the threshold on."""
    return "yes" if probability >= threshold else "no"


def check_thresholds(thresholds: Any, labels: Sequence[str]) -> None:
    """Check the operating points of a classification, and that they fit what is asked.

    Args:
        thresholds: of the probability of classes, by name.
        labels: all class names.

    Raises:
        InputError: it is no such mapping, names no class of the model, a threshold is no
            probability above 0, or the running ``monai.bundle run`` was told to answer otherwise
            than the thresholds of its configuration were chosen for.
    """
    expected = "expected thresholds of classes, such as {'" + labels[-1] + "': 0.3}, or {}"
    if not isinstance(thresholds, Mapping):
        raise InputError(f"thresholds is {thresholds!r}; {expected}")
    for label, value in thresholds.items():
        if label not in labels:
            known = ", ".join(map(repr, labels))
            raise InputError(f"thresholds names {label!r}; the classes are {known}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            raise InputError(
                f"thresholds::{label} is {value!r}; expected a number above 0, up to 1"
            )
    _, overrides = given_overrides()
    names = {str(name).lstrip("+").replace("#", "::").split("::")[0] for name in overrides}
    if thresholds and "thresholds" not in names and names & _ANSWERS:
        others = sorted(f"--{name}" for name in names & _ANSWERS)
        raise InputError(
            f"{' and '.join(others)} {'make' if len(others) > 1 else 'makes'} other probabilities "
            f"than those for which the threshold of {' and '.join(thresholds)} was chosen; give "
            '--thresholds, too, with one of yours, or --thresholds "{}" for none'
        )
