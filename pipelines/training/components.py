"""Build the recipe's components before a run's folder is touched, and say which cannot be built."""

from __future__ import annotations

import json
import logging
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch

from networks.calibrated_classifier import CalibratedClassifier
from pipelines.errors import InputError, first_line
from pipelines.training.channels import Preprocessing, check_channels
from pipelines.training.workflow import readable_cause, running_workflow

_LOG = logging.getLogger("med2d")
_PROBED = 256  # pixels: no network here shrinks an image to nothing from there
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


def check_network(
    network: torch.nn.Module,
    image_size: int,
    channels: int = 1,
    labels: Sequence[str] = (),
    preprocessing: Preprocessing | None = None,
) -> None:
    """Let a segmentation network answer one empty image.

    Args:
        network: takes (1, channels, height, width) and gives a logit a pixel, (1, 1, height,
            width), or one for each class.
        image_size: side of the square image in pixels.
        channels: channels of the image where no preprocessing is given.
        labels: the class names; none where a pixel is lesion or not.
        preprocessing: what makes the images.

    Raises:
        InputError: it takes other channels than the preprocessing gives, cannot take the image, or
            its answer has another shape.
    """
    if preprocessing is not None:
        channels = check_channels(network, preprocessing) or channels
    image = (1, channels, image_size, image_size)
    shape = _answered(network, image_size, channels)
    if shape == (1, len(labels) or 1, image_size, image_size):
        return
    found = f"network_def answers an image of shape {image} by {shape}; expected"
    if not labels:
        raise InputError(f"{found} the same shape, one logit a pixel")
    raise InputError(
        f"{found} (1, {len(labels)}, {image_size}, {image_size}), one logit a pixel for each of "
        f"the classes {', '.join(labels)}: leave its out_channels at $len(@labels)"
    )


def check_classifier(
    network: torch.nn.Module,
    image_size: int,
    labels: Sequence[str],
    preprocessing: Preprocessing | None = None,
) -> None:
    """Let a classifier answer one empty image.

    Args:
        network: takes (1, channels, height, width) and gives a logit a class, (1, classes).
        image_size: side of the square image in pixels.
        labels: the class names.
        preprocessing: what makes the images; not looked at where not given.

    Raises:
        InputError: it takes other channels than the preprocessing gives, cannot take the image,
            the image is smaller than its stride, or it gives another number of logits than classes.
    """
    channels = check_channels(network, preprocessing) or 1
    inner = network.network if isinstance(network, CalibratedClassifier) else network
    _check_stride(inner, image_size, channels)
    shape = _answered(network, image_size, channels)
    if shape != (1, len(labels)):
        raise InputError(
            f"network_def answers an image by {shape}; expected (1, {len(labels)}), one logit for "
            f"each of the classes {', '.join(labels)}: leave its num_classes at $len(@labels)"
        )


def check_metadata(bundle_root: str | Path, labels: Sequence[str], trains: bool = False) -> None:
    """Compare the classes with those that the bundle's metadata.json tells.

    Args:
        bundle_root: the bundle; one without metadata.json tells nothing.
        labels: the class names in the order of their indices.
        trains: whether a run is made of a dataset with these classes. Its own metadata.json will
            tell them, so that another dataset is only warned about.

    Raises:
        InputError: they differ, in number or in a name.
    """
    path = Path(bundle_root) / "configs" / "metadata.json"
    if not path.is_file():
        return
    told = _told_classes(path)
    if told == list(labels):
        return
    found = f"{len(labels)} ({', '.join(labels)})"
    if not trains:
        raise InputError(
            f"labels has {found}, but {path} tells {len(told)} classes ({', '.join(told)}); use "
            "configs/inference.json of the run's own folder, whose metadata fit, or correct one"
        )
    if idist.get_rank() == 0:
        _LOG.warning(
            f"the classes of the dataset are {found}; this bundle's are {len(told)} "
            f"({', '.join(told)}). The run's own metadata.json will tell those of the dataset"
        )


def _told_classes(path: Path) -> list[str]:
    """The class names of a metadata.json, without what is said in brackets behind them."""
    try:
        pred = json.loads(path.read_text(encoding="utf-8"))["network_data_format"]["outputs"][
            "pred"
        ]
        names = [str(name).partition(" (")[0] for name in pred["channel_def"].values()]
        count = int(pred["num_channels"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} does not tell its classes ({first_line(error)})") from None
    if count != len(names):
        raise InputError(
            f"{path} contradicts itself: num_channels is {count}, but channel_def names "
            f"{len(names)}; correct one"
        )
    return names


def _answered(network: torch.nn.Module, image_size: int, channels: int = 1) -> tuple[int, ...]:
    """The shape of a network's answer to an empty image."""
    kind = "grey" if channels == 1 else "colour"
    try:
        answer = _quietly(network, network, image_size, channels)
    except Exception as error:  # whatever a network raises over an input that it is not made for
        raise InputError(
            f"network_def cannot answer a {kind} image of {image_size} x {image_size} pixels "
            f"({first_line(error)}); change the values below network_def, or image_size"
        ) from error
    return tuple(getattr(answer, "shape", ()))


def _check_stride(network: torch.nn.Module, image_size: int, channels: int) -> None:
    """Refuse an image of which the last feature maps see less than one step."""
    maps: Any = getattr(network, "maps", None)
    if maps is None:
        return

    def rows(size: int) -> int:
        try:
            return int(_quietly(network, maps, size, channels).shape[2])
        except Exception:  # whatever a network raises over an image that shrinks to nothing
            return 0

    if image_size >= _PROBED or rows(image_size) > 1 or rows(_PROBED) <= 1:
        return
    stride = round(_PROBED / rows(_PROBED))
    least = image_size + bisect_left(range(image_size, _PROBED), 1, key=rows)
    if least > max(image_size, stride):
        raise InputError(
            f"image_size is {image_size}, too small for network_def; expected at least {least}"
        )
    if image_size < stride:
        raise InputError(
            f"image_size is {image_size}, smaller than the stride of network_def, which shrinks an "
            f"image {stride} times; expected at least {stride}"
        )


def _quietly(network: torch.nn.Module, call: Any, size: int, channels: int) -> Any:
    """What ``call`` gives for an empty image; the network is left as it was."""
    image = torch.zeros(1, channels, size, size, device=next(network.parameters()).device)
    was_training = network.training
    try:
        with torch.no_grad():
            network.eval()
            return call(image)
    finally:
        network.train(was_training)


def _target(definition: Any) -> str:
    target = definition.get("_target_") if isinstance(definition, Mapping) else None
    return f" as {target}" if target else ""


def _reason(error: BaseException) -> str:
    """What the component itself said, below MONAI's words around it."""
    while error.__cause__ is not None and str(error).startswith(_WRAPPERS):
        error = error.__cause__
    return first_line(error)
