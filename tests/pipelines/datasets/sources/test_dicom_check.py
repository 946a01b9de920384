from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement
from pydicom.uid import UID, JPEGLSLossless, RLELossless

from pipelines.datasets.sources import dicom_check
from pipelines.datasets.sources.dicom_check import MOST_FRAMES, check_image
from pipelines.datasets.sources.dicom_frame import DicomFrame
from pipelines.datasets.sources.dicom_header import read_header
from tests.pipelines.datasets.made_dicom import ramp, write_dicom
from transforms.picture import PictureError

NAME = 'file "a.dcm"'


def refused(path: Path) -> str:
    with pytest.raises(PictureError) as caught:
        check_image(read_header(path, NAME), NAME)
    line = str(caught.value)
    assert line.startswith(NAME)
    assert "\n" not in line
    return line


def changed(tmp_path: Path, **elements: Any) -> str:
    return refused(write_dicom(tmp_path / "a.dcm", ramp(), **elements))


def shipped(name: str) -> Path:
    return Path(str(get_testdata_file(name, download=False)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("reportsi.dcm", "holds no pixels (Basic Text SR)"),
        ("rtplan.dcm", "holds no pixels (RT Plan)"),
        ("waveform_ecg.dcm", "holds no pixels (12-lead ECG Waveform)"),
        ("liver_1frame.dcm", "is a DICOM segmentation, which is read neither as image nor as mask"),
        ("meta_missing_tsyntax.dcm", "does not say how it is encoded"),
        ("image_dfl.dcm", "is deflated as a whole"),
        ("MR_truncated.dcm", "is truncated: 8130 bytes of pixels"),
        ("MR_small_padded.dcm", "does not fit its header: 8320 bytes of pixels"),
        ("SC_rgb_jpeg_gdcm.dcm", "run pip install pylibjpeg pylibjpeg-libjpeg"),
        ("JPGExtended.dcm", "run pip install pylibjpeg pylibjpeg-libjpeg"),  # 12 bits
        ("UN_sequence.dcm", "has no pixels, though it is of the kind CT Image: it is truncated or"),
    ],
)
def test_objects_that_are_no_image_are_said(name: str, expected: str) -> None:
    assert expected in refused(shipped(name))


def test_a_codec_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = SimpleNamespace(available_plugins=())
    monkeypatch.setattr(dicom_check, "get_decoder", lambda syntax: decoder)
    assert "run pip install pyjpegls" in refused(shipped("JPEGLSNearLossless_08.dcm"))


def test_headers_that_promise_what_cannot_be_are_refused(tmp_path: Path) -> None:
    assert "has no Rows, Columns" in changed(tmp_path, Rows=0, Columns=None)
    assert "needs 540" not in changed(tmp_path, Rows=60)
    assert "54 bytes of pixels, where 60 rows x 9 columns x 1 frames need 540" in changed(
        tmp_path, Rows=60
    )
    assert "does not fit its header" in changed(tmp_path, Rows=4)
    assert "is 65535 x 65535 pixels by its header; the limit is" in changed(
        tmp_path, Rows=65535, Columns=65535
    )
    assert f"has 2000000000 frames by its header; the limit is {MOST_FRAMES}" in changed(
        tmp_path, NumberOfFrames=2_000_000_000
    )
    assert "has 1 values a pixel of the kind YBR_PARTIAL_420" in changed(
        tmp_path, PhotometricInterpretation="YBR_PARTIAL_420"
    )
    assert "has 1 values a pixel of the kind RGB" in changed(
        tmp_path, PhotometricInterpretation="RGB"
    )
    assert "64 bits a value" in changed(tmp_path, BitsAllocated=64)


def test_pdfs_fractions_and_videos_are_refused(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp())
    made = dcmread(path)
    made.SOPClassUID = UID("1.2.840.10008.5.1.4.1.1.104.1")
    del made.PixelData
    made.EncapsulatedDocument = b"%PDF"
    made.save_as(path)
    assert "holds no pixels (Encapsulated PDF)" in refused(path)
    made.FloatPixelData = np.zeros(54, "f4").tobytes()
    made.save_as(path)
    assert "holds fractions (FloatPixelData)" in refused(path)
    video = read_header(write_dicom(path, ramp()), NAME)
    for syntax, expected in (
        ("1.2.840.10008.1.2.4.102", "holds a video (MPEG-4"),
        ("1.2.840.10008.1.2.4.201", "pylibjpeg-openjpeg"),
        ("1.2.3.4", "which nothing installed here decodes; convert the file"),
    ):
        video.elements.file_meta.TransferSyntaxUID = syntax
        with pytest.raises(PictureError, match="file") as caught:
            check_image(video, NAME)
        assert expected in str(caught.value)


def test_padding_of_less_than_a_row_is_accepted(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp(), PixelData=ramp().tobytes() + b"\0" * 4)
    np.testing.assert_array_equal(DicomFrame(path).read(NAME).pixels, ramp())


COMPRESSED = {  # a file of each way: bytes from where its pixels start
    "SC_rgb_jpeg_dcmtk.dcm": "JPEG",
    "SC_rgb_jpeg.dcm": "JPEG in an implicit header",
    "SC_rgb_jpeg_gdcm.dcm": "lossless JPEG, which nothing decodes",
    "JPGExtended.dcm": "JPEG of 12 bits, which nothing decodes",
    "MR_small_jp2klossless.dcm": "JPEG 2000",
    "examples_jpeg2k.dcm": "JPEG 2000 in several fragments",
    "MR_small_jpeg_ls_lossless.dcm": "JPEG-LS, which nothing decodes",
    "MR_small_RLE.dcm": "RLE",
    "SC_rgb_rle_2frame.dcm": "RLE of two frames",
    "examples_ybr_color.dcm": "JPEG of thirty frames",
}


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_compressed_file_that_breaks_off_is_truncated(tmp_path: Path, name: str) -> None:
    content = shipped(name).read_bytes()
    start = content.index(b"\xe0\x7f\x10\x00") + 12
    end = content.rindex(b"\xfe\xff\xdd\xe0")
    for share in (0.02, 0.1, 0.3, 0.5, 0.77, 0.9, 0.99):
        path = tmp_path / f"{share}.dcm"
        path.write_bytes(content[: start + round(share * (end - start))])
        line = refused(path)
        assert "is truncated" in line, share
        assert "pip install" not in line
    (tmp_path / "whole.dcm").write_bytes(content[:end])  # but for the mark of the end
    whole = read_header(tmp_path / "whole.dcm", NAME)
    assert whole.fragments is not None
    assert whole.fragments.count >= whole.frames


@pytest.mark.parametrize("name", [*COMPRESSED, "MR_small.dcm", "SC_rgb_small_odd.dcm"])
def test_a_file_that_breaks_off_in_its_header_is_truncated(tmp_path: Path, name: str) -> None:
    content = shipped(name).read_bytes()
    start = content.index(b"\xe0\x7f\x10\x00")
    for place in (150, 250, 320, 400, start - 40, start, start + 5):
        path = tmp_path / f"{place}.dcm"
        path.write_bytes(content[:place])
        assert "truncated" in refused(path), place


def test_fragments_that_do_not_fit_the_frames_are_said(tmp_path: Path) -> None:
    made = dcmread(shipped("SC_rgb_rle_2frame.dcm"))
    made.NumberOfFrames = 3
    made.save_as(tmp_path / "a.dcm")
    assert "end after fragment 2, and it has 3 frames" in refused(tmp_path / "a.dcm")
    content = bytearray(shipped("SC_rgb_rle_2frame.dcm").read_bytes())
    place = content.index(b"\xe0\x7f\x10\x00") + 12
    content[place : place + 2] = b"\0\0"
    (tmp_path / "a.dcm").write_bytes(content)
    assert "is damaged: after fragment 0 of its compressed pixels stands" in refused(
        tmp_path / "a.dcm"
    )


def test_pixels_that_would_unpack_to_more_than_the_header_says_are_refused(tmp_path: Path) -> None:
    made = dcmread(write_dicom(tmp_path / "a.dcm", np.zeros((300, 200), np.uint8)))
    made.compress(JPEGLSLossless)
    made.Rows = made.Columns = 10
    made.save_as(tmp_path / "a.dcm")
    told = "compressed pixels say that they are 300 rows x 200 columns, the header 10 x 10"
    assert told in refused(tmp_path / "a.dcm")


def test_pixels_that_are_said_to_be_compressed_and_are_not_are_refused(tmp_path: Path) -> None:
    header = read_header(write_dicom(tmp_path / "a.dcm", ramp()), NAME)
    header.elements.file_meta.TransferSyntaxUID = RLELossless
    with pytest.raises(PictureError, match="compressed as RLE Lossless by its header, and its pix"):
        check_image(header, NAME)


def test_what_a_damaged_header_holds_is_not_quoted(tmp_path: Path) -> None:
    swallowed = "1.2.3 Meier^Anna " * 20
    for keyword, value in (("SOPClassUID", swallowed), ("PhotometricInterpretation", swallowed)):
        header = read_header(write_dicom(tmp_path / "a.dcm", ramp()), NAME)
        header.elements[keyword] = DataElement(
            header.elements[keyword].tag, header.elements[keyword].VR, value, validation_mode=0
        )
        damaged = replace(header, pixels=None if keyword == "SOPClassUID" else "PixelData")
        with pytest.raises(PictureError) as caught:
            check_image(damaged, NAME)
        assert len(str(caught.value)) < 300
        assert "Anna" not in str(caught.value)
