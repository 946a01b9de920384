import pytest
import torch
from monai.data import MetaTensor

from transforms.remove_small_regions import RemoveSmallRegionsd


def mask() -> torch.Tensor:
    """Of 200 pixels: a square of 16, two that touch at a corner, and one alone."""
    drawn = torch.zeros(1, 10, 20)
    drawn[0, 1:5, 1:5] = 1
    drawn[0, 7, 10] = drawn[0, 8, 11] = 1
    drawn[0, 2, 17] = 1
    return drawn


@pytest.mark.parametrize(
    ("least_share", "left"),
    [(None, 19), (0.0, 19), (0.005, 19), (0.006, 18), (0.0101, 16), (0.081, 0)],
)
def test_regions_below_the_share_are_removed(least_share: float | None, left: int) -> None:
    answer = RemoveSmallRegionsd("pred", least_share)({"pred": mask()})["pred"]
    assert answer.sum() == left
    assert torch.equal(answer * mask(), answer)


def test_form_and_metadata_stay() -> None:
    given = MetaTensor(mask(), meta={"filename_or_obj": "a.png"})
    answer = RemoveSmallRegionsd("pred", 0.05)({"pred": given, "other": 3})
    assert answer["pred"].dtype == given.dtype
    assert answer["pred"].meta["filename_or_obj"] == "a.png"
    assert answer["other"] == 3
    assert given.sum() == 19


def test_an_empty_mask_stays_empty() -> None:
    assert RemoveSmallRegionsd("pred", 0.1)({"pred": torch.zeros(1, 4, 4)})["pred"].sum() == 0


@pytest.mark.parametrize("least_share", [-0.1, 1, True, "0.1"])
def test_a_share_out_of_range_is_refused(least_share: object) -> None:
    with pytest.raises(ValueError, match="least_share"):
        RemoveSmallRegionsd("pred", least_share)  # type: ignore[arg-type]


def test_a_mask_of_several_channels_is_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        RemoveSmallRegionsd("pred", 0.1)({"pred": torch.zeros(2, 4, 4)})
