from __future__ import annotations

from collections.abc import Callable

import imagehash
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets import duplicate_candidates as module
from pipelines.datasets.duplicate_candidates import MAX_DISTANCE, candidates, hashes, orient
from pipelines.datasets.duplicates import small_copy

Texture = Callable[..., NDArray[np.uint8]]


def test_the_hash_is_that_of_imagehash_in_every_orientation(texture: Texture) -> None:
    small = small_copy(texture(5, 180, 300))
    ours = hashes(small[None])[0]
    for number in range(8):
        turned = Image.fromarray(np.ascontiguousarray(orient(small, number)))
        half = turned.resize((32, 32), Image.Resampling.BOX)
        theirs = np.packbits(imagehash.phash(half).hash).view(np.uint64)[0]
        assert np.bitwise_count(ours[number] ^ theirs) <= 2


@pytest.mark.parametrize("most", [100_000, 50])
def test_candidates_are_all_pairs_within_the_distance(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(module, "_CANDIDATES", most)
    rng = np.random.default_rng(0)
    table = rng.integers(0, 2**63, size=(300, 8), dtype=np.uint64)
    table[::7] = table[0]
    expected = {
        (first, second, number, int(np.bitwise_count(table[first, 0] ^ table[second, number])))
        for first in range(300)
        for second in range(first + 1, 300)
        for number in range(8)
        if np.bitwise_count(table[first, 0] ^ table[second, number]) <= MAX_DISTANCE
    }
    blocks = [range(100), range(100, 300)]
    tiles = [(blocks[0], blocks[0]), (blocks[0], blocks[1]), (blocks[1], blocks[1])]
    batches = [rows for tile in tiles for rows in candidates(table, *tile)]
    found = [tuple(row) for rows in batches for row in rows.tolist()]
    assert set(found) == expected and len(found) == len(expected)
