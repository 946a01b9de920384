"""A few samples of many, spread evenly over the classes."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.datasets.layouts.sample import Sample


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
