from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.errors import BytesLengthException

from pipelines.datasets.sources.dicom_fragments import Fragments
from pipelines.datasets.sources.dicom_frame import DicomFrame
from pipelines.datasets.sources.dicom_header import (
    code,
    damage_named,
    looks_like_dicom,
    read_header,
    text,
)
from tests.pipelines.datasets.made_dicom import ramp, write_dicom
from transforms.picture import PictureError

NAME = 'file "a.dcm"'


def refused(path: Path) -> str:
    with pytest.raises(PictureError) as caught:
        read_header(path, NAME)
    line = str(caught.value)
    assert line.startswith(NAME)
    assert "\n" not in line
    return line


def shipped(name: str) -> Path:
    return Path(str(get_testdata_file(name, download=False)))


def test_a_header_is_read_without_pixels(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a", np.zeros((4, 6, 9), "u2"), PatientName="A^B", Laterality="")
    header = read_header(path, NAME)
    assert (header.frames, header.length, header.pixels) == (4, 432, "PixelData")
    assert "PixelData" not in header.elements
    assert text(header.elements, "PatientName") == "A^B"
    assert text(header.elements, "Laterality") == text(header.elements, "StudyID") == ""
    assert looks_like_dicom(path)
    assert not looks_like_dicom(tmp_path)


def test_the_pixels_start_where_they_start() -> None:
    for name, before in (("MR_small.dcm", 12), ("MR_small_implicit.dcm", 8)):
        content = shipped(name).read_bytes()
        start = content.index(b"\xe0\x7f\x10\x00") + before
        assert len(content) - read_header(shipped(name), NAME).room == start
    mixed = read_header(shipped("SC_rgb_jpeg.dcm"), NAME)  # compressed, its elements implicit
    assert mixed.fragments == Fragments(1, ended=True, sizes=frozenset({(256, 256)}))
    assert mixed.room == 3522


def test_what_is_no_dicom_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    assert "does not exist" in refused(path)
    path.write_bytes(b"")
    assert "is empty (0 bytes)" in refused(path)
    path.write_bytes(b"\x89PNG" + b"0" * 300)
    assert "is no DICOM file, whatever its name says" in refused(path)
    path.write_bytes(b"\0" * 128)
    assert "is no DICOM file, or truncated: it has 128 bytes only" in refused(path)
    path.write_bytes(write_dicom(path, ramp()).read_bytes()[132:])
    assert 'expected a file by part 10 of the standard ("DICM" at byte 128)' in refused(path)
    assert "cannot be read" in refused(tmp_path)


def test_codes_are_short(tmp_path: Path) -> None:
    made = read_header(write_dicom(tmp_path / "a.dcm", ramp()), NAME).elements
    assert (code(made, "Modality"), code(made, "VOILUTFunction")) == ("US", "")
    made.Modality = ["US", "MEIER ANNA", "1980"]
    assert code(made, "Modality") == "unknown"


def test_no_permission_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp())

    def denied(*arguments: Any, **options: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert "cannot be read: Permission denied" in refused(path)


def test_a_damage_quotes_nothing_of_the_file() -> None:
    with pytest.raises(PictureError) as caught, damage_named(NAME):
        raise BytesLengthException("Expected 4 bytes. Instead received b'Meier^Anna'")
    assert str(caught.value) == (
        'file "a.dcm" is truncated or damaged (Expected 4 bytes). Export it again or take it out'
    )
    with pytest.raises(PictureError, match=r"\(element \(0028,0101\) cannot"), damage_named(NAME):
        raise ValueError("A (0028,0101) 'Bits Stored' value of '0' is invalid")
    with pytest.raises(PictureError, match=r"damaged \(KeyError\)"), damage_named(NAME):
        raise KeyError("Meier")


SEEDS = ("MR_small.dcm", "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_rle_2frame.dcm", "examples_palette.dcm")


@given(data=st.data())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_broken_bytes_never_end_in_a_traceback(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(shipped(data.draw(st.sampled_from(SEEDS))).read_bytes())
    for _ in range(data.draw(st.integers(1, 12))):
        place = data.draw(st.one_of(st.integers(128, 2500), st.integers(128, len(content) - 1)))
        content[place % len(content)] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    path = tmp_path / "a.dcm"
    path.write_bytes(content)
    try:
        shown = DicomFrame(path, bits=16).read(NAME)
    except PictureError as error:
        assert str(error).startswith(NAME) and "\n" not in str(error)
    else:
        assert shown.pixels.dtype in (np.uint8, np.uint16)
