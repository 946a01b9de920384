from __future__ import annotations

import numpy as np
import pytest

from pipelines.deployment.app.packed_masks import PackedMasks


@pytest.mark.parametrize("shape", [(4, 8), (3, 5), (1, 3)])
def test_masks_of_any_size_are_packed_as_one_row_of_bits(shape: tuple[int, int]) -> None:
    masks = np.random.default_rng(0).random((7, *shape)) > 0.5
    packed = PackedMasks()
    for mask in masks:
        packed.append(mask)
    content = packed.content()
    assert packed.count == 7 and len(content) % 2 == 0
    bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")[: masks.size]
    np.testing.assert_array_equal(bits.reshape(masks.shape), masks)
