"""Random samples that can be repeated: each is seeded from (seed, epoch, index) and nothing else.

The number of workers, a resume, or the order in which workers happen to run changes no sample.
The sampler hands the epoch to the data set inside the index, so that workers that live through
many epochs know it too.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.pool import ThreadPool
from typing import Any

import ignite.distributed as idist
import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.data import CacheDataset, get_track_meta, set_track_meta
from monai.transforms import Compose
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from pipelines.progress import counting


def sample_seed(seed: int, epoch: int, index: int, repeat: int = 0) -> int:
    """A 32-bit seed for one sample of one epoch (NumPy's ``SeedSequence`` mixes the numbers)."""
    return int(np.random.SeedSequence((seed, epoch, index, repeat)).generate_state(1)[0])


class ReplayDataset(CacheDataset):
    """A ``CacheDataset`` whose random transforms are repeatable by (epoch, index).

    What comes before the first random transform is done once and kept in memory for the first
    ``cache_num`` items; the other items are read from disk every time.

    Args:
        data: items, dictionaries with paths.
        transform: a MONAI ``Compose``, deterministic transforms first.
        seed: the run's seed.
        keys: the tensors that a sample gives; what else the items hold is left behind, so that
            nothing but tensors has to be collated.
        cache_num: items kept in memory.
        num_workers: threads that fill the memory.
        progress: whether to show how far the memory is filled.
    """

    def __init__(
        self,
        data: Sequence[Mapping[str, Any]],
        transform: Compose,
        seed: int,
        keys: Sequence[str] = ("image", "label"),
        cache_num: int = sys.maxsize,
        num_workers: int | None = None,
        progress: bool = True,
    ) -> None:
        self._shows_progress = progress and idist.get_rank() == 0
        super().__init__(
            [{key: item[key] for key in keys} for item in data],
            transform,
            cache_num=cache_num,
            num_workers=num_workers,
            progress=False,
            copy_cache=False,  # no transform of ours writes into its input
        )
        self.seed = seed

    def _fill_cache(self, indices: Sequence[int] | None = None) -> list[Any]:
        """Fill the memory. MONAI's own bar would write carriage returns into logs."""
        chosen = list(range(self.cache_num) if indices is None else indices)
        if not chosen or not self._shows_progress:
            return super()._fill_cache(chosen)
        loaded: list[Any] = []
        with ThreadPool(self.num_workers) as pool, counting("loading") as report:
            for item in pool.imap(self._load_cache_item, chosen):
                loaded.append(item)
                report(len(loaded), len(chosen))
        return loaded

    def __getitem__(self, position: tuple[int, ...]) -> Any:  # type: ignore[override]
        """The sample of ``(epoch, index)``: float tensors of shape (channel, height, width).

        A third number tells the draws of an image apart that an epoch draws several times.
        """
        epoch, index, *repeat = position
        self.transform.set_random_state(sample_seed(self.seed, epoch, index, *repeat))
        # Metadata costs a third of the augmentation's time, and nothing inverts a random transform.
        tracked = get_track_meta()
        set_track_meta(False)
        try:
            return super().__getitem__(index)
        finally:
            set_track_meta(tracked)


class ReplaySampler(DistributedSampler):
    """Yields ``(epoch, index)``, shuffled by (seed, epoch), shared out between the processes.

    Each process gets as many. Where the processes do not divide the images, the rest, other images
    each epoch, is left out: no image counts twice in an epoch. Of fewer images than processes some
    are drawn twice. MONAI's engines call ``set_epoch`` of a ``DistributedSampler`` at the start of
    an epoch.

    Args:
        data: the data set to be sampled.
        seed: the run's seed.
    """

    def __init__(self, data: Dataset, seed: int) -> None:
        processes = idist.get_world_size()
        super().__init__(
            data,
            num_replicas=processes,
            rank=idist.get_rank(),
            shuffle=True,
            drop_last=len(data) >= processes,  # type: ignore[arg-type]
            # PyTorch shuffles by seed + epoch: neighbouring seeds would repeat each other's orders.
            seed=sample_seed(seed, 0, 0),
        )

    def __iter__(self) -> Iterator[tuple[int, ...]]:  # type: ignore[override]
        """This process's share of the epoch."""
        return ((self.epoch, index) for index in super().__iter__())


def replay_loader(
    dataset: ReplayDataset,
    batch_size: int,
    num_workers: int,
    seed: int,
    sampler: ReplaySampler | None = None,
) -> DataLoader:
    """A loader of repeatable batches: dictionaries of (batch, channel, height, width) tensors.

    The last, smaller batch of an epoch is left out where there are others: batch norm over a
    single image is noise, and the images left out differ from epoch to epoch.

    Args:
        dataset: the samples.
        batch_size: images a batch in each process.
        num_workers: worker processes; 0 loads in the training process.
        seed: the run's seed.
        sampler: which samples an epoch has; each once where not given.
    """
    sampler = ReplaySampler(dataset, seed) if sampler is None else sampler
    return DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=sampler,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        drop_last=len(sampler) > batch_size,
        # Its own generator: the loader must not draw from the one that dropout draws from.
        generator=torch.Generator().manual_seed(seed),
    )


class EpochSeed:
    """Seeds the global generators from (seed, epoch, rank) at the start of each epoch.

    Dropout then draws the same numbers whatever was drawn before: after a resume, too.

    Args:
        seed: the run's seed.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def attach(self, engine: Engine) -> None:
        """Seed at each epoch's start of ``engine``."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Seed Python's, NumPy's and PyTorch's global generators."""
        value = sample_seed(self.seed, engine.state.epoch, idist.get_rank())
        random.seed(value)
        np.random.seed(value)
        torch.manual_seed(value)
