from __future__ import annotations

import io
from collections.abc import Callable

import imagehash
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipelines.datasets.duplicates import (
    MAX_DISTANCE,
    candidates,
    clusters,
    find_pairs,
    hashes,
    orient,
    small_copy,
)

Array = NDArray[np.uint8]
Texture = Callable[..., Array]


def pairs_of(*pictures: NDArray[np.generic]) -> list[tuple[int, int]]:
    return find_pairs(np.stack([small_copy(picture) for picture in pictures]))


def jpeg(picture: Array) -> Array:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=40)
    return np.asarray(Image.open(buffer))


def marked(picture: Array) -> Array:
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    draw.line((60, 60, 120, 80), fill=255)
    draw.text((20, 150), "LT UOQ", fill=255)
    return np.asarray(image)


CHANGES: dict[str, Callable[[Array], NDArray[np.generic]]] = {
    "same": lambda picture: picture,
    "recompressed": jpeg,
    "brighter": lambda picture: (picture * 0.6 + 90).astype(np.uint8),
    "16 bits": lambda picture: picture.astype(np.uint16) * 200 + 17,
    "smaller": lambda picture: np.asarray(Image.fromarray(picture).resize((200, 120))),
    "cut": lambda picture: picture[:-8, 6:],
    "with marks": marked,
    **{f"turn {number}": lambda picture, number=number: orient(picture, number)
       for number in range(1, 8)},
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_changed_copies_are_found_and_others_are_not(
    change: Callable[[Array], NDArray[np.generic]], texture: Texture
) -> None:
    pictures = [texture(seed, 180, 300, grain=8) for seed in range(6)]
    assert pairs_of(*pictures, change(pictures[2])) == [(2, 6)]


def test_strangers_that_fade_alike_are_no_pair(texture: Texture) -> None:
    fade = np.linspace(1, 0.1, 180)[:, None]
    pictures = [(texture(seed, 180, 300) * fade).astype(np.uint8) for seed in range(12)]
    assert pairs_of(*pictures) == []


def test_blank_pictures_are_pairs_of_one_another_only(texture: Texture) -> None:
    blank = np.zeros((40, 60), dtype=np.uint8)
    assert pairs_of(blank, texture(1), blank + 30, texture(2)) == [(0, 2)]


def test_no_picture_no_pair() -> None:
    assert find_pairs(np.empty((0, 64, 64), dtype=np.uint8)) == []


def test_the_hash_is_that_of_imagehash_in_every_orientation(texture: Texture) -> None:
    small = small_copy(texture(5, 180, 300))
    ours = hashes(small[None])[0]
    for number in range(8):
        turned = Image.fromarray(np.ascontiguousarray(orient(small, number)))
        half = turned.resize((32, 32), Image.Resampling.BOX)
        theirs = np.packbits(imagehash.phash(half).hash).view(np.uint64)[0]
        assert np.bitwise_count(ours[number] ^ theirs) <= 2


def test_candidates_are_all_pairs_within_the_distance() -> None:
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
    found = [tuple(row) for row in candidates(table).tolist()]
    assert set(found) == expected and len(found) == len(expected)
    assert found == sorted(found)


def test_clusters_join_chains_and_count_from_the_first_member() -> None:
    assert clusters(6, [(1, 4), (4, 5)]).tolist() == [0, 1, 2, 3, 1, 1]
    assert clusters(3, []).tolist() == [0, 1, 2]


def test_small_copies_have_one_size_and_stretch_16_bits() -> None:
    deep = np.linspace(1000, 3000, 100 * 80).reshape(100, 80).astype(np.uint16)
    small = small_copy(deep)
    assert small.shape == (64, 64) and small.dtype == np.uint8
    assert small.min() < 5 and small.max() > 250
