"""Whether images of 8 and of 16 bits are mixed."""

from __future__ import annotations

from collections.abc import Sequence


def mixed_depths(deep: Sequence[bool]) -> str | None:
    """Says how many images have 8 and how many 16 bits, where there are both.

    Args:
        deep: of each image, whether it has 16 bits.

    Returns:
        One line, or nothing.
    """
    count = sum(deep)
    if count in (0, len(deep)):
        return None
    return (
        f"{len(deep) - count} images have 8 bits and {count} have 16, so that white is 255 in some "
        "and 65535 in others; give all of one depth if they shall be comparable (the export to npz "
        "multiplies 8-bit values by 257)"
    )
