from __future__ import annotations

from pathlib import Path

from pipelines.datasets import journal
from pipelines.datasets.record import Record

RECORDS = {
    "a.png": Record(key="k", image_hash="1" * 64, width=5, height=4, spacing=(0.5, 0.25)),
    "b ü.png": Record(key="l", label_hash="2" * 64, flags="colour", marked=True, small_check=7),
}


def test_what_is_noted_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    assert journal.read(path) == {}
    with journal.writing(path) as note:
        for name, record in RECORDS.items():
            note(name, record)
            assert journal.read(path)[name] == record
    assert journal.read(path) == RECORDS


def test_a_line_that_was_cut_short_is_passed_over_and_the_next_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with journal.writing(path) as note:
        note("a.png", RECORDS["a.png"])
    path.write_bytes(path.read_bytes()[:-9])
    with journal.writing(path) as note:
        note("b ü.png", RECORDS["b ü.png"])
    assert journal.read(path) == {"b ü.png": RECORDS["b ü.png"]}


def test_what_is_no_journal_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b'[1]\n{"name": "x"}\n\xff\xfe\n3\n{"name": "y", "spacing": null, "odd": 1}\n')
    assert journal.read(path) == {}
