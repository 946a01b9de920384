"""Files are looked at before they are unpacked, and read as a viewer shows them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.demo.upload import EVERY, FIRST, FRAMES, MIDDLE, pictures_of
from tests.pipelines.datasets.made_dicom import ramp, write_dicom
from tests.pipelines.demo.conftest import noise
from transforms.picture import PictureError


def refused(path: Path, megabytes: float = 50) -> str:
    with pytest.raises(PictureError) as caught:
        list(pictures_of(path, path.name, MIDDLE, megabytes))
    return str(caught.value)


def test_a_picture_is_read_as_it_is(picture_file: Path) -> None:
    (given,) = pictures_of(picture_file, "mine.png", MIDDLE, 1)
    assert given.name == "mine.png"
    np.testing.assert_array_equal(given.read(), noise(1))


@pytest.mark.parametrize(("frames", "chosen"), [(FIRST, [0]), (MIDDLE, [2]), (EVERY, range(5))])
def test_frames_are_chosen(frames: str, chosen: list[int], tmp_path: Path) -> None:
    film = np.stack([ramp() + 20 * frame for frame in range(5)])
    path = write_dicom(tmp_path / "film.dcm", film)
    given = list(pictures_of(path, "film", frames, 1))
    assert [each.name for each in given] == [f"film, frame {frame + 1} of 5" for frame in chosen]
    for each, frame in zip(given, chosen, strict=True):
        np.testing.assert_array_equal(each.read(), film[frame])
    assert frames in FRAMES


def test_a_single_dicom_image_is_called_by_its_name(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "no suffix", ramp())
    (given,) = pictures_of(path, "no suffix", EVERY, 1)
    assert given.name == "no suffix"
    np.testing.assert_array_equal(given.read(), ramp())


def test_a_large_file_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(b"\0" * (2 * 2**20 + 1))
    assert refused(path, 2) == (
        "large.png has 2.0 MB; the limit is 2 MB. Shrink it, or start the page with a larger "
        "--max-upload"
    )


def test_a_small_file_that_unpacks_to_much_is_not_unpacked(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    path = tmp_path / "bomb.png"
    header = struct.pack(">IIBBBBB", 12000, 9000, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows))
    assert "bomb.png, unpacked, has 309.0 MB; the limit is 50 MB" in refused(path)


def test_the_pixels_of_a_dicom_frame_count_not_those_of_all(tmp_path: Path) -> None:
    film = np.zeros((30, 200, 300), np.uint8)
    path = write_dicom(tmp_path / "film.dcm", film)
    assert len(list(pictures_of(path, "film", EVERY, 2))) == 30
    wide = write_dicom(tmp_path / "wide.dcm", np.zeros((400, 600, 3), np.uint8))
    assert "wide.dcm has 0.7 MB; the limit is 0.5 MB" in refused(wide, 0.5)


def test_what_is_no_picture_is_said(tmp_path: Path) -> None:
    text, empty = tmp_path / "notes.txt", tmp_path / "empty.png"
    text.write_text("not an image")
    empty.write_bytes(b"")
    bad = tmp_path / "bad.png"
    Image.fromarray(noise(2)).save(bad)
    bad.write_bytes(bad.read_bytes()[:900])
    for path, words in ((text, "is not a picture"), (empty, "is empty"), (bad, "is truncated")):
        (given,) = pictures_of(path, path.name, MIDDLE, 1)
        with pytest.raises(PictureError, match=words):
            given.read()


def test_a_damaged_dicom_file_is_said(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "cut.dcm", ramp())
    path.write_bytes(path.read_bytes()[:-20])
    assert "cut.dcm is truncated" in refused(path)
