from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.signs import fitting, recognise, the_one
from pipelines.errors import InputError

KINDS = {
    "a dataset folder, converted already (dataset.json)": ["dataset.json", "images/a.png"],
    "a folder of several, one of them a dataset folder (a/dataset.json)": [
        "a/dataset.json",
        "a/images/1.png",
        "a/masks/1.png",
        "b/images/1.png",
        "b/masks/1.png",
    ],
    "masks without images (a_mask.png)": ["a_mask.png", "b_mask.png"],
    "images without masks or classes (images/a.png)": ["images/a.png", "images/b.png"],
    "images without masks or classes (image_raw/a.png)": ["image_raw/a.png"],
    "a folder of empty folders (a/)": ["a/.hidden"],
    "the dicom layout (*.DCM)": ["p/1.DCM"],
    "the nifti layout (a/b.nii.gz)": ["a/b.nii.gz"],
    "the npy-arrays layout (Input.npy)": ["Input.npy", "Output.npy"],
    "the image-mask-folders layout (masks/)": ["images/a.png", "masks/a.png"],
    "the image-mask-folders layout (masks/fat/)": [
        "images/a.png",
        "masks/fat/a.png",
        "masks/tumour/a.png",
    ],
    "the busi layout (a/1_mask.png)": ["a/1.png", "a/1_mask.png", "b/1.png", "b/1_mask.png"],
    "the class-folders layout (a/, b/)": ["a/1.jpg", "b/1.jpg", "readme.txt"],
    "a folder of pictures in sub-folders (a/1.jpg)": ["a/1.jpg"],
    "a folder of pictures without class folders (1.jpg)": ["1.jpg", "2.jpg"],
    "an archive that is not unpacked (a.zip)": ["a.zip"],
    "no layout known here (it holds a.txt, b.txt)": ["a.txt", "b.txt"],
    "an empty folder (hidden files are not read)": [".DS_Store"],
    'the class-folders layout (it\'s "a"/, n\ufffdé 😀/)': ['it\'s "a"/1.png', "n\né 😀/1.png"],
    "the npy-arrays layout (x.npy) or the dicom layout (*.dcm)": ["x.npy", "x.dcm"],
}


def lay(root: Path, files: list[str]) -> Path:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.mark.parametrize(("expected", "files"), KINDS.items())
def test_what_a_folder_looks_like(tmp_path: Path, expected: str, files: list[str]) -> None:
    assert recognise(lay(tmp_path, files)) == expected


def test_dicom_without_a_suffix(tmp_path: Path) -> None:
    (tmp_path / "IM0001").write_bytes(b"\0" * 128 + b"DICM")
    assert recognise(tmp_path) == "the dicom layout (DICOM files without a suffix)"


def test_the_one_layout_that_fits_is_chosen(tmp_path: Path) -> None:
    raw = lay(tmp_path, ["a/1.png", "a/1_mask.png"])
    layout, evidence = the_one(raw)
    assert (layout.name, evidence) == ("busi", "a/1_mask.png")
    assert fitting(raw) == [(layout, evidence)]


def test_an_archive_of_arrays_is_recognised_and_a_single_array_is_not(tmp_path: Path) -> None:
    lay(tmp_path, ["data.NPZ", "x.npy"])
    layout, evidence = the_one(tmp_path / "data.NPZ")
    assert (layout.name, evidence) == ("npy-arrays", "data.NPZ")
    with pytest.raises(InputError, match=r"x\.npy is a single array; expected the folder that"):
        the_one(tmp_path / "x.npy")


def test_two_that_fit_are_refused_with_the_commands(tmp_path: Path) -> None:
    raw = lay(tmp_path, ["x.npy", "x.dcm"])
    with pytest.raises(InputError) as caught:
        the_one(raw)
    assert str(caught.value) == (
        f"{raw} may be of 2 layouts; choose one: npy-arrays (x.npy): med2d convert npy-arrays RAW "
        "OUT; dicom (*.dcm): med2d convert dicom RAW OUT"
    )


def test_images_and_masks_of_other_names_are_told_by_their_look(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 50)).astype(np.uint8)
    for folder, values in (("bilder", noise), ("masken", (noise > 99) * np.uint8(255))):
        (tmp_path / folder).mkdir()
        for number in range(4):
            Image.fromarray(values).save(tmp_path / folder / f"{number}.png")
    with pytest.raises(InputError) as caught:
        the_one(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} looks like images and their masks in folders of other names (bilder/ and "
        "masken/), which no layout reads; name them: med2d convert image-mask-folders RAW OUT "
        "--images-dir NAME --masks-dir NAME"
    )


@pytest.mark.parametrize(
    ("files", "remedy"),
    [
        (["a.zip"], "unpack it, and give the folder"),
        (["a_mask.png"], "put the images beside them"),
        (["images/a.png"], "to segment, a mask for each image"),
        ([], "give the folder that holds the images"),
        (["a/dataset.json", "b/dataset.json"], "give one of them"),
    ],
)
def test_what_to_do_is_said(tmp_path: Path, files: list[str], remedy: str) -> None:
    with pytest.raises(InputError, match=f"which no layout reads; .*{remedy}"):
        the_one(lay(tmp_path, files))


def test_two_kinds_of_one_name_may_be_two_layouts(tmp_path: Path) -> None:
    raw = lay(tmp_path, [f"{folder}/{name}" for folder in "ab" for name in ("1.jpg", "1.png")])
    with pytest.raises(InputError, match=r"may be of 2 layouts; .*class-folders.*image-mask-fol"):
        the_one(raw)


def test_none_that_fits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no layout known here.*see med2d layouts"):
        the_one(lay(tmp_path, ["a.txt"]))
    with pytest.raises(InputError, match=r"raw folder .*none does not exist"):
        the_one(tmp_path / "none")
    with pytest.raises(InputError, match=r"a\.txt is a file; expected a folder"):
        the_one(tmp_path / "a.txt")


def test_a_circle_of_links_does_not_hang(tmp_path: Path) -> None:
    raw = lay(tmp_path, ["a/1.png", "a/1_mask.png"])
    (raw / "a" / "again").symlink_to(raw, target_is_directory=True)
    assert the_one(raw)[0].name == "busi"


def test_every_layout_of_the_table_has_a_sign(tmp_path: Path) -> None:
    for layout in LAYOUTS.values():
        module = importlib.import_module(layout.module)
        assert module.sign(tmp_path, []) is None, layout.name
        assert set(layout.before) <= set(LAYOUTS)
