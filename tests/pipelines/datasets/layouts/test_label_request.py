from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.datasets.layouts.label_request import Named, display_colours, label_rule
from pipelines.datasets.layouts.sample import Request
from pipelines.errors import InputError

FOUR = ("background", "stroma", "tumour", "necrosis")
COLOURS = ((0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255))


def asked(
    classes: tuple[str, ...] = (), mapping: dict[int, int] | None = None, **options: Any
) -> Request:
    return Request("segmentation", classes, mapping or {}, options)


def saved(folder: Path, values: object, name: str = "a.png") -> list[Named]:
    array = np.asarray(values, dtype=np.uint8)
    Image.fromarray(array).save(folder / name)
    return [(folder / name, f"masks/{name}")]


@pytest.mark.parametrize("values", [[[0, 1]], [[0, 255]], [[0, 0]], [[255, 255]]])
def test_two_values_need_no_classes(tmp_path: Path, values: list[list[int]]) -> None:
    rule = label_rule(asked(), saved(tmp_path, values))
    assert rule.labels == ("background", "foreground")
    assert label_rule(asked(mapping={7: 1}), saved(tmp_path, [[0, 7]])).values == ((7, 1),)


def test_more_values_are_refused_with_an_example(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        label_rule(asked(), saved(tmp_path, [[0, 1, 2, 2]]))
    assert str(caught.value) == (
        'mask "masks/a.png" holds the values 0 (1 pixels), 1 (1 pixels), 2 (2 pixels). '
        "Name the classes in the order of their indices, such as "
        "--classes background,class1,class2"
    )
    with pytest.raises(InputError) as caught:
        label_rule(asked(), saved(tmp_path, [[0, 85, 170, 255]]))
    assert str(caught.value).endswith(
        "--classes background,class1,class2,class3 --map 85=1 --map 170=2 --map 255=3"
    )
    with pytest.raises(InputError, match=r"as a picture, .* by --threshold 128$"):
        label_rule(asked(), saved(tmp_path, [range(200)]))


def disc(size: tuple[int, int]) -> Image.Image:
    image = Image.new("L", (64, 48))
    ImageDraw.Draw(image).ellipse((10, 10, 30, 30), fill=255)
    return image.resize(size, Image.Resampling.BICUBIC)


@pytest.mark.parametrize("levels", [256, 9])
def test_soft_masks_of_another_size_are_told_in_one_line(tmp_path: Path, levels: int) -> None:
    masks, images = [], {}
    for number in range(3):
        mask, image = tmp_path / f"m{number}.png", tmp_path / f"i{number}.png"
        soft = np.asarray(disc((100, 80))).astype(int) * levels // 256 * 255 // (levels - 1)
        Image.fromarray(soft.astype(np.uint8)).save(mask)
        Image.new("L", (64, 48)).save(image)
        masks.append((mask, mask.name))
        images[mask] = image
    with pytest.raises(InputError) as caught:
        label_rule(asked(), masks, images=images)
    line = str(caught.value)
    assert line.startswith('mask "m0.png" has soft edges: ') and "--classes" not in line
    assert f"{len(np.unique(soft))} grey values (" in line and "nearest-neighbour" in line
    assert line.endswith(
        "It is also 100 x 80 pixels, its image 64 x 48: export both at one size. All 3 masks "
        "looked at are like it"
    )
    assert "\n" not in line and len(line) < 450


def test_a_few_soft_masks_among_others_are_named_when_all_are_read(tmp_path: Path) -> None:
    disc((100, 80)).save(tmp_path / "soft.png")
    masks = [*saved(tmp_path, [[0, 255]]), (tmp_path / "soft.png", "soft.png")]
    rule = label_rule(asked(), masks)
    assert rule.labels == ("background", "foreground")
    with pytest.raises(InputError, match="has soft edges"):
        rule.indices(Image.open(tmp_path / "soft.png"), "m")


def test_examples_of_many_classes_are_shortened(tmp_path: Path) -> None:
    twelve = np.repeat(np.arange(12).reshape(3, 4), 8, axis=1)
    with pytest.raises(InputError) as caught:
        label_rule(asked(), saved(tmp_path, twelve * 20))
    assert str(caught.value).endswith(
        "--classes background,class1,class2,class3,class4,class5,… (12 names) --map 20=1 --map "
        "40=2 --map 60=3 --map 80=4 --map 100=5 …"
    )


def test_colours_are_refused_with_an_example(tmp_path: Path) -> None:
    masks = saved(tmp_path, [[(255, 0, 0), (0, 0, 0), (255, 0, 0), (0, 9, 0)]])
    with pytest.raises(InputError) as caught:
        label_rule(asked(), masks)
    assert str(caught.value) == (
        'mask "masks/a.png" holds the colours 255,0,0 (2 pixels), 0,0,0 (1 pixels), '
        "0,9,0 (1 pixels). Name the classes, such as --classes background,class1,class2 "
        "--colour background=0,0,0 --colour class1=255,0,0 --colour class2=0,9,0"
    )
    many = [[(level, 0, 255) for level in range(100)]]
    with pytest.raises(InputError, match=r"holds? 100 colours: .* Soft edges"):
        label_rule(asked(), saved(tmp_path, many))


def test_the_example_works(tmp_path: Path) -> None:
    masks = saved(tmp_path, [[(255, 0, 0), (0, 0, 0), (0, 9, 0)]])
    names = ("background", "class1", "class2")
    colour = ("background=0,0,0", "class1=255,0,0", "class2=0,9,0")
    rule = label_rule(asked(names, colour=colour), masks)
    with Image.open(masks[0][0]) as image:
        assert rule.indices(image, "m").tolist() == [[1, 0, 2]]
    assert display_colours(rule, masks) == ((0, 0, 0), (255, 0, 0), (0, 9, 0))


def test_the_background_is_black_where_nobody_says() -> None:
    rule = label_rule(asked(("background", "tumour"), colour=("tumour=255, 0,0",)), [])
    assert dict(rule.colours) == {(255, 0, 0): 1, (0, 0, 0): 0}
    white = label_rule(asked(("background", "t"), colour=("background=255,255,255", "t=0,0,0")), [])
    assert dict(white.colours) == {(255, 255, 255): 0, (0, 0, 0): 1}


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (asked(colour=("a=1,2,3",)), "--colour needs --classes"),
        (asked(("b", "a"), colour=("a",)), "expected NAME=R,G,B with a name of --classes: b, a"),
        (asked(("b", "a"), colour=("c=1,2,3",)), "with a name of --classes"),
        (asked(("b", "a"), colour=("a=1,2",)), "three numbers from 0 to 255, such as a=255,0,0"),
        (asked(("b", "a"), colour=("a=1,2,256",)), "three numbers"),
        (asked(("b", "a"), colour=("a=1,2,²",)), "three numbers"),
        (asked(("b", "a"), colour=("a=1,2,3", "b=1,2,3")), "a has the same colour"),
        (asked(("b", "a", "c"), colour=("a=1,2,3",)), "c of --classes has no colour"),
        (asked(("b", "a"), colour=("a=0,0,0",)), "b of --classes has no colour"),
        (asked(("a", "a")), "names a class twice: a,a"),
        (asked(("a",)), "--classes background,a"),
        (asked(tuple(map(str, range(257)))), "there are 257 classes; the limit is 256"),
        (asked(mapping={38: 2}), r"--map 38=2: there is no index 2; .* name more with --classes"),
        (asked(("b", "a"), mapping={38: -1}), r"expected 0 \(b\), 1 \(a\)$"),
        (asked(threshold="x"), "--threshold x: expected a whole number from 1"),
        (asked(threshold="0"), "--threshold 0: expected"),
        (asked(("a", "b", "c"), threshold="9"), "tells two classes apart, but there are 3"),
    ],
)
def test_what_does_not_fit_is_refused(request_: Request, words: str) -> None:
    with pytest.raises(InputError, match=words):
        label_rule(request_, [])


def test_a_threshold_makes_two_classes_of_soft_masks(tmp_path: Path) -> None:
    rule = label_rule(asked(threshold="128"), saved(tmp_path, [range(200)]))
    assert rule.threshold == 128 and rule.labels == ("background", "foreground")


def test_jpeg_and_broken_masks(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'^mask "masks/a.jpg" is a JPEG'):
        label_rule(asked(), saved(tmp_path, [[0, 255]], "a.jpg"))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    rule = label_rule(asked(), [(tmp_path / "broken.png", "broken.png")])
    assert rule.labels == ("background", "foreground")  # named when all masks are read


def test_colours_of_a_palette(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1, 2, 3]], dtype=np.uint8), "P")
    image.putpalette([level for colour in COLOURS for level in colour])
    image.save(tmp_path / "p.png")
    masks = [*saved(tmp_path, [[0, 3]]), (tmp_path / "p.png", "p.png")]
    assert display_colours(label_rule(asked(FOUR), masks), masks) == COLOURS
    mapped = label_rule(asked(FOUR[:2], {3: 1}), masks)
    assert display_colours(mapped, masks) == (COLOURS[0], COLOURS[3])
    assert display_colours(label_rule(asked(tuple("abcde")), masks), masks) in (
        (),
        (*COLOURS, (0, 0, 0)),
    )
    assert display_colours(label_rule(asked(FOUR), masks[:1]), masks[:1]) == ()
