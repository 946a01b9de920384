"""Epochs in which all classes stand alike, however many images each has."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ignite.distributed as idist
import numpy as np

from pipelines.training.replay import ReplaySampler
from pipelines.training.run_folder import flag
from pipelines.training.settings import is_none

_LOG = logging.getLogger("med2d")
_NAME = "balanced_sampling"
_STREAM = 1  # keeps these draws apart from a sample's own random numbers


class BalancedSampler(ReplaySampler):
    """Draws as many images an epoch as there are, and as many of each class as of any other.

    The draws depend on (seed, epoch) alone and are dealt out to the processes. Where the classes do
    not divide the epoch, some get one draw more, others in other epochs. All images of a class are
    drawn equally often, but for one: images of a rare class several times an epoch, each time
    augmented anew; of a frequent class some are left out, others in other epochs.

    Args:
        classes: the class of each image, in the data set's order.
        seed: the run's seed.
    """

    def __init__(self, classes: Sequence[Any], seed: int) -> None:
        super().__init__(classes, seed)  # type: ignore[arg-type]
        names = np.asarray(classes)
        self.members = [np.flatnonzero(names == name) for name in np.unique(names)]
        self.run_seed = seed

    def __iter__(self) -> Iterator[tuple[int, ...]]:  # type: ignore[override]
        """This process's share: (epoch, index, draws of the image before in the epoch)."""
        drawn = self._draws()[self.rank : self.total_size : self.num_replicas]
        return ((self.epoch, *draw) for draw in drawn)

    def _draws(self) -> list[tuple[int, int]]:
        """All processes' (index, draws of it before) of the epoch, shuffled."""
        entropy = np.random.SeedSequence((self.run_seed, self.epoch), spawn_key=(_STREAM,))
        rng = np.random.default_rng(entropy)
        quota, rest = divmod(self.total_size, len(self.members))
        with_one_more = set(rng.permutation(len(self.members))[:rest].tolist())
        draws: list[tuple[int, int]] = []
        for number, members in enumerate(self.members):
            count = quota + (number in with_one_more)
            rounds = max(1, -(-count // len(members)))
            order = np.concatenate([rng.permutation(members) for _ in range(rounds)])
            draws += [(int(index), i // len(members)) for i, index in enumerate(order[:count])]
        return [draws[i] for i in rng.permutation(len(draws))]


def class_sampler(
    balanced: bool | str, items: Sequence[Mapping[str, Any]], seed: int, class_weights: Any = None
) -> BalancedSampler | None:
    """Make the sampler of balanced epochs where it is asked for, and log what it does.

    Args:
        balanced: the setting ``balanced_sampling``.
        items: the training images, with ``class``.
        seed: the run's seed.
        class_weights: the setting of that name; a warning is logged where both are on.

    Returns:
        The sampler; None where it is not asked for.

    Raises:
        InputError: ``balanced`` is neither true nor false.
    """
    if not flag(balanced, _NAME):
        return None
    sampler = BalancedSampler([item["class"] for item in items], seed)
    if idist.get_rank() == 0:
        each = len(items) / len(sampler.members)
        _LOG.info(f"{_NAME}: {len(items)} draws an epoch, {each:.4g} of each class")
        if not is_none(class_weights):
            _LOG.warning(
                f"{_NAME} and class_weights both favour rare classes; with --class_weights null "
                "all classes count alike"
            )
    return sampler
