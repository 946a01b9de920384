from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.duplicate_candidates import Candidates, candidates, turned
from pipelines.datasets.duplicate_cells import sorted_cells
from pipelines.datasets.duplicate_orientations import orient
from pipelines.datasets.duplicate_signatures import learned
from pipelines.datasets.duplicates import small_copy

Array = NDArray[np.uint8]
Texture = Callable[..., Array]


def proposed(smalls: Array, least: float, upright: float = 9.0) -> Candidates:
    signatures = learned(smalls)
    cells = sorted_cells(signatures.of_orientations(smalls))
    windows = signatures.of_windows(smalls)
    return candidates(windows, range(len(smalls)), cells, least, upright)


def test_a_turned_cut_is_proposed_with_its_window(texture: Texture) -> None:
    pictures = [texture(seed, 180, 300, grain=8) for seed in range(5)]
    # `orient` 5 is its own inverse, so that it is what the row must name.
    pictures.append(orient(pictures[2][20:, 15:-30], 5))
    found = proposed(np.stack([small_copy(picture) for picture in pictures]), 0.8)
    assert found.rows.tolist() == [[2, 5, 5]] and not found.upright.any()
    np.testing.assert_allclose(found.windows[0], [20 / 180, 1, 15 / 300, 270 / 300], atol=0.03)
    assert found.likeness[0] > 0.8


def test_an_exact_copy_has_the_whole_window(texture: Texture) -> None:
    smalls = np.stack([small_copy(texture(seed % 4, grain=8)) for seed in range(5)])
    found = proposed(smalls, 0.9)
    assert found.rows.tolist() == [[0, 4, 0]]
    np.testing.assert_allclose(found.windows[0], [0, 1, 0, 1], atol=1e-3)


def test_whole_pictures_that_are_alike_are_told_apart_from_turned_ones(texture: Texture) -> None:
    smalls = [small_copy(texture(seed, grain=8)) for seed in range(4)]
    smalls += [smalls[0] // 2, orient(smalls[1], 2)]
    found = proposed(np.stack(smalls), 0.9, 0.9)
    pairs = np.sort(found.rows[:, :2], axis=1).tolist()
    assert sorted(zip(pairs, found.upright.tolist(), strict=True)) == [
        ([0, 4], True),
        ([1, 5], False),
    ]


def table(*rows: tuple[int, int, int, float]) -> Candidates:
    whole = np.tile(np.array([0, 1, 0, 1], dtype=np.float32), (len(rows), 1))
    likeness = np.array([row[3] for row in rows], dtype=np.float32)
    numbers = np.array([row[:3] for row in rows])
    return Candidates(numbers, whole, likeness, np.zeros(len(rows), dtype=bool))


def test_joined_candidates_have_the_best_orientations_of_each_pair() -> None:
    one = table((3, 1, 1, 0.8), (1, 3, 3, 0.9), (0, 2, 1, 0.7))
    # A quarter to the left undoes one to the right, and a flip itself: those are the same rows.
    other = table((1, 3, 4, 0.85), (3, 1, 4, 0.95), (1, 3, 0, 0.75), (2, 0, 2, 0.6))
    found = Candidates.joined([one, other], 2)
    assert found.rows.tolist() == [[0, 2, 1], [2, 0, 2], [3, 1, 4], [1, 3, 3]]
    assert Candidates.joined([other, one], 1).rows.tolist() == [[0, 2, 1], [3, 1, 4]]
    assert len(Candidates.joined([], 2)) == 0 and len(found) == 4


def test_a_picture_that_is_nearly_symmetrical_has_two_rows(texture: Texture) -> None:
    pictures = [texture(seed, 120, 160, grain=8).astype(float) for seed in range(4)]
    pictures[1] = 0.9 * (pictures[1] + pictures[1][:, ::-1]) / 2 + 0.1 * pictures[1]
    smalls = [small_copy(picture.astype(np.uint8)) for picture in (*pictures, pictures[1])]
    assert proposed(np.stack(smalls), 0.9).rows.tolist() == [[1, 4, 0], [1, 4, 4]]


def test_cuts_are_turned_as_their_rows_say(texture: Texture) -> None:
    smalls = np.stack([small_copy(texture(seed)) for seed in range(3)])
    found = turned(smalls, np.array([[0, 2, 3], [0, 1, 6]]))
    np.testing.assert_array_equal(found, [orient(smalls[2], 3), orient(smalls[1], 6)])
