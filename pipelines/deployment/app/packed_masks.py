"""Masks of one bit a pixel, one behind the other as DICOM's segmentations hold them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class PackedMasks:
    """Packs masks one at a time, so that those of a long clip need a bit a pixel."""

    def __init__(self) -> None:
        self.count = 0
        self._bytes = bytearray()
        self._rest = np.zeros(0, dtype=np.uint8)  # pixels that do not fill a byte yet

    def append(self, mask: NDArray[Any]) -> None:
        """Adds a mask.

        Args:
            mask: bool, (height, width).
        """
        bits = np.concatenate([self._rest, mask.astype(np.uint8).ravel()])
        whole = len(bits) // 8 * 8
        self._bytes += np.packbits(bits[:whole], bitorder="little").tobytes()
        self._rest = bits[whole:]
        self.count += 1

    def content(self) -> bytes:
        """Gives the bytes of all masks, of an even number as DICOM wants it."""
        content = bytes(self._bytes) + np.packbits(self._rest, bitorder="little").tobytes()
        return content + b"\0" * (len(content) % 2)
