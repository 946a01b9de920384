"""``med2d demo``: the real page in a real browser."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import pytest
from PIL import Image

from pipelines.commands.demo import demo
from tests.browser import Browser, browser
from tests.pipelines.commands.command_line import run
from tests.pipelines.crossval.made_bundle import CLASSES, made_run
from tests.pipelines.datasets.made_dicom import ramp, write_dicom

ROOT = Path(__file__).resolve().parents[3]
LABELS = ["benign", "malignant", "normal"]


@pytest.fixture(scope="module")
def class_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "run"
    config = {**CLASSES, "labels": LABELS, "activation": "softmax"}
    return made_run(folder, "breast_us_classification", config, 0)


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradio, once imported, makes its folder again where it first was told to."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def refused(*words: object) -> str:
    result = run("demo", *words)
    assert result.exit_code == 2 and result.stdout == "", result.output
    (line,) = result.stderr.splitlines()
    return line


def test_what_cannot_be_served_is_one_line(class_run: Path, tmp_path: Path) -> None:
    assert "gone is no folder; name a package" in refused(tmp_path / "gone", "--port", 0)
    assert "holds no" not in refused(tmp_path, "--port", 0)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"127.0.0.1:{port} cannot be listened on" in refused(class_run, "--port", port)


@pytest.mark.parametrize("limit", ["nan", "inf"])
def test_a_limit_that_is_none_is_one_line(class_run: Path, limit: str) -> None:
    assert refused(class_run, "--max-upload", limit) == (
        f"Error: --max-upload is {limit}; expected a number of megabytes, such as 50"
    )


def test_without_gradio_it_says_what_to_install(
    class_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert "pip install 'med2d[demo]'" in refused(class_run)


def test_the_page_of_the_documentation_names_every_option() -> None:
    text = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(--[a-z_-]+)` \| ([^|]*) \|", text, re.MULTILINE))
    own = {param.opts[0]: param.default for param in demo.params if isinstance(param, click.Option)}
    assert set(told) == set(own)
    for name in ("--host", "--port", "--max-upload", "--device"):
        assert told[name].strip("`") == str(own[name])


class Served(NamedTuple):
    """A running page: its program, address, and the folder in which it may leave files."""

    process: subprocess.Popen[str]
    address: str
    temporary: Path

    def files(self) -> list[Path]:
        return [path for path in self.temporary.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def served(class_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    temporary = tmp_path_factory.mktemp("temporary")
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from pipelines.cli import main; main()"
    )
    words = [sys.executable, "-c", code, "demo", str(class_run), "--port", "0", "--max-upload", "1"]
    process = subprocess.Popen(
        words,
        cwd=temporary,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "open http://127.0.0.1:" in line and "Ctrl-C ends it" in line, process.communicate()
    yield Served(process, line.split("open ")[1].split()[0], temporary)
    if process.poll() is None:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def page(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        opened.open(served.address, "Research use only", "No image yet")
        yield opened


def drop(page: Browser, *files: Path) -> None:
    """Gives files to the page as a person does who chooses them."""
    root = page.call("DOM.getDocument")["root"]["nodeId"]
    where = {"nodeId": root, "selector": "#given input[type=file]"}
    field = page.call("DOM.querySelector", **where)["nodeId"]
    page.call("DOM.setFileInputFiles", nodeId=field, files=[str(each) for each in files])


def try_example(page: Browser, number: int) -> None:
    """Clicks on the picture of a made image until it is answered: scripts come after pictures."""
    for _ in range(60):
        page.evaluate(f"document.querySelectorAll('.examples img')[{number - 1}]?.click()")
        with suppress(AssertionError):
            page.wait(f"made image {number}", "as given", seconds=5)
            return
    page.wait(f"made image {number}", "as given", seconds=1)


@pytest.mark.slow
def test_images_are_answered_and_a_text_file_is_told_of(
    served: Served, page: Browser, tmp_path: Path
) -> None:
    names = ("first.png", "second.jpg")
    for seed, name in enumerate(names):
        pixels = np.random.default_rng(seed).integers(0, 256, (60, 80), np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
    text, film = tmp_path / "notes.txt", tmp_path / "film.dcm"
    text.write_text("not an image")
    write_dicom(film, np.stack([ramp()] * 3))
    drop(page, *(tmp_path / name for name in names), text, film)
    shown = page.wait("4 answers", "notes.txt is not a picture file, whatever its name says")
    for words in (*names, "film.dcm, frame 2 of 3", "Calibrated", "as given", *LABELS):
        assert words in shown, words
    link = page.evaluate("document.querySelector('.download').href")
    rows = base64.b64decode(link.partition(",")[2]).decode().splitlines()
    assert len(rows) == 5 and rows[3].startswith('notes.txt,"notes.txt is not a picture')
    drawn = "[...document.querySelectorAll('#answers img')].every(image => image.naturalWidth > 99)"
    assert page.evaluate(drawn)
    assert served.files() == []


@pytest.mark.slow
def test_a_file_that_is_too_large_is_told_of(served: Served, page: Browser, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(b"\0" * (3 * 2**20))
    drop(page, large)
    assert "maximum" in page.wait("size", "1 MB")
    assert served.files() == []


@pytest.mark.slow
def test_a_made_image_is_answered_and_nothing_comes_from_elsewhere(
    served: Served, page: Browser
) -> None:
    page.open(served.address, "No image yet")
    try_example(page, 2)
    names = json.loads(
        page.evaluate("JSON.stringify(performance.getEntriesByType('resource').map(e => e.name))")
    )
    assert len(names) > 5
    assert [name for name in names if not name.startswith((served.address, "data:"))] == []


@pytest.mark.slow
def test_it_fits_a_telephone(served: Served, page: Browser) -> None:
    page.resize(390, 844)
    page.open(served.address, "No image yet")
    try_example(page, 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_ctrl_c_ends_it_in_one_line_and_nothing_is_left(served: Served, page: Browser) -> None:
    start = time.monotonic()
    served.process.send_signal(signal.SIGINT)
    out, err = served.process.communicate(timeout=60)
    assert (served.process.returncode, out) == (130, "")
    *told, last = err.splitlines()
    assert last == "Stopped by Ctrl-C."
    assert all("there is no warning of images unlike" in line for line in told) and len(told) < 2
    assert time.monotonic() - start < 30
    assert list(served.temporary.iterdir()) == []
