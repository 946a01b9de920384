from pathlib import Path

import pytest

from pipelines.file_hash import sha256_of


def test_the_hash_is_of_the_content_alone(tmp_path: Path) -> None:
    for name, content in (("a", b"abc"), ("b", b"abc"), ("c", b"abd")):
        (tmp_path / name).write_bytes(content)
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2
    assert sha256_of(tmp_path / "a") == sha256_of(str(tmp_path / "b")) == known
    assert sha256_of(tmp_path / "c") != known


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sha256_of(tmp_path / "gone")
