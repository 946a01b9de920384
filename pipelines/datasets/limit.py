"""A few samples of many, spread evenly over the classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pipelines.datasets.layouts.sample import Sample
from pipelines.datasets.options import Options
from pipelines.errors import InputError


def limited(samples: Sequence[Sample], count: int) -> list[Sample]:
    """Takes so many samples; the same ones each time.

    Args:
        samples: the samples.
        count: how many to take; a class that has fewer than its share gives all.

    Returns:
        The chosen ones, in their order. Those of a class are spread evenly over it: neighbours in
        a folder are often of one patient.
    """
    places: dict[str, list[int]] = {}
    for index, sample in enumerate(samples):
        places.setdefault(sample.category, []).append(index)
    shares = _shares([len(each) for each in places.values()], count)
    chosen = [
        each[number * len(each) // share]
        for each, share in zip(places.values(), shares, strict=True)
        for number in range(share)
    ]
    return [samples[index] for index in sorted(chosen)]


def check_limit(classes: Iterable[str], groups: Sequence[str], options: Options) -> None:
    """Refuses a limit that leaves too few groups for the folds; the data are not to blame.

    Args:
        classes: the class of each image.
        groups: the group of each image.
        options: how to convert; with ``skip_bad``, one class with enough groups is enough.

    Raises:
        InputError: a class has fewer groups than there are folds.
    """
    counts = Counter(name for name, _ in set(zip(classes, groups, strict=True)))
    thin = [name for name in counts if counts[name] < options.folds]
    if thin and not (options.skip_bad and len(thin) < len(counts)):
        name = min(thin, key=lambda each: (counts[each], each))
        count = counts[name]
        raise InputError(
            f'--limit {options.limit} leaves class "{name}" {count} '
            f"group{'s' if count > 1 else ''}, fewer than the {options.folds} folds; raise --limit"
        )


def _shares(sizes: Sequence[int], count: int) -> list[int]:
    """Divides a number as evenly as the sizes allow; what is left goes to the first."""
    shares = [0] * len(sizes)
    while sum(shares) < min(count, sum(sizes)):
        open_ones = [index for index, size in enumerate(sizes) if shares[index] < size]
        each = max(1, (min(count, sum(sizes)) - sum(shares)) // len(open_ones))
        for index in open_ones:
            room = min(count, sum(sizes)) - sum(shares)
            shares[index] += min(each, sizes[index] - shares[index], room)
    return shares
