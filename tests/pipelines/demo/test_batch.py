"""One bad file never spoils the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.demo import batch
from pipelines.demo.batch import File, answered
from pipelines.demo.model import Model
from pipelines.demo.upload import EVERY, MIDDLE
from tests.pipelines.datasets.made_dicom import ramp, write_dicom


def files(*paths: Path) -> list[File]:
    return [File(path, path.name) for path in paths]


def test_good_and_bad_files_together(classifier: Model, picture_file: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not an image")
    film = write_dicom(tmp_path / "film.dcm", np.stack([ramp()] * 3))
    cut = write_dicom(tmp_path / "cut.dcm", ramp())
    cut.write_bytes(cut.read_bytes()[:-9])
    told: list[tuple[int, int]] = []
    given = files(text, picture_file, cut, film)
    replies = answered(classifier, given, EVERY, 5, lambda done, of: told.append((done, of)))
    assert [bool(reply.problem) for reply in replies] == [True, False, True, False, False, False]
    assert replies[0].problem == "notes.txt is not a picture file, whatever its name says"
    assert "cut.dcm is truncated" in replies[2].problem
    assert replies[-1].name == "film.dcm, frame 3 of 3"
    assert told == [(done, 6) for done in range(6)]


def test_what_nobody_foresaw_is_told_and_logged(
    classifier: Model,
    picture_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(batch, "replied", broken)
    (reply,) = answered(classifier, files(picture_file), MIDDLE, 5)
    assert "could not be answered (ZeroDivisionError)" in reply.problem
    assert "by zero" in caplog.text


def test_where_a_file_lay_is_not_told(classifier: Model, tmp_path: Path) -> None:
    (reply,) = answered(classifier, files(tmp_path / "gone.png"), MIDDLE, 5)
    assert "gone.png could not be answered (FileNotFoundError: No such file" in reply.problem
    assert str(tmp_path) not in reply.problem


def test_of_many_pictures_some_are_left_out_and_fewer_are_shown(
    classifier: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST", 4)
    monkeypatch.setattr(batch, "PICTURED", 2)
    film = write_dicom(tmp_path / "film.dcm", np.stack([ramp()] * 6))
    replies = answered(classifier, files(film), EVERY, 5)
    assert (
        "2 of the 6 pictures of film.dcm are not answered: 4 pictures at once"
        in replies[-1].problem
    )
    assert [bool(reply.views) for reply in replies[:4]] == [True, True, False, False]


def test_the_limit_counts_pictures_of_all_files_and_nothing_else(
    classifier: Model, picture_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST", 4)
    text = tmp_path / "notes.txt.dcm"
    text.write_bytes(b"\0" * 128 + b"DICM")
    films = [
        write_dicom(tmp_path / f"film{number}.dcm", np.stack([ramp()] * count))
        for number, count in enumerate((2, 3, 2))
    ]
    given = files(films[0], text, *films[1:], text, picture_file)
    replies = answered(classifier, given, EVERY, 5)
    names = [reply.name for reply in replies if not reply.problem]
    assert names == [
        *("film0.dcm, frame 1 of 2", "film0.dcm, frame 2 of 2"),
        *("film1.dcm, frame 1 of 3", "film1.dcm, frame 2 of 3"),
    ]
    told = [reply.problem for reply in replies if reply.problem]
    assert [problem.partition(" not answered")[0] for problem in told if "limit" in problem] == [
        "1 of the 3 pictures of film1.dcm is",
        "2 of the 2 pictures of film2.dcm are",
        "a picture.png is",
    ]
    assert len(told) == 5
