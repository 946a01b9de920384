"""The model that answers: a package's TorchScript, or the weights of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pipelines.deployment.app.class_threshold import (
    ClassThreshold,
    read_class_threshold,
)
from pipelines.deployment.app.device import usable_device
from pipelines.deployment.app.intended_use import IntendedUse, intended_use
from pipelines.deployment.array_answerer import (
    INFERENCE,
    METADATA,
    RECORD,
    ArrayAnswerer,
    read_configuration,
)
from pipelines.deployment.unlike_images import check_fitted
from pipelines.errors import InputError, first_line

SCRIPT = "models/model.ts"


@dataclass(frozen=True)
class Model:
    """A bundle that answers.

    Attributes:
        answerer: answers pictures.
        use: what it is meant for.
        file: what answers: the TorchScript's name, or ``weights`` for a run's own.
        point: its operating point, where it has one of a class.
        training_images: what ``unlike_images.fit`` told of those; None where it is not known.
    """

    answerer: ArrayAnswerer
    use: IntendedUse
    file: str
    point: ClassThreshold | None = None
    training_images: Mapping[str, Any] | None = None


def find_bundle(path: Path) -> Path:
    """Finds the bundle that a path means.

    Args:
        path: a package, a run's folder, a package's ``model.ts``, or a folder that holds one
            package, as the folder of models of a MONAI Application Package does.

    Raises:
        InputError: there is none, or several.
    """
    if path.is_file() and (path.parent.parent / SCRIPT).resolve() == path.resolve():
        path = path.parent.parent
    if path.is_file():
        raise InputError(
            f"{path} is a file; expected the folder of a package that med2d package has written "
            "(unpack a zip first), its model.ts, or the folder of a run whose training has ended"
        )
    if (path / INFERENCE).is_file():
        return path
    inside = sorted(path.glob(f"*/{INFERENCE}")) if path.is_dir() else []
    if len(inside) != 1:
        found = f"{len(inside)} bundles in it" if inside else "no bundle"
        raise InputError(
            f"{path} is {found}; expected a package that med2d package has written (unpack a zip "
            "first), or the folder of a run whose training has ended"
        )
    return inside[0].parent.parent


def read_intended_use(path: Path) -> IntendedUse:
    """Reads what a bundle is meant for, without loading it.

    Raises:
        InputError: there is no bundle, or its metadata do not say so.
    """
    folder = find_bundle(path)
    return intended_use(read_configuration(folder, METADATA), str(folder / METADATA))


def load_model(path: Path, device: str | None = None) -> Model:
    """Loads a bundle: its TorchScript where it has one, else its network with its weights.

    Args:
        path: see ``find_bundle``.
        device: where it computes; by default a GPU where there is one.

    Raises:
        InputError: there is no bundle, it cannot be loaded, or there is no such device.
    """
    folder, use = find_bundle(path), read_intended_use(path)
    device = usable_device(device)
    script = folder / SCRIPT
    if not script.is_file():
        return _model(ArrayAnswerer(folder, device=device), use, "weights")
    try:
        network = torch.jit.load(str(script), map_location=device).eval()
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"{script} is no TorchScript that can be loaded ({first_line(error)}); package the run "
            "again"
        ) from error
    # As monai.bundle run computes, so that sums are added in the same order.
    network = network.to(memory_format=torch.channels_last)
    return _model(ArrayAnswerer(folder, network=network, device=device), use, SCRIPT)


def _model(answerer: ArrayAnswerer, use: IntendedUse, file: str) -> Model:
    point = read_class_threshold(answerer.folder, answerer.labels)
    return Model(answerer, use, file, point, _training_images(answerer.folder))


def _training_images(folder: Path) -> Mapping[str, Any] | None:
    """What a package tells of the images that trained it."""
    if not (folder / RECORD).is_file():
        return None
    fitted = read_configuration(folder, RECORD).get("training_images")
    if fitted is not None:
        check_fitted(fitted)
    return fitted
