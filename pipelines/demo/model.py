"""The model that the page asks: what answers, what it is called, and what is known of it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from networks.calibrated_classifier import CalibratedClassifier
from networks.ensemble import Ensemble
from pipelines.bundles import bundle_names
from pipelines.deployment.app.class_threshold import ClassThreshold, read_class_threshold
from pipelines.deployment.array_answerer import INFERENCE, RECORD, ArrayAnswerer, read_configuration
from pipelines.deployment.training_images import fit_to_run
from pipelines.errors import InputError
from pipelines.quiet_readers import quiet_readers
from pipelines.training.settings import check_device
from pipelines.training.tracked_results import CALIBRATION

_LOG = logging.getLogger("med2d")
_NOT_AT_HAND = (
    "the training images of this model are not at hand, or cannot be used; the terminal in which "
    "the page was started shows why"
)
_ROOT = re.compile(r"bundle_root\(['\"](\w+)['\"]\)")


@dataclass(frozen=True)
class Model:
    """A bundle that is ready to answer.

    Attributes:
        answerer: what answers.
        bundle: name of the shipped bundle that it is of, such as ``breast_us_segmentation``; empty
            where it is of none.
        package: what ``med2d package`` recorded; empty where nothing did.
        training_images: what ``unlike_images.fit`` told of them; None where nothing is known.
        no_warning: that nothing is known of them, one sentence for every visitor, in which no path
            of this machine stands; empty where something is.
        operating_point: from which probability a package calls a class found; None where it has
            no such point.
    """

    answerer: ArrayAnswerer
    bundle: str
    package: Mapping[str, Any]
    training_images: Mapping[str, Any] | None
    no_warning: str
    operating_point: ClassThreshold | None

    @property
    def title(self) -> str:
        """Its name for people."""
        return str(self.answerer.metadata.get("name") or self.bundle or self.answerer.folder.name)

    @property
    def members(self) -> int:
        """How many networks answer as one; 1 of what is no ensemble."""
        network = self.answerer.network
        return len(network.members) if isinstance(network, Ensemble) else 1

    @property
    def temperatures(self) -> list[float]:
        """The temperatures that its classifiers were calibrated at; empty where none was.

        One of exactly 1 is what an uncalibrated classifier has, too: it counts where the run's
        folder holds the record of the calibration.
        """
        network = self.answerer.network
        modules = network.modules() if isinstance(network, torch.nn.Module) else ()
        found = [m for m in modules if isinstance(m, CalibratedClassifier) and m.calibrated]
        recorded = self.members == 1 and (self.answerer.folder / CALIBRATION).is_file()
        return [float(m.temperature) for m in found if recorded or float(m.temperature) != 1]

    @property
    def is_partly_calibrated(self) -> bool:
        """Whether some members of an ensemble are calibrated, and others not."""
        return 0 < len(self.temperatures) < self.members

    @property
    def calibration(self) -> str:
        """Whether its probabilities are calibrated, in words."""
        if self.is_partly_calibrated:
            return f"partly calibrated ({len(self.temperatures)} of {self.members} members)"
        shown = ", ".join(f"{value:.2f}" for value in self.temperatures)
        return f"calibrated (temperature {shown})" if shown else "not calibrated"


def load_model(folder: Path, device: str = "cpu", dataset_dir: Path | None = None) -> Model:
    """Makes a bundle ready to answer.

    Args:
        folder: a package, a run's folder, or the ensemble of a cross-validation.
        device: where it computes.
        dataset_dir: where the dataset of a run is now; the recorded place where not given.

    Raises:
        InputError: it is no bundle that answers; see ``ArrayAnswerer``; its operating point cannot
            be used; or the dataset that was named is not that of the run.
    """
    if not folder.is_dir():
        zipped = "; unpack it, and name the folder that is in it" if folder.is_file() else ""
        raise InputError(
            f"{folder} is no folder{zipped or '; name a package, or the folder of a run'}"
        )
    check_device(device)
    with quiet_readers():
        answerer = ArrayAnswerer(folder, device=device)
    path = folder / RECORD
    package = read_configuration(folder, RECORD) if path.is_file() else {}
    point = read_class_threshold(folder, answerer.labels)
    fitted, reason = _training_images(folder, package, dataset_dir)
    return Model(answerer, _bundle(folder, package), package, fitted, reason, point)


def _training_images(
    folder: Path, package: Mapping[str, Any], dataset_dir: Path | None
) -> tuple[Mapping[str, Any] | None, str]:
    """What the training images look like, or that it is not known; the terminal has the reason."""
    if package:
        if dataset_dir is not None:
            raise InputError(
                f"--dataset_dir {dataset_dir} is of no use: the package {folder} knows of itself "
                "what its training images look like; leave it out"
            )
        fitted = package.get("training_images")
        return fitted, "" if fitted else "the package holds nothing of the training images"
    try:
        return fit_to_run(folder, dataset_dir), ""
    except InputError as error:
        if dataset_dir is not None:
            raise
        _LOG.warning("there is no warning of images unlike the training images: %s", error)
        return None, _NOT_AT_HAND


def _bundle(folder: Path, package: Mapping[str, Any]) -> str:
    """The shipped bundle that a model is of: as its package says, or its configuration names it."""
    content = json.dumps(read_configuration(folder, INFERENCE).get("bundle_root", ""))
    named = _ROOT.search(content.replace('\\"', '"'))
    known = [str(package.get("bundle", "")), *_texts(named)]
    return next((name for name in known if name in bundle_names()), "")


def _texts(found: re.Match[str] | None) -> Iterator[str]:
    if found is not None:
        yield found[1]
