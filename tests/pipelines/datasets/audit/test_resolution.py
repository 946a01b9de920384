from __future__ import annotations

import pytest

from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.resolution import CANDIDATES, resolution, size_oddities
from tests.pipelines.datasets.audit.made_cases import by_check, case, masked, numbers

WHOLE = (1.0,) * len(CANDIDATES)


def scans(
    area: int, side: int = 500, count: int = 20, ceilings: tuple[float, ...] = WHOLE
) -> list[Case]:
    """Images of side x side pixels with one lesion each."""
    cases = [masked(n, lesions=(area,), ceilings=ceilings) for n in range(count)]
    return [
        case(n, width=side, height=side - 100, mask=each.measured.mask)
        for n, each in enumerate(cases)
    ]


@pytest.mark.parametrize("area", [1000, 2500, 10_000])
def test_the_smallest_size_at_which_lesions_keep_64_pixels(area: int) -> None:
    found = resolution(scans(area), "segmentation")
    size = found["recommended"]
    assert area * (size / 500) ** 2 >= 64
    smaller = [each for each in CANDIDATES if each < size]
    assert not smaller or area * (smaller[-1] / 500) ** 2 < 64
    assert found["reason"].startswith(f"{size} is the smallest size that leaves enough")


def test_a_size_that_the_masks_do_not_survive_is_too_small() -> None:
    ceilings = tuple(0.9 if size < 192 else 0.97 for size in CANDIDATES)
    found = resolution(scans(10_000, ceilings=ceilings), "segmentation")
    assert found["recommended"] == 192
    row = found["candidates"][CANDIDATES.index(160)]
    assert (row["best_dice"], row["best_dice_hard"]) == (0.9, 0.9)


def test_lesions_that_no_size_keeps_take_the_largest_that_enlarges_half_at_most() -> None:
    found = resolution(scans(30, side=300), "segmentation")
    assert found["recommended"] == 256 and "Expect misses" in found["reason"]
    row = next(row for row in found["candidates"] if row["size"] == 320)
    assert row["enlarged"] == 1 and row["lesions_kept"] == 0


def test_a_torn_mask_of_many_parts_decides_nothing() -> None:
    cases = scans(10_000, count=30)
    torn = masked(30, lesions=(20,) * 90, ceilings=WHOLE).measured.mask
    before = resolution(cases, "segmentation")
    after = resolution([*cases, case(30, width=500, height=400, mask=torn)], "segmentation")
    assert after["recommended"] == before["recommended"] and after["lesions"] == 120


@pytest.mark.parametrize(("side", "expected"), [(1000, 224), (230, 224), (130, 128), (40, 64)])
def test_a_classification_goes_by_the_sizes_up_to_that_of_pretrained_networks(
    side: int, expected: int
) -> None:
    found = resolution([case(n, width=side, height=20) for n in range(5)], "classification")
    assert found["recommended"] == expected and found["lesions"] == 0
    assert found["reason"].startswith(f"{expected} is the ")
    assert ("try a larger size" in found["reason"]) == (side == 1000)
    assert "lesions_kept" not in found["candidates"][0]


def test_a_segmentation_without_lesions_goes_by_the_sizes() -> None:
    empty = [masked(n, lesions=(), counts=(1200, 0)) for n in range(3)]
    assert resolution(empty, "segmentation")["recommended"] == 64


def test_shares_and_distributions_are_those_of_the_images() -> None:
    cases = [case(n, width=100 * (n + 1), height=50) for n in range(4)]
    found = resolution([*cases, case(9, problem="torn")], "classification")
    rows = {row["size"]: row for row in found["candidates"]}
    assert rows[128]["enlarged"] == 0.25 and rows[320]["enlarged"] == 0.75
    assert rows[128]["shrunk_by"] == pytest.approx(250 / 128, abs=1e-3)
    assert found["longer_side"]["median"] == 250 and found["aspect"]["most"] == 8
    assert resolution([case(9, problem="torn")], "classification") == {}


def test_tiny_and_long_images_are_found() -> None:
    cases = [case(n, width=400, height=300) for n in range(9)]
    odd = [case(9, width=90, height=80), case(10, width=400, height=100)]
    checks = by_check(size_oddities([*cases, *odd, case(11, problem="torn")]))
    assert numbers(checks["tiny-image"]) == [9] and numbers(checks["long-image"]) == [10]
    assert size_oddities(cases) == [] and size_oddities([]) == []
