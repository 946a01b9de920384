"""Train on mixtures of two images and their labels: mixup and CutMix."""

from __future__ import annotations

import importlib
import logging
import math
from collections.abc import Mapping
from typing import Any

import ignite.distributed as idist
import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.utils import CommonKeys

from networks.torchvision_models import torchvision_models
from pipelines.errors import InputError
from pipelines.training.settings import is_none

_LOG = logging.getLogger("med2d")
_KINDS = {"mixup": "MixUp", "cutmix": "CutMix"}
_SHARE = "probability"
_EXPECTED = 'expected null, or such as {"mixup": 0.2, "cutmix": 1.0, "probability": 0.5}'
_STREAM = 2  # keeps these draws apart from other random numbers of the same seed


class Mixing:
    """Mixes the images and labels of a trainer's batches before the network sees them.

    Mixup blends each image with another one of the batch (Zhang et al. 2018, arXiv:1710.09412),
    CutMix puts a box of another one into it (Yun et al. 2019, arXiv:1905.04899). The labels become
    shares of the classes, (batch, classes). Both are torchvision's: MONAI's ``MixUp`` refuses
    labels of classes, and its ``CutMix`` gives each image the whole label of its partner.

    What is mixed depends on (seed, epoch, iteration of the epoch, process) alone, so that a resume
    repeats it.

    Args:
        mixing: ``mixup`` and ``cutmix``, one or both, with the alpha of their Beta distribution of
            shares; of both, each mixed batch gets one by a toss-up. One that is None is left out.
            ``probability`` is the part of the batches that is mixed, all where not given. None
            mixes nothing.
        classes: number of classes.
        seed: the run's seed.

    Raises:
        InputError: ``mixing`` is none of these.
    """

    def __init__(self, mixing: Mapping[str, float] | None, classes: int, seed: int) -> None:
        self.alphas, self.probability = _checked(mixing)
        self.seed = seed
        self.mixers = [_mixer(kind, alpha, classes) for kind, alpha in self.alphas.items()]
        if self.mixers and idist.get_rank() == 0:
            shown = " or ".join(f"{kind} with alpha {a:g}" for kind, a in self.alphas.items())
            _LOG.info(f"mixing: {shown}, in {self.probability:.0%} of the batches")

    def attach(self, engine: Engine) -> None:
        """Mix the batches of the trainer ``engine``."""
        if self.mixers:
            engine.add_event_handler(Events.ITERATION_STARTED, self._mix)

    def _mix(self, engine: Engine) -> None:
        state = engine.state
        number = (state.iteration - 1) % (state.epoch_length or 1)
        images, labels = state.batch[CommonKeys.IMAGE], state.batch[CommonKeys.LABEL]
        images, labels = self.mixed(images, labels, state.epoch, number)
        state.batch = {**state.batch, CommonKeys.IMAGE: images, CommonKeys.LABEL: labels}

    def mixed(
        self, images: torch.Tensor, labels: torch.Tensor, epoch: int, number: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Give a batch as it is trained on.

        Args:
            images: (batch, channel, height, width).
            labels: class indices (batch,).
            epoch: the epoch.
            number: the batch's number in the epoch.

        Returns:
            Images and shares of the classes, (batch, classes); what was given where the batch is
            not mixed.
        """
        entropy = (self.seed, epoch, number, idist.get_rank())
        rng = np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(_STREAM,)))
        if rng.random() >= self.probability:
            return images, labels
        mixer = self.mixers[rng.integers(len(self.mixers))]
        with torch.random.fork_rng(devices=[]):  # torchvision draws from the global generator
            torch.manual_seed(int(rng.integers(2**32)))
            return mixer(images, labels)


def mixes(mixing: Any) -> bool:
    """Whether a setting of ``Mixing`` mixes anything.

    Raises:
        InputError: it is none of the settings.
    """
    return bool(_checked(mixing)[0])


def _mixer(kind: str, alpha: float, classes: int) -> Any:
    torchvision_models()  # makes torchvision importable where its operators cannot be loaded
    transforms = importlib.import_module("torchvision.transforms.v2")
    return getattr(transforms, _KINDS[kind])(alpha=alpha, num_classes=classes)


def _checked(mixing: Any) -> tuple[dict[str, float], float]:
    """The alpha of each kind, and the part of the batches that is mixed."""
    if is_none(mixing):
        return {}, 0.0
    if not isinstance(mixing, Mapping) or not set(mixing) & set(_KINDS):
        raise InputError(f"mixing is {mixing!r}; {_EXPECTED}")
    unknown = sorted(str(name) for name in set(mixing) - {*_KINDS, _SHARE})
    if unknown:
        raise InputError(f"mixing names {', '.join(unknown)}, which it does not know; {_EXPECTED}")
    given = {name: value for name, value in mixing.items() if not is_none(value)}
    for name, value in given.items():
        most = 1 if name == _SHARE else math.inf
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 < value <= most or value == math.inf:
            limit = "above 0 and at most 1" if name == _SHARE else "above 0"
            raise InputError(f"{name} of mixing is {value!r}; expected a number {limit}")
    alphas = {kind: float(given[kind]) for kind in _KINDS if kind in given}
    return alphas, float(given.get(_SHARE, 1.0))
