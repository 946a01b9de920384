from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.datasets.audit import pairing
from pipelines.datasets.audit.pairing import Copies, all_pairs, cluster_names, make_pairs, turn_of
from pipelines.datasets.duplicate_candidates import orient
from pipelines.datasets.duplicates import small_copy
from tests.pipelines.datasets.audit.made_cases import case, scan


def pairs(*rows: tuple[int, int]) -> NDArray[np.int64]:
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def test_exact_copies_are_found_by_their_pixels_and_joined_with_near_ones() -> None:
    cases = [case(n, digest=digest) for n, digest in enumerate("abacab")]
    assert all_pairs(cases, pairs((4, 3), (0, 2))).tolist() == [[0, 2], [0, 4], [1, 5], [3, 4]]
    assert all_pairs(cases[:2], pairs()).shape == (0, 2)


def test_what_shows_nothing_is_in_no_pair() -> None:
    silent = [case(n, digest="x", content=0.0) for n in (0, 1)]
    broken = [case(n, digest="", problem="broken") for n in (2, 3)]
    cases = [*silent, *broken, case(4), case(5)]
    assert all_pairs(cases, pairs((0, 1), (2, 3), (1, 4), (4, 5))).tolist() == [[4, 5]]


def test_a_pair_says_whether_it_is_exact_and_how_it_is_turned() -> None:
    smalls = np.stack([small_copy(scan(1)), small_copy(scan(1)[:, ::-1])])
    cases = [case(0), case(1), case(2)]
    copies = Copies(smalls, [0, 2])
    (pair,) = make_pairs(cases, pairs((0, 2)), copies)
    assert pair.content() == {
        "first": "images/a_0000.png",
        "second": "images/a_0002.png",
        "kind": "near",
        "turn": "flipped left to right",
    }
    (exact,) = make_pairs([case(0, digest="x"), case(1, digest="x")], pairs((0, 1)))
    assert exact.exact and exact.content()["kind"] == "exact" and "turn" not in exact.content()


@pytest.mark.parametrize("number", range(8))
def test_every_orientation_is_named_as_the_way_of_the_second(number: int) -> None:
    second = np.asarray(orient(scan(5, 64, 64), number))
    turned = {
        "": second,
        "turned a quarter to the left": np.rot90(second),
        "upside down": np.rot90(second, 2),
        "turned a quarter to the right": np.rot90(second, 3),
        "flipped left to right": second[:, ::-1],
        "flipped and turned a quarter to the left": np.rot90(second[:, ::-1]),
        "flipped top to bottom": second[::-1],
        "flipped and turned a quarter to the right": np.rot90(second[:, ::-1], 3),
    }
    np.testing.assert_array_equal(turned[turn_of(scan(5, 64, 64), second)], scan(5, 64, 64))


def test_a_copy_that_is_only_brighter_is_not_turned() -> None:
    brighter = np.clip(scan(5, 64, 64) * 1.3, 0, 255).astype(np.uint8)
    assert turn_of(scan(5, 64, 64), brighter) == ""


def test_of_very_many_pairs_each_image_keeps_one_of_each_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases = [case(n, fold=int(n >= 8), group=f"g{n // 4}", digest="x") for n in range(12)]
    every = pairs(*((one, other) for one in range(12) for other in range(one + 1, 12)))
    monkeypatch.setattr(pairing, "_MOST", 20)
    kept = make_pairs(cases, every)
    assert len(kept) < len(every)
    assert make_pairs(cases, every[:20]) == make_pairs(cases, every[:20])
    for across in (True, False):
        chosen = [pair for pair in kept if (pair.first.place != pair.second.place) == across]
        assert {each.image for pair in chosen for each in pair.cases} == {c.image for c in cases}


def test_clusters_hang_together_through_chains() -> None:
    cases = [case(n) for n in range(6)]
    names = cluster_names(cases, pairs((0, 3), (3, 5), (1, 2)))
    assert [[int(name[-8:-4]) for name in each] for each in names] == [[0, 3, 5], [1, 2]]
    assert cluster_names(cases, pairs()) == []
