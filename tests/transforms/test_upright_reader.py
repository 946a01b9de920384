"""Files reach MONAI's ``LoadImaged`` upright, or are refused by name and reason."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.transforms import LoadImaged
from numpy.typing import NDArray
from PIL import Image

from tests.pipelines.datasets.made_nifti import SWAPPED, lying, write_nifti
from transforms.picture import PictureError
from transforms.upright_reader import UprightReader

Picture = NDArray[np.uint8]
AFFINE = np.diag([-0.2, -0.3, 1.0, 1.0])  # x to the left, y to the back: as a picture


def load(path: Path, content: str = "grey") -> Any:
    transform = LoadImaged("image", reader=UprightReader(content), ensure_channel_first=True)
    return transform({"image": str(path)})["image"]


def turned(marked: Picture, folder: Path) -> Path:
    """A JPEG whose rows run up the picture's right side, as a telephone held upright writes it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(marked).copy()).save(folder / "turned.jpg", exif=exif, quality=95)
    return folder / "turned.jpg"


def plain(mode: str) -> Callable[[Picture, Path], Path]:
    def write(marked: Picture, folder: Path) -> Path:
        Image.fromarray(marked).convert(mode).save(folder / "plain.png")
        return folder / "plain.png"

    return write


def nifti(
    shape: tuple[int, ...], suffix: str, affine: NDArray[Any] | None = AFFINE
) -> Callable[[Picture, Path], Path]:
    def write(marked: Picture, folder: Path) -> Path:
        path = folder / f"slice{suffix}"
        stored = lying(marked, affine).reshape(shape)
        return write_nifti(path, stored, affine)

    return write


WRITERS = {
    "RGB": plain("RGB"),
    "L": plain("L"),
    "RGBA": plain("RGBA"),
    "P": plain("P"),
    "EXIF": turned,
    "NIfTI (x, y)": nifti((40, 60), ".nii"),
    "NIfTI (x, y, 1)": nifti((40, 60, 1), ".nii.gz"),
    "NIfTI (x, y, 1, 1)": nifti((40, 60, 1, 1), ".nii.gz"),
    "NIfTI without a transform": nifti((40, 60), ".nii", None),
    "NIfTI of np.eye": nifti((40, 60), ".nii", np.eye(4)),
    "NIfTI with swapped axes": nifti((60, 40), ".nii.gz", SWAPPED),
    "NIfTI of a coronal slice": nifti((40, 1, 60), ".nii", np.diag([-1.0, -1, -1, 1])),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_load_imaged_gives_channel_height_width(kind: str, marked: Picture, tmp_path: Path) -> None:
    image = load(WRITERS[kind](marked, tmp_path))
    assert image.shape == (1, 60, 40)
    assert image.dtype == torch.float32
    np.testing.assert_allclose(image[0].numpy(), marked, atol=12 if kind == "EXIF" else 0)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_grey_picture_as_rgb_has_three_equal_channels(
    kind: str, marked: Picture, tmp_path: Path
) -> None:
    image = load(WRITERS[kind](marked, tmp_path), "rgb")
    assert image.shape == (3, 60, 40)
    np.testing.assert_array_equal(image.numpy(), np.tile(image[:1].numpy(), (3, 1, 1)))
    np.testing.assert_allclose(image[0].numpy(), marked, atol=12 if kind == "EXIF" else 0)


def test_colours_stand_in_their_channels(tmp_path: Path) -> None:
    picture = Image.new("RGB", (5, 4), (200, 100, 50))
    picture.save(tmp_path / "rgb.png")
    picture.convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "palette.png")
    transparent = picture.convert("RGBA")
    transparent.putpixel((0, 0), (200, 100, 50, 0))
    transparent.save(tmp_path / "rgba.png")
    for name in ("rgb", "palette", "rgba"):
        image = load(tmp_path / f"{name}.png", "rgb")
        assert image.shape == (3, 4, 5)
        assert image[:, 3, 4].tolist() == [200, 100, 50]
    assert image[:, 0, 0].tolist() == [0, 0, 0]  # of the last: transparent is black


def test_a_deep_picture_keeps_its_values(marked: Picture, tmp_path: Path) -> None:
    Image.fromarray(marked.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(load(tmp_path / "deep.png")[0].numpy(), marked * 257.0)
    np.testing.assert_array_equal(load(tmp_path / "deep.png", "rgb")[2].numpy(), marked * 257.0)


def test_a_palette_mask_gives_indices_not_colours(tmp_path: Path) -> None:
    mask = Image.new("P", (4, 6), 2)
    mask.putpalette([0, 0, 0, 9, 9, 9, 200, 100, 50])
    mask.save(tmp_path / "mask.png")
    assert load(tmp_path / "mask.png", "indices").unique().tolist() == [2]
    assert load(tmp_path / "mask.png", "grey").unique().tolist() == [124]


def film(folder: Path) -> Path:
    frames = [Image.new("L", (5, 5), value) for value in (1, 2)]
    frames[0].save(folder / "film.tif", save_all=True, append_images=frames[1:])
    return folder / "film.tif"


def truncated(folder: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (50, 50), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "cut.png")
    (folder / "cut.png").write_bytes((folder / "cut.png").read_bytes()[:1500])
    return folder / "cut.png"


def flip_a_bit(path: Path, place: int) -> Path:
    content = bytearray(path.read_bytes())
    content[place] ^= 4
    path.write_bytes(content)
    return path


def flipped(folder: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (50, 50), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "flipped.png")
    return flip_a_bit(folder / "flipped.png", 1500)


def text(folder: Path) -> Path:
    (folder / "text.png").write_text("no picture")
    return folder / "text.png"


def colours(folder: Path) -> Path:
    Image.new("LAB", (5, 5)).save(folder / "lab.tif")
    return folder / "lab.tif"


def volume(folder: Path) -> Path:
    nib.Nifti1Image(np.zeros((4, 5, 6), np.uint8), AFFINE).to_filename(folder / "volume.nii")
    return folder / "volume.nii"


def two_thin_axes(folder: Path) -> Path:
    write_nifti(folder / "thin.nii", np.zeros((1, 1, 6), np.uint8), AFFINE)
    return folder / "thin.nii"


def no_direction(folder: Path) -> Path:
    """A quaternion that no rotation has."""
    path = write_nifti(folder / "turn.nii", np.zeros((4, 5), np.uint8), AFFINE)
    content = bytearray(path.read_bytes())
    header = nib.Nifti1Header(bytes(content[:348]))
    header["qform_code"], header["sform_code"] = 1, 0
    header["quatern_b"] = header["quatern_c"] = 3
    content[:348] = header.binaryblock
    path.write_bytes(content)
    return path


def line(folder: Path) -> Path:
    nib.Nifti1Image(np.zeros(4, np.uint8), AFFINE).to_filename(folder / "line.nii")
    return folder / "line.nii"


def coloured_nifti(folder: Path) -> Path:
    pixels = np.zeros((4, 5, 1), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.Nifti1Image(pixels, AFFINE).to_filename(folder / "colour.nii")
    return folder / "colour.nii"


def cut_nifti(folder: Path) -> Path:
    nib.Nifti1Image(np.arange(2500.0).reshape(50, 50), AFFINE).to_filename(folder / "cut.nii.gz")
    (folder / "cut.nii.gz").write_bytes((folder / "cut.nii.gz").read_bytes()[:600])
    return folder / "cut.nii.gz"


def flipped_nifti(folder: Path) -> Path:
    """Noise is stored uncompressed by gzip: only the check sum tells."""
    noise = np.random.default_rng(0).integers(0, 256, (50, 50), dtype=np.uint8)
    nib.Nifti1Image(noise, AFFINE).to_filename(folder / "flipped.nii.gz")
    return flip_a_bit(folder / "flipped.nii.gz", 1500)


def damaged_nifti(folder: Path) -> Path:
    content = bytearray(gzip.compress(bytes(3000)))
    content[12] ^= 0xFF
    (folder / "damaged.nii.gz").write_bytes(content)
    return folder / "damaged.nii.gz"


def text_nifti(folder: Path) -> Path:
    (folder / "text.nii").write_text("no volume")
    return folder / "text.nii"


BROKEN = {
    film: "2 frames",
    truncated: "truncated",
    flipped: "damaged",
    text: "is not a picture file",
    colours: "mode LAB",
    volume: r"\(4, 5, 6\)",
    two_thin_axes: r"\(1, 1, 6\)",
    no_direction: "cannot be read as NIfTI",
    line: r"\(4,\)",
    coloured_nifti: "one grey channel",
    cut_nifti: "NIfTI",
    flipped_nifti: "NIfTI",
    damaged_nifti: "NIfTI",
    text_nifti: "NIfTI",
    lambda folder: folder / "gone.png": "does not exist",
    lambda folder: folder / "gone.nii": "NIfTI",
}


@pytest.mark.parametrize("make", BROKEN)
def test_a_file_that_cannot_be_read_is_named(make: Callable[[Path], Path], tmp_path: Path) -> None:
    path = make(tmp_path)
    with pytest.raises(PictureError, match=BROKEN[make]) as caught:
        UprightReader().get_data(UprightReader().read(path))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("make", BROKEN)
def test_load_imaged_keeps_the_message(
    make: Callable[[Path], Path], tmp_path: Path, error_line: Callable[[BaseException], str]
) -> None:
    path = make(tmp_path)
    with pytest.raises(Exception) as caught:
        load(path)
    assert str(path) in error_line(caught.value)


def test_a_colour_mask_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "mask.png")
    with pytest.raises(PictureError, match=r"mask\.png.*mode RGB"):
        UprightReader("indices").get_data(tmp_path / "mask.png")


def test_several_files_as_one_image_are_refused() -> None:
    with pytest.raises(PictureError, match="2 files"):
        UprightReader().read(["a.png", "b.png"])


def test_an_unknown_content_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'mask'.*'grey', 'indices'"):
        UprightReader("mask")


@pytest.mark.parametrize(
    ("name", "read"), [("a.PNG", True), ("a.nii.gz", True), ("a.dcm", False), ("a.gz", False)]
)
def test_suffixes(name: str, read: bool) -> None:
    assert UprightReader().verify_suffix(name) is read
    assert UprightReader().verify_suffix(["b.png", Path(name)]) is read


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    values = np.zeros((4, 3), np.float32)
    values[1, 1] = np.nan
    Image.fromarray(values).save(tmp_path / "x.tif")
    nib.Nifti1Image(values, np.eye(4)).to_filename(tmp_path / "x.nii")
    for name in ("x.tif", "x.nii"):
        with pytest.raises(PictureError, match=rf"{name} holds values that are no numbers"):
            UprightReader().get_data(tmp_path / name)


def test_colours_of_8_bits_alone_are_read_on_request(marked: Picture, tmp_path: Path) -> None:
    Image.fromarray(marked).save(tmp_path / "grey.png")
    Image.fromarray(marked.astype(np.uint16)).save(tmp_path / "deep.png")
    assert load(tmp_path / "grey.png", "rgb8").shape == (3, 60, 40)
    write_nifti(tmp_path / "slice.nii", lying(marked, AFFINE), AFFINE)
    write_nifti(tmp_path / "deep.nii", lying(marked.astype(np.uint16), AFFINE), AFFINE)
    np.testing.assert_array_equal(load(tmp_path / "slice.nii", "rgb8")[2], marked)
    for name in ("deep.png", "deep.nii"):
        with pytest.raises(PictureError, match=rf"{name}: a picture with values from 60 to 220"):
            UprightReader("rgb8").get_data(tmp_path / name)
