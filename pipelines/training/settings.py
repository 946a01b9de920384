"""Check the top-level settings of a bundle run before anything is made of them."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from pipelines.errors import InputError, first_line
from transforms.class_probabilities import ACTIVATIONS

_TEXTS = ("name", "dataset_dir", "output_dir", "weights")

Rule = tuple[Callable[[int | float], bool], str]
_FROM_ONE: Rule = (lambda v: isinstance(v, int) and v >= 1, "a whole number of at least 1")
_FROM_ZERO: Rule = (lambda v: isinstance(v, int) and v >= 0, "a whole number of at least 0")
_RULES: dict[str, Rule] = {
    "learning_rate": (lambda v: 0 < v < math.inf, "a number above 0"),
    "threshold": (lambda v: 0 < v < 1, "a number between 0 and 1"),
    "positive_weight": (lambda v: 0 < v < math.inf, "a number above 0, or None"),
    "head_rate": (lambda v: 0 < v < math.inf, "a number above 0, or None"),
    "weight_decay": (lambda v: 0 <= v < math.inf, "a number of at least 0"),
    "label_smoothing": (lambda v: 0 <= v < 1, "a number from 0 to below 1"),
    "class_weight_exponent": (lambda v: 0 <= v < math.inf, "a number of at least 0"),
    "least_share": (lambda v: 0 <= v < 1, "a share of the image, from 0 to below 1, or None"),
    "boundary_tolerance": (lambda v: 0 <= v < math.inf, "a number of pixels, at least 0"),
    "cache_gigabytes": (lambda v: 0 <= v < math.inf, "a number of at least 0"),
    **dict.fromkeys(("num_workers", "seed", "fold"), _FROM_ZERO),
}
_MAY_BE_NONE = ("positive_weight", "head_rate", "least_share")


def check_texts(given: Mapping[str, Any]) -> None:
    """Check overrides that name a file or folder: the command line makes a number of ``2024``.

    Args:
        given: overrides by name.

    Raises:
        InputError: one of those names was given no value, or none that is text.
    """
    for name in _TEXTS:
        value = given.get(name, "")
        if value is True:
            raise InputError(f"--{name} was given no value; write --{name} FOLDER")
        if not isinstance(value, str) and not (value is None and name == "weights"):
            raise InputError(
                f"--{name} was read as {value!r}, which is no text; put ./ before the name, as in "
                f"--{name} ./2024"
            )


def is_none(value: Any) -> bool:
    """Tell whether a setting is none: the command line makes a word of ``null``."""
    return value is None or (isinstance(value, str) and value.strip().lower() in ("null", "none"))


def check_numbers(**values: Any) -> None:
    """Check the top-level numbers of a configuration.

    Raises:
        InputError: a count is no whole number of at least one (``num_workers``, ``seed``,
            ``fold``: at least zero), a rate or weight is no positive number, the threshold is no
            number between 0 and 1, or no epoch would be validated.
    """
    for name, value in values.items():
        if is_none(value) and name in _MAY_BE_NONE:
            continue
        fits, expected = _RULES.get(name, _FROM_ONE)
        if isinstance(value, bool) or not isinstance(value, int | float) or not fits(value):
            raise InputError(f"{name} is {value!r}; expected {expected}")
    if values.get("val_interval", 0) > values.get("epochs", math.inf):
        raise InputError(
            f"val_interval is {values['val_interval']}, but there are {values['epochs']} epochs: "
            "none would be validated, and none could be chosen as the best"
        )


def check_activation(activation: Any) -> None:
    """Check how the answers of a classifier become probabilities.

    Raises:
        InputError: in none of the ways that there are; names the nearest one.
    """
    if activation in ACTIVATIONS:
        return
    near = difflib.get_close_matches(str(activation), ACTIVATIONS, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise InputError(f"activation is {activation!r}; expected {' or '.join(ACTIVATIONS)}{hint}")


def check_image_size(image_size: Any, divisor: int) -> None:
    """Check that a network which halves its input again and again can take the image size.

    Raises:
        InputError: no positive whole multiple of ``divisor``; names the nearest one.
    """
    check_numbers(image_size=image_size)
    if image_size % divisor:
        near = max(divisor, round(image_size / divisor) * divisor)
        raise InputError(
            f"image_size is {image_size}; expected a multiple of {divisor}, for instance {near}"
        )


def check_device(device: Any) -> None:
    """Check that this machine can compute on a device, by computing on it.

    Raises:
        InputError: it is no device's name, or none of this machine.
    """
    try:
        torch.device(device)
    except (RuntimeError, TypeError):
        raise InputError(f"device is {device!r}; expected cpu, cuda, cuda:1, …") from None
    try:
        torch.zeros(1, device=device).item()
    except (AssertionError, ImportError, RuntimeError) as error:
        raise InputError(
            f"device is {str(device)!r}, which cannot be used here ({first_line(error)}); "
            "leave --device out, or give --device cpu"
        ) from error
