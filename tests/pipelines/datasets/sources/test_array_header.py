from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib import format as npy

from pipelines.datasets.sources.array_header import HEAD, LONGEST, parse_header
from pipelines.errors import InputError


def saved(array: Any, version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    npy.write_array(file, np.asanyarray(array), version)
    return file.getvalue()


def written(text: str, version: int = 1) -> bytes:
    content = text.encode("latin1")
    length = struct.pack("<H" if version == 1 else "<I", len(content))
    return npy.MAGIC_PREFIX + bytes([version, 0]) + length + content


def header_of(descr: str, shape: str) -> bytes:
    return written(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n")


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_numpy_writes_is_read(version: tuple[int, int], order: Any) -> None:
    array = np.zeros((5, 4, 6), dtype=">f4", order=order)
    data = saved(array, version)
    header = parse_header(data[:HEAD], "a.npy")
    assert (header.shape, header.dtype, header.fortran) == (
        (5, 4, 6),
        np.dtype(">f4"),
        order == "F",
    )
    assert header.length + header.size == len(data)


def test_one_axis_has_no_order() -> None:
    text = "{'descr': '|u1', 'fortran_order': True, 'shape': (3,), }\n"
    assert not parse_header(written(text), "a.npy").fortran


def test_what_python_2_wrote_is_read_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    text = "{'descr': '|u1', 'fortran_order': False, 'shape': (3L, 4L), }\n"
    assert parse_header(written(text), "a.npy").shape == (3, 4)
    assert not recwarn.list


BROKEN = {
    "nothing": (b"", r"is empty \(0 bytes\)"),
    "another format": (b"\x89PNG" + bytes(40), "is not a NumPy array"),
    "cut off": (saved(np.ones(3))[:9], "truncated or damaged"),
    "cut off later": (saved(np.ones(3))[:40], "truncated or damaged"),
    "a newer version": (npy.MAGIC_PREFIX + b"\x03\x00" + bytes(9), r"version 3\.0 of the .npy"),
    "no dictionary": (written("[1, 2]\n"), "truncated or damaged"),
    "a missing key": (written("{'descr': '|u1', 'shape': (3,)}\n"), "truncated or damaged"),
    "code": (written("__import__('os').getcwd()\n"), "truncated or damaged"),
    "deeply nested": (written("(" * 5000 + "\n"), "truncated or damaged"),
    "long": (written(" " * (LONGEST + 1), 2), r"has a header of 10001 bytes; the limit is 10000"),
    "longer than memory": (npy.MAGIC_PREFIX + b"\x02\x00\xff\xff\xff\xff", "header of 4294967295 "),
    "objects": (saved(np.array([None, 1]), (1, 0)), "holds Python objects .* never unpickled"),
    "objects inside": (header_of("[('a', '|O')]", "(3,)"), "holds Python objects"),
    "complex": (saved(np.ones(3, dtype=complex)), "has the dtype complex128; expected numbers"),
    "dates": (saved(np.zeros(3, dtype="M8[s]")), "expected numbers or text"),
    "a table": (saved(np.zeros(3, dtype="i4,f4")), "expected numbers or text"),
    "a single value": (saved(3), "is a single value"),
    "no rows": (saved(np.zeros((0, 4, 4))), r"is empty: its shape is \(0, 4, 4\)"),
    "no letters": (header_of("'<U0'", "(3,)"), "is empty"),
    "a negative axis": (header_of("'|u1'", "(-3, 4)"), "truncated or damaged"),
    "more than any disk": (header_of("'|u1'", f"({2**60}, 2048)"), "truncated or damaged"),
}


@pytest.mark.parametrize(("data", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=rf"^a\.npy .*{message}") as caught:
        parse_header(data[:HEAD], "a.npy")
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=200), st.integers(0, 200), st.booleans())
def test_any_bytes_give_a_header_or_a_message(noise: bytes, place: int, prefixed: bool) -> None:
    whole = saved(np.zeros((4, 6, 5), dtype=np.float32))
    data = whole[:place] + noise if prefixed else noise + whole[place:]
    try:
        header = parse_header(data[:HEAD], "a.npy")
    except InputError as error:
        assert str(error).startswith("a.npy ")
    else:
        assert header.size > 0 and header.dtype.kind in "biufSU"


@given(st.text(alphabet="{}()[]'\":, \\\n0123456789descrfotanOUuipLx|<>-#", max_size=120))
def test_any_text_in_a_header_gives_a_message(text: str) -> None:
    try:
        parse_header(written(text), "a.npy")
    except InputError as error:
        assert str(error).startswith("a.npy ")
