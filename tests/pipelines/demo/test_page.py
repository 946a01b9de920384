"""The page is made of the model, tells nobody, and forgets what it was given."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.demo.examples import Example
from pipelines.demo.kept import own_place, sweep
from pipelines.demo.model import Model
from pipelines.demo.reply import Reply
from tests.pipelines.demo.conftest import noise


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("place")))
        with own_place() as folder:
            yield folder


def given(*paths: Path) -> list[dict[str, Any]]:
    """Uploads as Gradio hands them on."""
    return [{"path": str(path), "meta": {"_type": "gradio.FileData"}} for path in paths]


@pytest.fixture(scope="module")
def config(place: Path, classifier: Model) -> dict[str, Any]:
    from pipelines.demo.page import page

    made = [Example(f"made image {number}", noise(number)) for number in (1, 2)]
    return page(classifier, made, 7, place).get_config_file()


def test_the_page_says_what_it_is(config: dict[str, Any]) -> None:
    text = json.dumps(config["components"])
    for words in (
        "Research use only",
        "Breast ultrasound classification",
        "PNG, JPEG or DICOM, up to 7 MB each",
        "Uploads are deleted as soon as they are answered",
        "Made image 2",
        "Model card",
    ):
        assert words in text, words


def test_nobody_is_told_and_nothing_is_offered_to_programs(config: dict[str, Any]) -> None:
    assert config["analytics_enabled"] is False
    assert {each["api_visibility"] for each in config["dependencies"]} == {"private"}


def test_without_examples_and_training_images_it_is_said(place: Path, outliner: Model) -> None:
    from pipelines.demo.page import page

    text = json.dumps(page(outliner, [], 50, place).get_config_file()["components"])
    assert "There is no warning of images unlike the training images: " in text
    assert "made by a computer" not in text


def test_uploads_are_gone_when_they_are_answered(place: Path, classifier: Model) -> None:
    from pipelines.demo.page import _answer_files

    paths = [place / "own" / "h1" / "a.png", place / "own" / "h2" / "notes.txt"]
    for path in paths:
        path.parent.mkdir(parents=True)
    Image.fromarray(noise(1)).save(paths[0])
    paths[1].write_text("words")
    cleared, html = _answer_files(classifier, 5, place, given(*paths), "all")
    assert cleared is None
    assert "notes.txt is not a picture file" in html and "a.png" in html
    assert [path for path in place.rglob("*") if path.is_file()] == []
    assert not (place / "own").exists()


def test_what_is_no_upload_is_neither_answered_nor_deleted(
    place: Path, classifier: Model, tmp_path: Path
) -> None:
    from pipelines.demo.page import _answer_files

    own, other, link = place / "own" / "h" / "a.png", tmp_path / "b.png", place / "link.png"
    own.parent.mkdir(parents=True)
    for path in (own, other):
        Image.fromarray(noise(1)).save(path)
    link.symlink_to(other)
    _, html = _answer_files(classifier, 5, place, given(own, other, link, place / "gone"), "all")
    for name in ("b.png", "link.png", "gone"):
        assert f"{name} is not, or no longer, an upload of this page" in html
    assert "a.png is not" not in html and str(tmp_path) not in html and str(place) not in html
    assert other.is_file() and link.is_symlink() and not own.exists()
    link.unlink()


def test_frames_that_are_none_are_refused(place: Path, classifier: Model) -> None:
    from pipelines.demo.page import _answer_files

    with pytest.raises(Exception, match="the frames must be one of: the middle one"):
        _answer_files(classifier, 5, place, [], {"path": "/etc/passwd"})  # type: ignore[arg-type]


def test_uploads_are_gone_even_where_the_answer_fails(
    place: Path, classifier: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.demo import page

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(page, "answered", broken)
    path = place / "own" / "h3" / "a.png"
    path.parent.mkdir(parents=True)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(path)
    with pytest.raises(ZeroDivisionError):
        page._answer_files(classifier, 5, place, given(path), "all")
    assert not path.exists()


def test_what_is_being_answered_is_not_swept(
    place: Path, classifier: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.demo import page

    def slow(*_: object) -> list[Reply]:
        sweep(place, age=-1)
        return [Reply("a.png", problem="it was there" if path.is_file() else "it was deleted")]

    monkeypatch.setattr(page, "answered", slow)
    path = place / "own" / "h4" / "a.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"1")
    assert "it was there" in page._answer_files(classifier, 5, place, given(path), "all")[1]
    assert not (place / "own").exists()


def test_no_font_comes_from_elsewhere(place: Path) -> None:
    from pipelines.demo.page import look

    given = look()
    assert not re.search("url\\(.?http|@import", given["theme"]._get_theme_css())
    assert given["theme"]._stylesheets == []
    assert "http" not in given["css"] and "@import" not in given["css"]
