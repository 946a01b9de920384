from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.datasets.sources import array_archive as module
from pipelines.datasets.sources.array_archive import members, open_member
from pipelines.errors import InputError

VALUES = np.random.default_rng(0).integers(0, 256, (7, 5, 6, 3), dtype=np.uint8)
SAVERS: dict[str, Callable[..., Any]] = {"stored": np.savez, "deflated": np.savez_compressed}


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("saver", SAVERS.values(), ids=SAVERS.keys())
def test_members_are_what_was_saved(
    tmp_path: Path, saver: Callable[..., Any], order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 100)
    path = tmp_path / "d.npz"
    saver(path, images=np.array(VALUES, order=order), y=np.arange(7), names=np.array(["é"] * 7))
    assert members(path, "d.npz") == ["images.npy", "y.npy", "names.npy"]
    for member, expected in (("images", VALUES), ("y", np.arange(7)), ("names", ["é"] * 7)):
        array = open_member(path, f"{member}.npy", f"d.npz/{member}.npy")
        np.testing.assert_array_equal(array.rows(1, 4), expected[1:4])
        in_place = saver is np.savez and (order == "C" or member != "images")
        assert (array.scratch is None) == in_place


def test_an_archive_behind_other_bytes_and_other_methods(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, x=VALUES)
    path.write_bytes(b"some text before" + path.read_bytes())
    np.testing.assert_array_equal(open_member(path, "x.npy", "d").rows(0, 7), VALUES)
    for method in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        with zipfile.ZipFile(path, "w", method) as archive, archive.open("x.npy", "w") as member:
            np.save(member, VALUES)
        np.testing.assert_array_equal(open_member(path, "x.npy", "d").rows(0, 7), VALUES)


def test_what_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez_compressed(path, x=VALUES, bad=np.array([None]), cut=VALUES)
    with pytest.raises(InputError, match=r"^d/bad holds Python objects"):
        open_member(path, "bad.npy", "d/bad")
    with pytest.raises(InputError, match=r"^d/none is truncated or damaged"):
        open_member(path, "none.npy", "d/none")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"^d.npz is truncated or damaged \(File is not a zip"):
        members(path, "d.npz")
    with pytest.raises(InputError, match=r"^d.npz cannot be read: No such file"):
        members(tmp_path / "none.npz", "d.npz")
    with (
        zipfile.ZipFile(path, "w") as archive,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        archive.writestr("x.npy", b"")
        archive.writestr("x.npy", b"")
    with pytest.raises(InputError, match=r"^d.npz holds x.npy twice"):
        members(path, "d.npz")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_of_another_length_than_their_header_says(tmp_path: Path, method: int) -> None:
    path = tmp_path / "d.npz"
    data = io.BytesIO()
    np.save(data, VALUES)
    for content, message in (
        (data.getvalue()[:-1], "is truncated: its shape"),
        (data.getvalue() + b"0", "holds 1 bytes more"),
    ):
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("x.npy", content)
        with pytest.raises(InputError, match=message):
            open_member(path, "x.npy", "d/x")


def test_a_wrong_checksum_is_found_while_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).random(90_000))
    data = bytearray(path.read_bytes())
    data[300_000] ^= 255
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"^d/x is truncated or damaged"):
        open_member(path, "x.npy", "d/x")


CHECK_MEMORY = """
import re, sys
from pathlib import Path
from pipelines.datasets.sources.array_archive import open_member

def peak():
    return int(re.search(r"VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())[1])

before = peak()
array = open_member(Path(sys.argv[1]), "x.npy", "d/x")
assert array.shape == (4000, 200, 200) and not array.rows(3999, 4000).any()
assert sum(len(block) for _, block in array.blocks()) == 4000
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory is read from /proc")
@pytest.mark.parametrize(("order", "most"), [("C", 60_000), ("F", 130_000)])
def test_unpacking_takes_the_memory_of_a_block(tmp_path: Path, order: Any, most: int) -> None:
    path = tmp_path / "d.npz"
    np.savez_compressed(path, x=np.zeros((4000, 200, 200), dtype=np.uint8, order=order))
    command = [sys.executable, "-c", CHECK_MEMORY, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(result.stdout) < most  # KiB, of the 156,250 of the array


@settings(max_examples=150, deadline=None)
@given(st.booleans(), st.integers(0, 900), st.binary(max_size=30), st.integers(0, 30))
def test_damaged_archives_give_arrays_or_a_message(
    tmp_path_factory: pytest.TempPathFactory, stored: bool, place: int, noise: bytes, gap: int
) -> None:
    path = tmp_path_factory.mktemp("broken") / "d.npz"
    (np.savez if stored else np.savez_compressed)(path, x=VALUES[:3], y=np.arange(3))
    whole = path.read_bytes()
    path.write_bytes(whole[:place] + noise + whole[place + gap :])
    try:
        for member in members(path, "d.npz"):
            array = open_member(path, member, "d.npz")
            assert array.rows(0, array.shape[0]).shape == array.shape
    except InputError as error:
        assert str(error).startswith("d.npz ")


@given(st.binary(max_size=300))
def test_any_bytes_give_a_message(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.mktemp("broken") / "d.npz"
    path.write_bytes(noise)
    with pytest.raises(InputError, match=r"^d.npz is truncated or damaged"):
        members(path, "d.npz")
