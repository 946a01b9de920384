"""The fan has the shape of a curved probe's, and cuts masks as it cuts images."""

import math
from functools import partial

import pytest
import torch

from tests.transforms.made_ultrasound import FLAT, GREY, HEIGHT, WIDTH, check_habits, letterboxed
from transforms.lit_area import Box
from transforms.probe_sector import RandProbeSectord, in_sector


def test_it_keeps_to_the_habits_of_all() -> None:
    check_habits(partial(RandProbeSectord, "image"), {"opening": 0})


def test_the_fan_is_as_wide_as_the_image_and_reaches_its_bottom() -> None:
    inside = in_sector(torch.ones(1, 100, 120), 60)[0] > 0
    assert torch.equal(inside, inside.flip(1))
    widths = inside.sum(dim=1)
    assert int(widths.max()) == pytest.approx(120, abs=2)
    assert inside[99, 59:61].all() and not inside[99, 0]  # the far arc touches the bottom
    assert inside[:, 60].nonzero()[0].item() <= 4  # the probe's own arc sags a little
    # R sin 30° = 60: the apex is 20 rows above, and the fan begins 2 * 20 tan 30° wide
    assert int(inside[:6].any(dim=0).sum()) == pytest.approx(40 * math.tan(math.pi / 6), abs=7)


def test_a_wide_fan_begins_in_a_point() -> None:
    inside = in_sector(torch.ones(1, 100, 60), 90)[0] > 0
    assert int(inside[0].sum()) <= 2 and int(inside[30].sum()) == 60


def test_masks_are_cut_exactly_where_images_are() -> None:
    mask = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.uint8)
    mask[:, 5:38, 1:29] = 3
    transform = RandProbeSectord("image", "mask", 1.0, opening=(50, 80)).set_random_state(1)
    for _ in range(3):
        found = transform({"image": FLAT, "mask": mask})
        assert found["mask"].dtype == torch.uint8
        assert torch.equal(found["mask"] > 0, (found["image"] > 0) & (mask > 0))
        assert 0.2 < float((found["mask"] > 0).sum() / (mask > 0).sum()) < 1
    kept = RandProbeSectord("image", "mask", 0.0)({"image": GREY, "mask": mask})
    assert kept["mask"] is mask


def test_the_fan_lies_in_what_is_lit() -> None:
    transform = RandProbeSectord("image", prob=1.0, opening=70).set_random_state(0)
    found = transform({"image": letterboxed()})["image"]
    assert transform.draw == (70.0, Box(10, 30, 0, WIDTH))
    assert torch.equal(found[:, 10:30], in_sector(letterboxed()[:, 10:30], 70))


def test_a_missing_image_is_passed_over_where_allowed() -> None:
    transform = RandProbeSectord("image", prob=1.0, allow_missing_keys=True)
    assert transform({"other": 1}) == {"other": 1}


@pytest.mark.parametrize("opening", [-1, 150, (50, 20)])
def test_bad_settings_are_named(opening: object) -> None:
    with pytest.raises(ValueError, match=r"opening is .*; expected a number"):
        RandProbeSectord("image", opening=opening)  # type: ignore[arg-type]
