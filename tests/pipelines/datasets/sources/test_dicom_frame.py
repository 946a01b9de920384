from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, pixel_array

from pipelines.datasets.sources.dicom_frame import DicomFrame
from pipelines.datasets.sources.source import files_of
from tests.pipelines.datasets.made_dicom import ramp, write_dicom
from transforms.picture import PictureError


def shipped(name: str) -> Path:
    return Path(str(get_testdata_file(name, download=False)))


@pytest.mark.parametrize(
    "name",
    [
        "SC_rgb_rle.dcm",
        "SC_rgb_jpeg_dcmtk.dcm",
        "SC_rgb_dcmtk_+eb+cy+s4.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
        "SC_rgb_small_odd_big_endian.dcm",
        "SC_rgb_jpeg.dcm",
        "examples_jpeg2k.dcm",
        "examples_rgb_color.dcm",
    ],
)
def test_colours_are_those_of_pydicom(name: str) -> None:
    shown = DicomFrame(shipped(name)).read(name)
    np.testing.assert_array_equal(shown.pixels, pixel_array(dcmread(shipped(name)), index=0))


def test_deep_colours_and_palettes_are_those_of_pydicom() -> None:
    deep = DicomFrame(shipped("SC_rgb_rle_16bit.dcm")).read("a").pixels
    shallow = DicomFrame(shipped("SC_rgb_rle.dcm")).read("a").pixels
    np.testing.assert_array_equal(deep, shallow)
    palette = dcmread(shipped("examples_palette.dcm"))
    shown = DicomFrame(shipped("examples_palette.dcm")).read("a")
    colours = apply_color_lut(palette.pixel_array, palette)
    np.testing.assert_allclose(shown.pixels, colours / 257, atol=0.5)
    assert shown.spacing == pytest.approx((0.262288, 0.262288), abs=1e-6)


@pytest.mark.parametrize(
    "name", ["MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_bigendian.dcm"]
)
def test_encodings_give_the_same_grey(name: str) -> None:
    plain = DicomFrame(shipped("MR_small.dcm"), bits=16).read("a").pixels
    assert plain.dtype == np.uint16
    np.testing.assert_array_equal(DicomFrame(shipped(name), bits=16).read("a").pixels, plain)


def test_planar_colours_are_put_together(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)).tobytes() + b"\0"
    path = write_dicom(tmp_path / "a", pixels, PlanarConfiguration=1, PixelData=planes)
    np.testing.assert_array_equal(DicomFrame(path).read("a").pixels, pixels)


def test_stored_bits_leave_the_others_out(tmp_path: Path) -> None:
    pixels = ramp(dtype="u2", step=70)
    noisy = pixels | 0xF000  # old files keep an overlay there
    path = write_dicom(tmp_path / "a", noisy, BitsStored=12, HighBit=11)
    clean = write_dicom(tmp_path / "b", pixels, BitsStored=12, HighBit=11)
    shown = DicomFrame(path).read("a").pixels
    np.testing.assert_array_equal(shown, DicomFrame(clean).read("a").pixels)


@pytest.mark.parametrize("bits", [1, 8])
def test_every_frame_is_its_own(tmp_path: Path, bits: int) -> None:
    pixels = np.arange(3 * 5 * 8).reshape(3, 5, 8).astype(np.uint8) % (251 if bits == 8 else 2)
    elements = (
        {} if bits == 8 else {"PixelData": np.packbits(pixels, bitorder="little").tobytes() + b"\0"}
    )
    path = write_dicom(
        tmp_path / "a", pixels, BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1, **elements
    )
    for index in range(3):
        shown = DicomFrame(path, index).read("a").pixels
        np.testing.assert_array_equal(shown, pixels[index] * (1 if bits == 8 else 255))
    with pytest.raises(PictureError, match="a: the file has 3 frames only"):
        DicomFrame(path, 3).read("a")


def test_spacing_and_upright_rows_are_kept(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a", ramp(6, 9), PixelSpacing=[0.4, 0.2])
    shown = DicomFrame(path).read("a")
    assert shown.spacing == (0.4, 0.2)
    assert shown.pixels.shape == (6, 9)
    np.testing.assert_array_equal(shown.pixels, ramp(6, 9))


def test_groups_of_enhanced_files_count_for_their_frame(tmp_path: Path) -> None:
    shared, first, second = Dataset(), Dataset(), Dataset()
    measures, window = Dataset(), Dataset()
    measures.PixelSpacing = [0.3, 0.1]
    window.WindowCenter, window.WindowWidth = 100, 1
    shared.PixelMeasuresSequence, second.FrameVOILUTSequence = [measures], [window]
    pixels = np.stack([ramp(dtype="u2", step=9)] * 2)
    path = write_dicom(
        tmp_path / "a",
        pixels,
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=[first, second],
    )
    one, two = (DicomFrame(path, index).read("a") for index in range(2))
    assert one.spacing == two.spacing == (0.3, 0.1)
    assert len(np.unique(one.pixels)) == 54
    np.testing.assert_array_equal(two.pixels, np.where(pixels[1] > 99.5, 255, 0))


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("SC_rgb_jpeg_dcmtk.dcm", "pylibjpeg pylibjpeg-libjpeg"),
        ("MR_small_jp2klossless.dcm", "pylibjpeg pylibjpeg-openjpeg"),
        ("MR_small_RLE.dcm", ""),
    ],
)
def test_what_is_whole_and_cannot_be_decoded_is_damaged(
    tmp_path: Path, name: str, package: str
) -> None:
    content = bytearray(shipped(name).read_bytes())
    start = content.index(b"\xe0\x7f\x10\x00") + 12 + 8
    start += 8 + int.from_bytes(content[start - 4 : start], "little")  # behind the table of offsets
    content[start : start + 60] = b"\1" * 60
    (tmp_path / "a.dcm").write_bytes(content)
    with pytest.raises(PictureError) as caught:
        DicomFrame(tmp_path / "a.dcm").read("a")
    line = str(caught.value)
    assert line.startswith("a is truncated or damaged (p")
    assert "nothing installed here decodes" not in line
    assert "0x" not in line
    hint = f" If a viewer shows it, run pip install {package}"
    assert line.endswith(hint if package else "Export it again or take it out")


def test_a_source_travels_to_workers(tmp_path: Path) -> None:
    source = DicomFrame(tmp_path / "a", 3, None, 16)
    assert pickle.loads(pickle.dumps(source)) == source
    assert files_of(source) == [tmp_path / "a"]


REAL = Path(os.environ.get("MED2D_DATA", Path(__file__).parents[5] / "shared" / "data")) / "dicom"


@pytest.mark.realdata
@pytest.mark.skipif(not REAL.is_dir(), reason="no real images here")
def test_the_real_files() -> None:
    shown = {path.stem: DicomFrame(path).read(path.name) for path in REAL.glob("*.dcm")}
    sizes = {name: picture.pixels.shape for name, picture in shown.items()}
    assert sizes == {
        "RG1_J2KI": (1955, 1841),
        "RG3_J2KI": (1760, 1760),
        "US1_J2KR": (480, 640, 3),
        "US1_UNCI": (480, 640, 3),
        "color-pl": (120, 256, 3),
        "gdcm-US-ALOKA-16": (480, 640, 3),
    }
    spacings = {name for name, picture in shown.items() if picture.spacing}
    assert spacings == {"gdcm-US-ALOKA-16"}  # the chest's PixelSpacing is 0.000
    assert shown["gdcm-US-ALOKA-16"].spacing == pytest.approx((0.382653, 0.382653), abs=1e-6)
    # MONOCHROME1: lungs darker than the spine, the bone brighter than the air beside it
    chest, leg = shown["RG1_J2KI"].pixels, shown["RG3_J2KI"].pixels
    assert chest[700:1000, 1200:1400].mean() < chest[700:1000, 850:950].mean() - 50
    assert leg[600:900, 820:900].mean() > leg[600:900, 500:600].mean() + 100
    # one picture, stored without loss and as JPEG 2000 of 16:1
    exact, lossy = shown["US1_J2KR"].pixels.astype(int), shown["US1_UNCI"].pixels.astype(int)
    assert np.abs(exact - lossy).mean() < 3
