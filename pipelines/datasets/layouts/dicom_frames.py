"""Which frames of a multi-frame file become images."""

from __future__ import annotations

import re

from pipelines.errors import InputError

EXPECTED = "first, middle, all or every:N"


def chosen_frames(choice: str, count: int) -> range:
    """Gives the indices of the frames that a choice means.

    Args:
        choice: ``first``, ``middle``, ``all``, or ``every:N`` (the first and each N-th after it).
        count: number of frames, at least 1.

    Returns:
        Indices from 0.

    Raises:
        InputError: the choice is none of these.

    Examples:
        >>> list(chosen_frames("every:3", 8)), list(chosen_frames("middle", 8))
        ([0, 3, 6], [4])
    """
    step = re.fullmatch(r"every:([1-9][0-9]{0,8})", choice.strip().casefold())
    if step:
        return range(0, count, int(step[1]))
    ranges = {
        "first": range(1),
        "middle": range(count // 2, count // 2 + 1),
        "all": range(count),
    }
    if choice.strip().casefold() not in ranges:
        raise InputError(f'--frames is "{choice}"; expected {EXPECTED}')
    return ranges[choice.strip().casefold()]
