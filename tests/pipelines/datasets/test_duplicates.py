from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipelines.datasets import duplicate_cells
from pipelines.datasets import duplicates as module
from pipelines.datasets.duplicate_orientations import orient
from pipelines.datasets.duplicates import clusters, find_pairs, small_copy
from tests.pipelines.datasets.made_limb import draw_limb

Array = NDArray[np.uint8]
Texture = Callable[..., Array]
Limb = Callable[[int], Array]


@pytest.fixture
def limb() -> Limb:
    return draw_limb


def pairs_of(*pictures: NDArray[np.generic]) -> list[tuple[int, int]]:
    found = find_pairs(np.stack([small_copy(picture) for picture in pictures]))
    return [(int(first), int(second)) for first, second in found]


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
    "cut and turned": lambda picture: orient(picture[20:, 8:-24], 6),
    "gamma": lambda picture: (255 * (picture / 255) ** 1.6).astype(np.uint8),
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


@pytest.mark.parametrize("count", [4, 12, 30])
def test_limbs_of_strangers_are_no_pair_though_their_edges_agree(limb: Limb, count: int) -> None:
    assert pairs_of(*(limb(seed) for seed in range(count))) == []


@pytest.mark.parametrize("count", [20, 28])
def test_changed_copies_of_limbs_are_found(limb: Limb, count: int) -> None:
    pictures = [limb(seed) for seed in range(count)]
    changed = [change(picture) for change, picture in zip(CHANGES.values(), pictures, strict=False)]
    expected = [(place, count + place) for place in range(len(CHANGES))]
    assert pairs_of(*pictures, *changed) == expected


def test_copies_of_every_picture_do_not_hide_one_another(limb: Limb) -> None:
    pictures = [limb(seed) for seed in range(15)]
    turned = [orient(picture, number) for number in (0, 3, 4, 6) for picture in pictures]
    found = np.array(pairs_of(*turned))
    assert len(found) == 15 * 6 and (found[:, 0] % 15 == found[:, 1] % 15).all()


def test_blank_pictures_are_pairs_of_one_another_only(texture: Texture) -> None:
    blank = np.zeros((40, 60), dtype=np.uint8)
    assert pairs_of(blank, texture(1), blank + 30, texture(2)) == [(0, 2)]


def test_no_picture_no_pair() -> None:
    assert find_pairs(np.empty((0, 64, 64), dtype=np.uint8)).shape == (0, 2)


def test_blocks_and_threads_change_nothing(
    texture: Texture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    smalls = np.stack([small_copy(texture(seed % 9, 80, 100, grain=8)) for seed in range(24)])
    expected = find_pairs(smalls)
    assert len(expected) > 10
    np.save(tmp_path / "smalls.npy", smalls)
    mapped = np.load(tmp_path / "smalls.npy", mmap_mode="r")
    monkeypatch.setattr(module, "_BLOCK", 6)
    for threads in (1, 3):
        np.testing.assert_array_equal(find_pairs(mapped, threads), expected)


def test_cells_find_the_pairs_of_the_exact_search(
    texture: Texture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [texture(seed, 80, 100, grain=8) for seed in range(80)]
    pictures += [orient(picture[8:, :-10], 6) for picture in pictures[:20]]
    smalls = np.stack([small_copy(picture) for picture in pictures])
    expected = find_pairs(smalls)
    assert len(expected) > 15
    monkeypatch.setattr(duplicate_cells, "EXACT", 50)
    found = find_pairs(smalls)
    assert {*map(tuple, found.tolist())} <= {*map(tuple, expected.tolist())}
    assert len(found) >= len(expected) - 1
    np.testing.assert_array_equal(find_pairs(smalls, 3), found)


def test_a_frame_a_moment_later_is_a_pair_and_a_stranger_of_the_same_gain_is_not(
    texture: Texture,
) -> None:
    fade = np.linspace(200, 20, 180)[:, None]
    still, moving = ([texture(s + k, 180, 300, grain=8) for s in range(30)] for k in (0, 100))
    pictures = [0.2 * one + fade for one in still]
    # Half of what is seen moves on by itself, so that nothing lays the one over the other.
    later = 0.12 * np.roll(still[3], (8, 9), axis=(0, 1)) + 0.08 * moving[3] + fade
    shown = [picture.astype(np.uint8) for picture in (*pictures, later)]
    assert pairs_of(*shown) == [(3, 30)]


def test_steps_are_reported(texture: Texture) -> None:
    smalls = np.stack([small_copy(texture(seed)) for seed in range(9)])
    steps: list[tuple[int, int]] = []
    find_pairs(smalls, 2, lambda done, total: steps.append((done, total)))
    total = steps[-1][1]
    assert steps == [(done, total) for done in range(1, total + 1)] and total > 2
    find_pairs(smalls[:0], 1, lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1] < total


def test_clusters_join_chains_and_count_from_the_first_member() -> None:
    assert clusters(6, np.array([(1, 4), (4, 5)])).tolist() == [0, 1, 2, 3, 1, 1]
    assert clusters(3, np.empty((0, 2), dtype=np.int64)).tolist() == [0, 1, 2]


def test_small_copies_have_one_size_and_stretch_16_bits() -> None:
    deep = np.linspace(1000, 3000, 100 * 80).reshape(100, 80).astype(np.uint16)
    small = small_copy(deep)
    assert small.shape == (64, 64) and small.dtype == np.uint8
    assert small.min() < 5 and small.max() > 250


REAL = Path(os.environ.get("MED2D_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.mark.realdata
@pytest.mark.skipif(not (REAL / "Dataset_BUSI_with_GT").is_dir(), reason="no real images here")
def test_the_real_breast_scans() -> None:
    folder = REAL / "Dataset_BUSI_with_GT"
    paths = sorted(path for path in folder.rglob("*.png") if "_mask" not in path.stem)
    smalls = [small_copy(np.asarray(Image.open(path).convert("L"))) for path in paths]
    pairs = find_pairs(np.stack(smalls), 2).tolist()
    found = {(paths[first].stem, paths[second].stem) for first, second in pairs}
    assert {
        ("benign (433)", "malignant (145)"),  # two classes
        ("benign (333)", "malignant (78)"),  # cut
        ("malignant (98)", "malignant (99)"),  # a wider view
        ("benign (204)", "benign (303)"),  # a moment later, with other calipers
        ("benign (114)", "benign (122)"),
    } <= found
    # Two cysts, two dark masses: the most similar strangers.
    assert not {("benign (184)", "benign (20)"), ("benign (62)", "malignant (1)")} & found
    assert 216 <= len(found) <= 236  # 226 were looked at, and were right
