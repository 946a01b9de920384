"""What a worker is given: a sample, its place and its name in the dataset folder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.datasets.encoding import SUFFIXES
from pipelines.datasets.layouts.sample import Sample
from pipelines.datasets.record import Record

_NOT_IN_NAMES = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]+')
_LONGEST = 60  # letters of a class name that go into file names


@dataclass(frozen=True, slots=True)
class Job:
    """A sample to convert.

    Attributes:
        index: its place among the samples.
        sample: the sample.
        name: the name of its image and its mask, such as ``benign_0001.png``.
        earlier: what a stopped run reported of this name.
    """

    index: int
    sample: Sample
    name: str
    earlier: Record | None = None


def numbered(
    samples: Sequence[Sample], kind: str, earlier: Mapping[str, Record] | None = None
) -> list[Job]:
    """Numbers the samples of every class.

    Args:
        samples: the samples, in order.
        kind: the format, a key of ``encoding.SUFFIXES``.
        earlier: what a stopped run reported, by name.

    Returns:
        The jobs, in order. No name is that of a source: MONAI would make a path of it.
    """
    sources = {sample.source.casefold() for sample in samples}
    names: list[str] = []
    for digits in range(4, 12):
        names = _names(samples, SUFFIXES[kind], digits)
        if not any(f"{folder}/{name}".casefold() in sources for name in names for folder in _OWN):
            break
    known = earlier or {}
    return [
        Job(index, sample, name, known.get(name))
        for index, (sample, name) in enumerate(zip(samples, names, strict=True))
    ]


_OWN = ("images", "masks")  # the folders of a dataset


def _names(samples: Sequence[Sample], suffix: str, digits: int) -> list[str]:
    numbers: dict[str, int] = {}
    names = []
    for sample in samples:
        stem = plain_stem(sample.category)
        number = numbers[stem.casefold()] = numbers.get(stem.casefold(), 0) + 1
        names.append(f"{stem}_{number:0{digits}d}{suffix}")
    return names


def plain_stem(category: str) -> str:
    """Makes the beginning of a file name of a class name.

    Examples:
        >>> plain_stem("wrist/AO 2R3"), plain_stem("..")
        ('wrist-AO 2R3', 'class')
    """
    return _NOT_IN_NAMES.sub("-", category)[:_LONGEST].strip(" .") or "class"
