"""Build the recipe's components before a run's folder is touched, and say which cannot be built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from pipelines.errors import InputError, first_line
from pipelines.training.workflow import readable_cause, running_workflow

_WRAPPERS = ("Failed to instantiate", "Failed to evaluate")


def check_components(*names: str) -> None:
    """Build components of the running bundle, each for the whole run.

    A reference in an ``initialize`` expression would be resolved before any code of ours can
    name the component that failed; here the workflow is asked for each in turn.

    Args:
        *names: top-level ids such as ``network_def``; those that the bundle lacks are passed over.

    Raises:
        InputError: a component cannot be built; names its id, its target and the reason.
    """
    workflow = running_workflow()
    if workflow is None:
        return
    for name in names:
        try:
            if name in workflow.parser:
                workflow.parser.get_parsed_content(name)
        except Exception as error:  # whatever a component raises over the arguments given
            if readable_cause(error) is not None:
                raise
            raise InputError(
                f"{name} cannot be built{_target(workflow.parser.get(name))} ({_reason(error)}); "
                f"change the values below {name}"
            ) from error


def check_network(network: torch.nn.Module, image_size: int) -> None:
    """Let a segmentation network answer one empty image.

    Args:
        network: takes (1, 1, height, width) and gives a logit a pixel, (1, 1, height, width).
        image_size: side of the square image in pixels.

    Raises:
        InputError: it cannot take the image, or its answer has another shape.
    """
    expected = (1, 1, image_size, image_size)
    shape = _answered(network, image_size)
    if shape != expected:
        raise InputError(
            f"network_def answers an image of shape {expected} by {shape}; expected the "
            "same shape, one logit a pixel"
        )


def check_classifier(network: torch.nn.Module, image_size: int, labels: Sequence[str]) -> None:
    """Let a classifier answer one empty image.

    Args:
        network: takes (1, 1, height, width) and gives a logit a class, (1, classes).
        image_size: side of the square image in pixels.
        labels: the class names.

    Raises:
        InputError: it cannot take the image, or gives another number of logits than classes.
    """
    shape = _answered(network, image_size)
    if shape != (1, len(labels)):
        raise InputError(
            f"network_def answers an image by {shape}; expected (1, {len(labels)}), one logit for "
            f"each of the classes {', '.join(labels)}: leave its num_classes at $len(@labels)"
        )


def _answered(network: torch.nn.Module, image_size: int) -> tuple[int, ...]:
    """The shape of a network's answer to an empty grey image."""
    image = torch.zeros(1, 1, image_size, image_size, device=next(network.parameters()).device)
    was_training = network.training
    try:
        with torch.no_grad():
            answer = network.eval()(image)
    except Exception as error:  # whatever a network raises over an input that it is not made for
        raise InputError(
            f"network_def cannot answer a grey image of {image_size} x {image_size} pixels "
            f"({first_line(error)}); change the values below network_def, or image_size"
        ) from error
    finally:
        network.train(was_training)
    return tuple(getattr(answer, "shape", ()))


def _target(definition: Any) -> str:
    target = definition.get("_target_") if isinstance(definition, Mapping) else None
    return f" as {target}" if target else ""


def _reason(error: BaseException) -> str:
    """What the component itself said, below MONAI's words around it."""
    while error.__cause__ is not None and str(error).startswith(_WRAPPERS):
        error = error.__cause__
    return first_line(error)
