"""What cannot be unpacked is told of in one line, and nothing lands outside the folder."""

import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.deployment.unpacked_zip import is_zip, unpacked_zip
from pipelines.errors import InputError

WORDS = random.Random(0).choices(b"abcdefgh", k=4000)
CENTRAL = b"PK\x01\x02"


def _broken_stream(content: bytes) -> bytes:
    start = len(content) // 3
    return content[:start] + b"\xff" * 400 + content[start + 400 :]


def _broken_directory(content: bytes) -> bytes:
    return content.replace(CENTRAL, b"PK\xff\xff")


def _with_field(content: bytes, place: int, value: int) -> bytes:
    """Changes a byte of the central directory's first entry."""
    changed = bytearray(content)
    changed[content.index(CENTRAL) + place] = value
    return bytes(changed)


def _with_password(content: bytes) -> bytes:
    return _with_field(content, 8, 1)


def _of_unknown_compression(content: bytes) -> bytes:
    return _with_field(content, 10, 97)


def _truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_broken_stream, "Error -3 while decompressing"),
        (_broken_directory, "Bad magic number for central directory"),
        (_with_password, "password required"),
        (_of_unknown_compression, "compression method is not supported"),
        (_truncated, "File is not a zip file"),
    ],
)
def test_what_cannot_be_unpacked_is_one_line(
    tmp_path: Path, damage: Callable[[bytes], bytes], words: str
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("package/file", bytes(WORDS))
    path.write_bytes(damage(path.read_bytes()))
    assert is_zip(path)
    with pytest.raises(InputError) as caught, unpacked_zip(path):
        pass
    told = str(caught.value)
    assert told.startswith(f"{path} cannot be unpacked (") and words in told and "\n" not in told


def test_names_that_lead_out_stay_inside(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../x", "/y", "b/../../z"):
            archive.writestr(name, "1")
    with unpacked_zip(path) as folder:
        files = {each.relative_to(folder).as_posix() for each in folder.rglob("*")}
        assert files == {"x", "y", "b", "b/z"}
        assert not (folder.parent / "x").exists()
    assert not folder.exists() and list(tmp_path.iterdir()) == [path]
