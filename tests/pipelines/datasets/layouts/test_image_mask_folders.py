from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.datasets.layouts.image_mask_folders import scan, sign
from pipelines.datasets.layouts.sample import Request, Scan
from pipelines.errors import InputError
from transforms.picture import PictureError

FOUR = ("background", "stroma", "tumour", "necrosis")
COLOURS = [0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255]


def asked(classes: tuple[str, ...] = (), **options: Any) -> Request:
    return Request("segmentation", classes, {}, options)


def indices(seed: int = 0, most: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, most + 1, (6, 9)).astype(np.uint8)


def put(root: Path, name: str, picture: np.ndarray | Image.Image) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(path)


def palette(values: np.ndarray) -> Image.Image:
    image = Image.fromarray(values, "P")
    image.putpalette(COLOURS)
    return image


def rgba(seed: int = 0) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 9, 4)).astype(np.uint8)
    pixels[..., 3] = 255
    return pixels


def read(found: Scan) -> list[np.ndarray]:
    return [each.masks[0].read("mask") for each in found.samples]


def test_colour_images_with_palette_masks(tmp_path: Path) -> None:
    for number in (10, 2):
        put(tmp_path, f"images/tissue é ({number}).png", rgba(number))
        put(tmp_path, f"masks/tissue é ({number}).png", palette(indices(number)))
    found = scan(tmp_path, asked(FOUR, modality="SM"))
    assert [each.source for each in found.samples] == [
        "images/tissue é (2).png",
        "images/tissue é (10).png",
    ]
    assert not found.problems and not found.warnings and found.root == tmp_path
    facts = found.facts
    assert (facts.labels, facts.channels, facts.modality) == (FOUR, 3, "SM")
    assert facts.colours == ((0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255))
    np.testing.assert_array_equal(read(found)[0], indices(2))
    sample = found.samples[0]
    assert (sample.category, sample.part, sample.group) == ("image", None, None)
    with pytest.raises(InputError, match="Name the classes in the order of their indices"):
        scan(tmp_path, asked())


def test_a_colour_for_each_class(tmp_path: Path) -> None:
    put(tmp_path, "img/a.jpg", indices() * 50)
    put(tmp_path, "gt/a.png", palette(indices()).convert("RGB"))
    with pytest.raises(InputError, match="--classes background,class1,class2,class3 --colour bac"):
        scan(tmp_path, asked())
    colour = ("stroma=255,0,0", "tumour=0,255,0", "necrosis=0,0,255")
    found = scan(tmp_path, asked(FOUR, colour=colour))
    np.testing.assert_array_equal(read(found)[0], indices())
    assert found.facts.channels == 1 and found.facts.colours[3] == (0, 0, 255)


def test_mixed_in_one_folder_without_classes(tmp_path: Path) -> None:
    put(tmp_path, "a.png", indices() * 50)
    put(tmp_path, "a_mask.png", indices(most=1) * 255)
    found = scan(tmp_path, asked())
    assert found.facts.labels == ("background", "foreground") and found.facts.colours == ()
    np.testing.assert_array_equal(read(found)[0], indices(most=1))


def test_a_file_for_each_class(tmp_path: Path) -> None:
    put(tmp_path, "images/a.png", rgba())
    put(tmp_path, "images/b.png", rgba(1))
    for index, name in enumerate(FOUR[1:], start=1):
        put(tmp_path, f"masks/a_{name}.png", (indices() == index) * np.uint8(255))
    put(tmp_path, "masks/b_stroma.png", (indices() == 1) * np.uint8(255))
    with pytest.raises(InputError) as caught:
        scan(tmp_path, asked())
    assert str(caught.value).endswith("give --classes background,necrosis,stroma,tumour")
    found = scan(tmp_path, asked(FOUR))
    np.testing.assert_array_equal(read(found)[0], indices())
    assert found.warnings[0] == (
        "1 of 2 images with a file for each class have none of tumour; it is taken as not in them"
    )
    put(tmp_path, "masks/b_tumour.png", (indices() == 1) * np.uint8(255))
    with pytest.raises(InputError, match="overlaps stroma"):
        read(scan(tmp_path, asked(FOUR)))
    np.testing.assert_array_equal(
        read(scan(tmp_path, asked(FOUR, later_wins=True)))[1], (indices() == 1) * 2
    )


def test_parts_classes_and_groups(tmp_path: Path) -> None:
    for name in ("train/%s/adult/lung/a.png", "val/%s/child/b.png"):
        put(tmp_path / "archive", name % "images", indices() * 50)
        put(tmp_path / "archive", name % "masks", indices(most=1))
    found = scan(tmp_path, asked())
    assert found.root == tmp_path / "archive"
    assert found.warnings == [
        f"reading {tmp_path / 'archive'}, where all pictures of {tmp_path} lie"
    ]
    assert [(each.category, each.part, dict(each.columns)) for each in found.samples] == [
        ("adult", "train", {"folder": "lung"}),
        ("child", "validation", {}),
    ]
    grouped = scan(tmp_path, asked(folders="group"))
    assert {each.category for each in grouped.samples} == {"image"}
    assert len({each.group for each in grouped.samples}) == 2
    assert "adult" not in str(grouped.samples[0].group) and "folders" in grouped.facts.grouping
    ignored = scan(tmp_path, asked(folders="ignore"))
    assert [dict(each.columns) for each in ignored.samples] == [
        {"folder": "adult/lung"},
        {"folder": "child"},
    ]


def test_folders_that_look_like_patients_and_reserved_names(tmp_path: Path) -> None:
    for number in range(21):
        for name in "ab":
            put(tmp_path, f"images/p{number}/{name}.png", indices())
            put(tmp_path, f"masks/p{number}/{name}.png", indices(most=1))
    (line,) = scan(tmp_path, asked()).warnings
    assert line.startswith("the images lie in 21 folders") and "--folders group" in line
    assert not scan(tmp_path, asked(folders="group")).warnings
    put(tmp_path / "other", "Images/masks/images/a.png", indices())
    put(tmp_path / "other", "Images/masks/masks/a.png", indices(most=1))
    put(tmp_path / "other", "x/masks/masks/a.png", indices(most=1))
    put(tmp_path / "other", "x/masks/images/a.png", indices())
    assert "reserved name" in scan(tmp_path / "other", asked()).problems[0].line


def test_folders_of_one_image_each_are_cases(tmp_path: Path) -> None:
    for number in range(4):
        put(tmp_path, f"p{number}/image.png", indices() * 50)
        put(tmp_path, f"p{number}/mask.png", indices(most=1))
    found = scan(tmp_path, asked())
    assert not found.problems and {each.category for each in found.samples} == {"image"}
    assert [dict(each.columns) for each in found.samples][3] == {"folder": "p3"}
    assert found.warnings[0].startswith("each of 4 folders holds one image")
    named = scan(tmp_path, asked(folders="class"))
    assert not named.warnings and named.samples[3].category == "p3"


def test_masks_without_images_and_datasets_are_named(tmp_path: Path) -> None:
    put(tmp_path, "masks/a.png", indices(most=1))
    put(tmp_path, "masks/b.png", indices(most=1))
    with pytest.raises(InputError, match=r"holds 2 masks by their names, and no images; expected"):
        scan(tmp_path, asked())
    for name in "ab":
        put(tmp_path, f"images/{name}.png", indices())
    (tmp_path / "dataset.json").write_text('{"training": []}')
    assert "med2d convert datalist reads them" in scan(tmp_path, asked()).warnings[-1]


def test_options_choose_folders_and_names(tmp_path: Path) -> None:
    put(tmp_path, "pics/raw/a.png", indices())
    put(tmp_path, "pics/manual/a_m.png", indices(most=1))
    put(tmp_path, "masks/a.png", indices())
    options = {"images_dir": "pics/raw", "masks_dir": "manual", "mask_suffix": "_m"}
    found = scan(tmp_path, asked(**options))
    assert [each.source for each in found.samples] == ["pics/raw/a.png"]
    assert '"masks/a.png"' in found.warnings[0]
    with pytest.raises(InputError, match=r"--masks-dir none: .* it has them in masks, pics/manual"):
        scan(tmp_path, asked(masks_dir="none"))
    for wrong in ("/etc", "../x", "a\\b"):
        with pytest.raises(InputError, match=r"--images-dir .*expected a folder's name"):
            scan(tmp_path, asked(images_dir=wrong))
    with pytest.raises(InputError, match="--mask-suffix is empty"):
        scan(tmp_path, asked(mask_suffix=""))


def test_problems_are_collected(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        put(tmp_path, f"images/{name}.png", indices())
    put(tmp_path, "images/c.bmp", indices())
    for name in ("a", "c", "d"):
        put(tmp_path, f"masks/{name}.png", indices(most=1))
    (tmp_path / "notes.txt").touch()
    (tmp_path / "images" / "out.png").symlink_to("/etc/hostname")
    (tmp_path / "images" / "loop").symlink_to(tmp_path)
    found = scan(tmp_path, asked())
    assert [each.source for each in found.samples] == ["images/a.png"]
    told = "\n".join(each.line for each in found.problems)
    for word in ("images/b.png", "images/c.bmp", "masks/d.png", "images/out.png"):
        assert word in told
    assert len(found.problems) == 4
    assert any("notes.txt" in line for line in found.warnings)
    assert any("loop" in line for line in found.warnings)


def test_other_layouts_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        scan(tmp_path / "none", asked())
    with pytest.raises(InputError, match="is empty"):
        scan(tmp_path, asked())
    (tmp_path / "Input.npy").touch()
    with pytest.raises(
        InputError, match=r"looks like .*npy-arrays.*, not image-mask-folders: expected"
    ):
        scan(tmp_path, asked())
    put(tmp_path, "benign/a.png", indices())
    with pytest.raises(InputError, match="has 0 masks, and no image with a mask of its name"):
        scan(tmp_path, asked())
    put(tmp_path, "masks/x.png", indices())
    with pytest.raises(InputError, match=r"if the names differ, give --images-dir"):
        scan(tmp_path, asked())


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["images/a.png", "masks/a.png"], "masks/"),
        (["a.jpg", "a_seg.png"], "a_seg.png"),
        (["images/benign/a.png", "masks/benign/a.png"], "masks/benign/a.png"),
        (["dataset.json", "imagesTr/a_0000.png", "labelsTr/a.png"], "labelsTr/"),
        (["p1/image.png", "p1/mask.png"], "p1/mask.png"),
        (["a.jpg", "a.png", "b.jpg", "b.png"], "a.png"),
        (["a.jpg", "a.png", "b.jpg"], None),
        (["wrist/a.png", "elbow/a.png"], None),
        (["a.npy", "masks/a.npy"], None),
    ],
)
def test_sign(tmp_path: Path, names: list[str], expected: str | None) -> None:
    assert sign(tmp_path, [PurePosixPath(name) for name in names]) == expected


MASK_BYTES = st.sampled_from(["grey", "palette", "rgba", "jpeg", "cut", "text", "none"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(MASK_BYTES, MASK_BYTES), min_size=1, max_size=4), st.booleans())
def test_broken_files_raise_nothing_else(kinds: list[tuple[str, str]], named: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number, pair in enumerate(kinds):
            for where, kind in zip(("images", "masks"), pair, strict=True):
                broken(root, f"{where}/{number}.png", kind)
        try:
            found = scan(root, asked(FOUR if named else ()))
        except InputError as error:
            assert str(error)
            return
        for sample in found.samples:
            for source in (sample.image, *sample.masks):
                try:
                    source.read("file")
                except (InputError, PictureError) as error:
                    assert str(error)


def broken(root: Path, name: str, kind: str) -> None:
    if kind == "none":
        return
    picture = {"rgba": rgba(), "jpeg": rgba()[..., :3]}.get(kind, indices())
    put(root, f"{name}.tmp.{'jpg' if kind == 'jpeg' else 'png'}", picture)
    (made,) = (root / name).parent.glob("*.tmp.*")
    data = made.read_bytes()
    made.unlink()
    (root / name).write_bytes(
        {"cut": data[: len(data) // 2], "text": b"no picture"}.get(kind, data)
    )


def test_the_group_comes_out_of_the_path(tmp_path: Path) -> None:
    for name in ("s1_a", "s1_b", "s2_a"):
        put(tmp_path, f"images/{name}.png", indices())
        put(tmp_path, f"masks/{name}.png", palette(indices()))
    found = scan(tmp_path, asked(FOUR, group_pattern=r"(s\d)_"))
    assert [sample.group for sample in found.samples] == ["s1", "s1", "s2"]
    assert "patient" in found.facts.grouping


def test_an_image_outside_the_group_pattern_is_a_problem(tmp_path: Path) -> None:
    for name in ("s1_a", "other"):
        put(tmp_path, f"images/{name}.png", indices())
        put(tmp_path, f"masks/{name}.png", palette(indices()))
    found = scan(tmp_path, asked(FOUR, group_pattern=r"(s\d)_"))
    assert [sample.source for sample in found.samples] == ["images/s1_a.png"]
    assert "does not match --group-pattern (s\\d)_" in found.problems[0].line


def test_an_odd_background_of_the_palettes_is_warned_of(tmp_path: Path) -> None:
    for number in range(2):
        mask = Image.fromarray(np.array([[0, 3, 3, 3], [1, 2, 3, 3]], dtype=np.uint8), "P")
        mask.putpalette([*COLOURS[3:], *COLOURS[:3]])  # black is the last
        put(tmp_path, f"images/{number}.png", rgba(number)[:2, :4])
        put(tmp_path, f"masks/{number}.png", mask)
    (line,) = scan(tmp_path, asked(FOUR)).warnings
    assert line.startswith("index 0 is taken for the background (background), but index 3 is black")


def test_a_folder_of_masks_for_each_class_is_recognised(tmp_path: Path) -> None:
    masks = [PurePosixPath(f"masks/{name}/a.png") for name in ("fat", "tumour")]
    assert sign(tmp_path, [PurePosixPath("images/a.png"), *masks]) == "masks/fat/"
    assert sign(tmp_path, [PurePosixPath("images/b.png"), *masks]) is None
