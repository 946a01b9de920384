from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.errors import InputError
from tests.pipelines.datasets.made_layout import Given, GivenMask, Made, pixels


def test_a_mask_of_an_unknown_index_is_refused(made: Made) -> None:
    made.masked()
    made.change(2, masks=(GivenMask(np.full((60, 90), 3, np.uint8)),))
    made.change(3, masks=(GivenMask(np.zeros((9, 9), np.uint8)),))
    made.change(4, masks=())
    with pytest.raises(InputError) as caught:
        made.convert("segmentation")
    assert str(caught.value).splitlines()[1:] == [
        '  the mask of "x/2.png" holds the class index 3, but the labels are background, lesion; '
        "name them all by --classes",
        '  the mask of "x/3.png" is 9 x 9 pixels, its image 90 x 60; export both at one size',
        '  image "x/4.png" has no mask; give one, or take the image out',
    ]
    made.change(3, masks=made.samples[1].masks)
    made.change(4, masks=made.samples[1].masks)
    names = ("background", "lesion", "fat", "muscle")
    labels = made.convert("segmentation", classes=names).dataset.labels
    assert tuple(labels.values()) == names


def test_what_an_image_does_not_show_is_background(made: Made) -> None:
    made.masked()
    clear = np.zeros((60, 90), dtype=bool)
    clear[:15] = True
    for number, where in ((3, clear), (5, clear[::-1])):
        made.change(number, image=Given(made.texture(number), clear=where))
    items = made.convert("segmentation").dataset.items
    shown = next(item for item in items if item["source"] == "x/3.png")
    mask = pixels(made.out / shown["label"])
    assert not mask[:15].any() and mask[15:20, 5:50].all()
    assert made.said == [
        "warning: 2 of 12 images are wholly transparent in part (up to 25% of one), such as "
        '"x/3.png": these parts become black. What masks mark there becomes background (225 pixels '
        'in 1 masks, such as of "x/3.png")'
    ]


def test_grey_and_colours(made: Made) -> None:
    colour = np.stack([made.texture(seed) for seed in (20, 21, 22)], axis=2)
    made.change(0, image=Given(colour))
    grey = made.convert().dataset
    assert grey.channels == 1 and grey.modality == {"0": "OT"}
    assert pixels(made.out / "images/a_0001.png").ndim == 2
    assert [item.get("flags") for item in grey.items[:2]] == ["colour,colourful", None]
    made.facts = replace(made.facts, channels=3)
    rgb = made.convert(overwrite=True).dataset
    assert rgb.channels == 3 and rgb.modality == {"0": "OT", "1": "OT", "2": "OT"}
    np.testing.assert_array_equal(pixels(made.out / "images/a_0001.png"), colour)
    first = pixels(made.out / "images/b_0001.png")
    np.testing.assert_array_equal(first, np.stack([made.texture(1)] * 3, axis=2))
    assert "flags" not in rgb.items[0]
    assert made.convert(overwrite=True, channels=1).dataset.channels == 1
    made.change(3, image=Given(made.texture(3).astype(np.uint16) * 9))
    with pytest.raises(InputError, match=r'image "x/3.png" has 16 bits, which a colour dataset'):
        made.convert(overwrite=True, channels=3)
