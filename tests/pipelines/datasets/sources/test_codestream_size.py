"""What compressed pixels say of their size is read without decoding them."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image
from pydicom.pixels.encoders import JPEGLSLosslessEncoder

from pipelines.datasets.sources.codestream_size import codestream_size


def _pillow(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((24, 40), np.uint8)).save(file, kind, **options)
    return file.getvalue()


def _jpeg_ls(rows: int = 24, columns: int = 40) -> bytes:
    return JPEGLSLosslessEncoder.encode(
        np.zeros((rows, columns), np.uint8),
        rows=rows,
        columns=columns,
        samples_per_pixel=1,
        photometric_interpretation="MONOCHROME2",
        bits_allocated=8,
        bits_stored=8,
        pixel_representation=0,
        number_of_frames=1,
    )


CODESTREAMS = {
    "baseline": _pillow("JPEG"),
    "progressive": _pillow("JPEG", progressive=True, comment="a" * 500),
    "JPEG-LS": _jpeg_ls(),
    "JPEG 2000": _pillow("JPEG2000", no_jp2=True),
    "JP2": _pillow("JPEG2000"),
}


@pytest.mark.parametrize("name", CODESTREAMS)
def test_rows_and_columns_are_those_of_the_codestream(name: str) -> None:
    file = io.BytesIO(b"before" + CODESTREAMS[name])
    file.seek(6)
    assert codestream_size(file) == (24, 40)


def test_fill_bytes_before_a_marker_count_nothing() -> None:
    content = CODESTREAMS["JPEG-LS"]
    assert codestream_size(io.BytesIO(content[:2] + b"\xff\xff" + content[2:])) == (24, 40)


@pytest.mark.parametrize("name", CODESTREAMS)
@pytest.mark.parametrize("length", [0, 1, 3, 8])
def test_a_head_that_ends_too_soon_says_nothing(name: str, length: int) -> None:
    assert codestream_size(io.BytesIO(CODESTREAMS[name][:length])) is None


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<16L", 1, 64, *[0] * 14) + b"\xff\xd8",  # the head of RLE segments
        b"\xff\xd8\xff\xda\0\x08" + bytes(20),  # pixels without a frame's head
        b"\xff\xd8\xff\xe0\0\0" + bytes(20),  # a segment without its own length
        b"\xff\xd8abcdef",
        b"\xff\x4f\xff\x52" + bytes(30),
    ],
)
def test_what_is_no_such_codestream_says_nothing(content: bytes) -> None:
    assert codestream_size(io.BytesIO(content)) is None
