"""Masks are given with their keys; what is no mask of the image is refused."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import pytest
import torch
from monai.transforms import Identityd, MapTransform

from transforms.elastic_deformation import RandElasticDeformationd
from transforms.grid_deformation import RandGridDeformationd
from transforms.moved_masks import moved_masks
from transforms.picture import PictureError
from transforms.probe_sector import RandProbeSectord
from transforms.trivial_augment import RandTrivialAugmentd

IMAGE, MASK = torch.rand(1, 16, 20), torch.ones(2, 16, 20, dtype=torch.uint8)


def given(transform: MapTransform, **masks: torch.Tensor) -> dict[Hashable, torch.Tensor]:
    return dict(moved_masks(transform, {"image": IMAGE, **masks}, ("a", "b")))


def test_masks_keep_their_type_and_order() -> None:
    found = given(Identityd("image"), b=MASK, a=MASK.bool())
    assert list(found) == ["a", "b"]
    assert (found["a"].dtype, found["b"].dtype) == (torch.bool, torch.uint8)


def test_a_missing_mask_is_passed_over_where_that_is_allowed() -> None:
    assert list(given(Identityd("image", allow_missing_keys=True), b=MASK)) == ["b"]
    with pytest.raises(KeyError, match="'a' is missing; Identityd moves it with its image"):
        given(Identityd("image"), b=MASK)


@pytest.mark.parametrize("mask", [torch.tensor(1), torch.ones(16, 20), torch.ones(1, 20, 16)])
def test_what_is_no_mask_of_the_image_is_refused(mask: torch.Tensor) -> None:
    with pytest.raises(PictureError, match=r"a has the shape .* of shape \(channel, 16, 20\)"):
        given(Identityd("image"), a=mask, b=MASK)


@pytest.mark.parametrize(
    "make",
    [RandElasticDeformationd, RandGridDeformationd, RandProbeSectord, RandTrivialAugmentd],
)
def test_every_change_that_moves_masks_keeps_to_it(make: Callable[..., Any]) -> None:
    more = {"operations": {"shear_x": 0.3}} if make is RandTrivialAugmentd else {"prob": 1.0}
    transform = make("image", "label", allow_missing_keys=True, **more).set_random_state(0)
    found = transform({"image": IMAGE})
    assert set(found) == {"image"} and found["image"].shape == IMAGE.shape
    with pytest.raises(PictureError, match=rf"label has the shape .* {make.__name__} expects"):
        transform({"image": IMAGE, "label": torch.tensor(1)})
    strict = make("image", "label", **more).set_random_state(0)
    with pytest.raises(KeyError, match="label"):
        strict({"image": IMAGE})
