"""Made images lie in the layouts of public data, and must not pass for those data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.datasets.layouts.sample import Facts, Sample
from pipelines.datasets.phantoms.mark import is_marked
from pipelines.datasets.sources.source import files_of

MADE = "phantom"
"""Follows the name of public data where the images are made in their layout."""

LICENCE = "images made by med2d phantom; no patient stands behind them"


def without_claims(facts: Facts, samples: Sequence[Sample]) -> Facts:
    """Says where all images are made, and takes the public data's name and reference away.

    Args:
        facts: those of the layout.
        samples: the images; each is looked at until one is no picture file with the mark of
            ``med2d phantom``.

    Returns:
        The facts as they were where an image is not made.
    """
    if not samples or not all(map(_is_made, samples)):
        return facts
    name = f"{facts.name}-{MADE}" if facts.reference else facts.name
    return replace(facts, name=name, licence=LICENCE, reference="")


def _is_made(sample: Sample) -> bool:
    files = files_of(sample.image)
    return bool(files) and all(map(is_marked, files))
