from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.report.run import SHOWN, check_place, twin, write_report
from pipelines.report.sources import Sources


def test_a_page_and_its_twin_are_written(lesions: Sources, tmp_path: Path) -> None:
    written = write_report(lesions, tmp_path / "report.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]
    told = json.loads(written.json.read_text(encoding="utf-8"))
    assert told["scores"]["all"][0]["value"] == lesions.scores["scores"]["dice"]["value"]
    assert len(told["pictures"]["groups"][0]["cases"]) <= SHOWN
    assert written.html.stat().st_size < 5_000_000


def test_the_same_run_gives_the_same_bytes(lesions: Sources, tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        write_report(lesions, tmp_path / name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_a_place_that_cannot_take_a_page_is_refused_before_any_work(tmp_path: Path) -> None:
    for name, words in (
        ("report.pdf", "ends in .html"),
        ("nowhere/report.html", "does not exist"),
    ):
        with pytest.raises(InputError, match=words):
            check_place(tmp_path / name, overwrite=False)
    twin(tmp_path / "report.html").write_text("{}")
    with pytest.raises(InputError, match=r"report.json exists; replace it by --overwrite"):
        check_place(tmp_path / "report.html", overwrite=False)
    check_place(tmp_path / "report.html", overwrite=True)


def test_nothing_is_left_of_a_page_that_cannot_be_written(lesions: Sources, tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_report(lesions, tmp_path / "report.html")
    with pytest.raises(InputError, match="is a folder"):
        check_place(tmp_path / "report.html", overwrite=True)
