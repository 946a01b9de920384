"""Groups: what must never stand on both sides of a split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.datasets import duplicates
from pipelines.datasets.duplicates import Pairs
from pipelines.datasets.layouts.sample import DUPLICATES, Sample

_JOINED = ", joined with near-duplicate clusters"


def grouping_text(stated: str, samples: Sequence[Sample]) -> str:
    """Says what the groups are, for ``source.grouping`` and every report."""
    known = sum(sample.group is not None for sample in samples)
    if not known:
        return stated
    text = "groups of the data" if stated == DUPLICATES else stated
    if known < len(samples):
        text += f" for {known} of {len(samples)} images"
    return text if "near-duplicate" in text else text + _JOINED


def joined(samples: Sequence[Sample], pairs: Pairs, blank: Sequence[bool]) -> list[int]:
    """Joins the groups of the data with the clusters of near-duplicates.

    Two patients with one image become one group. Only blank pictures (the empty slices at a
    volume's ends) join no groups that are known: they show nothing that two patients could share.

    Args:
        samples: the samples.
        pairs: the near-duplicates among them, as indices (n, 2).
        blank: whether each picture has one value only.

    Returns:
        A number for each sample, from 0 in order of first members; equal for those of one group.
    """
    members: dict[str, int] = {}
    links = [
        (members.setdefault(sample.group, index), index)
        for index, sample in enumerate(samples)
        if sample.group is not None
    ]
    silent = np.array([b and s.group is not None for b, s in zip(blank, samples, strict=True)])
    telling = pairs[~(silent[pairs[:, 0]] & silent[pairs[:, 1]])]
    edges = np.concatenate([telling, np.array(links, dtype=np.int64).reshape(-1, 2)])
    return duplicates.clusters(len(samples), edges).tolist()
