"""The split that data came with: its test part is kept apart, on request."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipelines.datasets.layouts.sample import Sample
from pipelines.datasets.problems import LeftOut, shortened
from pipelines.errors import InputError

TEST = "test"
Say = Callable[[str], None]


def apart(
    samples: Sequence[Sample],
    groups: Sequence[int],
    kept: Sequence[int],
    skip: bool,
    say: Say,
) -> tuple[list[int], list[int], list[LeftOut]]:
    """Divides samples into those that train and validate, and those of the test part.

    Args:
        samples: all samples.
        groups: the group of each.
        kept: the indices that are not left out.
        skip: whether the training side of a group that stands in both is left out.
        say: called with the lines that name what is left out, and the classes that a part lacks.

    Returns:
        The indices that train, those that test, and what was left out.

    Raises:
        InputError: nothing is in the test part, or nothing outside it, or a group is in both and
            may not be left out.
    """
    testing = [index for index in kept if samples[index].part == TEST]
    training = [index for index in kept if samples[index].part != TEST]
    if not testing or not training:
        state = "nothing" if not testing else "everything"
        raise InputError(
            f"--keep-split: {state} is in a test part; expected data that came split, with images "
            "on both sides. Convert without --keep-split"
        )
    firsts = {groups[index]: index for index in reversed(testing)}
    crossing = [index for index in training if groups[index] in firsts]
    lines = [
        f'"{samples[index].source}" ({samples[index].part or "no part"}) and '
        f'"{samples[firsts[groups[index]]].source}" (test){_group(samples[index])}'
        for index in crossing
    ]
    if crossing and not skip:
        head = (
            f"{len(crossing)} images of the training side are of one group (patient, or "
            "near-duplicate) with images of the test part, which would leak; convert without "
            "--keep-split, or leave the training side out by --skip-bad:"
        )
        raise InputError("\n  ".join([head, *shortened(lines)]))
    if crossing:
        say(f"left out: images of one group with an image of the test part ({len(crossing)}):")
        for line in shortened(lines):
            say(f"  {line}")
    gone = set(crossing)
    left = [
        {
            "source": samples[index].source,
            "reason": f"of one group with {samples[firsts[groups[index]]].source} of the test part",
        }
        for index in crossing
    ]
    training = [index for index in training if index not in gone]
    _warn_of_lacking(samples, training, testing, say)
    return training, testing, left


def _warn_of_lacking(
    samples: Sequence[Sample], training: Sequence[int], testing: Sequence[int], say: Say
) -> None:
    """Names the classes that a part has no image of, a line for each part."""
    taught, tested = ({samples[index].category for index in part} for part in (training, testing))
    parts = {
        "test part": (taught - tested, "no score on it will cover that"),
        "training part": (tested - taught, "no model can learn that from it"),
    }
    for part, (lacking, so) in parts.items():
        if lacking:
            names = ", ".join(f'"{name}"' for name in sorted(lacking))
            say(f"warning: the {part} of the data has no image of class {names}: {so}")


def _group(sample: Sample) -> str:
    return f', group "{sample.group}"' if sample.group else ""
