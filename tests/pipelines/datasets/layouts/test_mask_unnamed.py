from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.layouts.mask_palettes import Named
from pipelines.datasets.layouts.mask_unnamed import check_binary, opened_some
from pipelines.errors import InputError

BINARY = [[0, 0, 255], [0, 255, 255]]


def saved(folder: Path, *masks: object, suffix: str = ".png") -> list[Named]:
    named = []
    for number, values in enumerate(masks):
        path = folder / f"{number}{suffix}"
        Image.fromarray(np.asarray(values, dtype=np.uint8)).save(path)
        named.append((path, path.name))
    return named


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape)


@pytest.mark.parametrize(
    "odd",
    [
        [[0, 7, 255]],  # one wrong pixel
        noise(20, 30, 3),  # a photograph
        [[[0, 0, 0], [255, 0, 0]]],
        noise(20, 30),
    ],
)
def test_one_odd_mask_among_many_is_left_to_be_named_when_it_is_read(
    tmp_path: Path, odd: object
) -> None:
    check_binary(saved(tmp_path, *[BINARY] * 3, odd), {}, {})


def test_a_jpeg_among_others_is_left_to_be_named_when_it_is_read(tmp_path: Path) -> None:
    jpeg = saved(tmp_path, BINARY, suffix=".jpg")
    check_binary([*saved(tmp_path, BINARY), *jpeg], {}, {})
    with pytest.raises(InputError, match=r'^mask "0\.jpg" is a JPEG'):
        check_binary(jpeg, {}, {})


def test_as_many_odd_masks_are_classes_and_the_message_names_one_of_them(tmp_path: Path) -> None:
    masks = saved(tmp_path, BINARY, BINARY, [[0, 7, 255]])
    with pytest.raises(InputError) as caught:
        check_binary(masks, {}, {})
    assert str(caught.value) == (
        'mask "2.png" and others hold the values 0 (7 pixels), 7 (1 pixels), 255 (7 pixels). Name '
        "the classes in the order of their indices, such as --classes background,class1,class2 "
        "--map 7=1 --map 255=2"
    )
    check_binary(masks, {7: 1}, {})


def test_values_that_run_on_are_rare_classes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'^mask "5\.png" and others hold the values .*class2$'):
        check_binary(saved(tmp_path, *[[[0, 1]]] * 5, [[0, 1, 2]]), {}, {})


def test_empty_masks_say_nothing_of_how_classes_are_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'^mask "5\.png" and others hold the values 0 .*, 40 '):
        check_binary(saved(tmp_path, *[[[0, 0]]] * 5, [[0, 40]]), {}, {})


def test_a_photograph_does_not_hide_the_colours_of_the_others(tmp_path: Path) -> None:
    masks = saved(tmp_path, noise(20, 30, 3), [[[0, 0, 0], [255, 0, 0]]])
    with pytest.raises(InputError, match=r'^mask "1\.png" holds the colours 0,0,0 .*255,0,0$'):
        check_binary(masks, {}, {})


def test_only_some_are_opened_and_broken_ones_passed_over(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    masks = saved(tmp_path, *[BINARY] * 30)
    assert len(opened_some(masks)) == 10
    assert opened_some([(tmp_path / "broken.png", "broken.png")]) == []
