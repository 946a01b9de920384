from __future__ import annotations

from pathlib import Path

from pydicom.encaps import encapsulate

from pipelines.datasets.sources.dicom_fragments import Fragments, walk_fragments

FRAMES = [b"12", b"3456", b"78"]


def walked(path: Path, content: bytes, before: int = 5) -> Fragments:
    path.write_bytes(b"x" * before + content)
    status = path.stat()
    return walk_fragments(path, before, status.st_size, status.st_mtime_ns)


def test_fragments_are_counted_to_the_mark_of_their_end(tmp_path: Path) -> None:
    for number, table in enumerate((True, False)):
        content = encapsulate(FRAMES, has_bot=table) + b"\xfe\xff\xdd\xe0\0\0\0\0"
        whole = walked(tmp_path / f"{number}", content + b"what follows")
        assert whole == Fragments(3, ended=True)


def test_where_a_file_breaks_off_is_told(tmp_path: Path) -> None:
    content = encapsulate(FRAMES, has_bot=False)  # 8 bytes of a table, and 10, 12, 10
    expected = {
        0: Fragments(0),
        7: Fragments(0),
        8: Fragments(0),
        17: Fragments(0, lacking=1),
        18: Fragments(1),
        27: Fragments(1, lacking=3),
        39: Fragments(2, lacking=1),
        40: Fragments(3),
    }
    for length, found in expected.items():
        assert walked(tmp_path / str(length), content[:length]) == found


def test_what_is_no_fragment_is_told(tmp_path: Path) -> None:
    content = encapsulate(FRAMES, has_bot=False)
    assert walked(tmp_path / "a", content[:18] + b"\1" * 40) == Fragments(1, strange=True)
    assert walked(tmp_path / "b", b"\xff" * 40) == Fragments(0, strange=True)


def test_a_file_that_has_changed_is_walked_again(tmp_path: Path) -> None:
    path, content = tmp_path / "a", encapsulate(FRAMES, has_bot=False)
    for written, (bytes_, count) in enumerate([(content, 3), (content[:18] + b"\1" * 22, 1)]):
        path.write_bytes(bytes_)
        assert walk_fragments(path, 0, len(content), written).count == count
