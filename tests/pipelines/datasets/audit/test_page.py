from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipelines.datasets.audit.finding import Finding
from pipelines.datasets.audit.page import page
from pipelines.datasets.audit.run import audit
from pipelines.datasets.dataset import load
from tests.pipelines.datasets.audit.made_cases import made_dataset
from tests.pipelines.datasets.audit.test_report import made_report


class Balanced(HTMLParser):
    """Checks that every tag is closed, and gathers the text and what is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "link", "img"):
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href") and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name in ("src", "href") and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "defs"):
            self.text.append(data)


def read(html: str) -> tuple[str, list[str]]:
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    return " ".join(" ".join(parser.text).split()), parser.links


def test_the_page_is_whole_and_needs_nothing_else(tmp_path: Path) -> None:
    dataset = made_dataset(tmp_path / "made", 9, testing=3)
    audit(dataset, tmp_path / "out", workers=1)
    html = (tmp_path / "out" / "audit.html").read_text(encoding="utf-8")
    text, links = read(html)
    assert all(link.startswith(("#", "data:image/")) for link in links)
    assert "<script" not in html and "url(" not in html.replace("url(#", "")
    for words in ("Audit of made", "Classes and folds", "Which size to train at", "Intensity"):
        assert words in text
    assert str(tmp_path) not in html


def test_names_from_the_data_cannot_break_the_page(tmp_path: Path) -> None:
    report = made_report(tmp_path, "warning")
    dataset = replace(report.dataset, name="<b>x</b> & <script>alert(1)</script>")
    image = dataset.items[0]["image"]
    finding = Finding("blank-image", "warning", "<i>Title</i>", images=(image,))
    dataset.items[0]["source"] = "a/<u>raw</u>.png"
    html = page(replace(report, dataset=dataset, findings=(finding,)), (), 1)
    text, _ = read(html)
    assert "<script>" not in html and "<i>Title" not in html and "<u>" not in html
    assert "<b>x</b> & <script>" in text and "<u>raw</u>" not in html


@pytest.mark.parametrize(
    ("severities", "verdict", "words"),
    [
        (("error", "warning"), "Fails: 1 error, 1 warning", "Mend them before"),
        (("warning",), "Passes: 1 warning", "worth a look before training"),
        (("note",), "Passes", "or that needs a look"),
        ((), "Passes", "Nothing was found."),
    ],
)
def test_the_verdict_stands_at_the_head(
    tmp_path: Path, severities: tuple[str, ...], verdict: str, words: str
) -> None:
    text, _ = read(page(made_report(tmp_path, *severities), (), 1))
    assert verdict in text and words in text


def test_a_dataset_of_which_nothing_can_be_read_has_a_page(tmp_path: Path) -> None:
    dataset = made_dataset(tmp_path / "made", 3)
    for item in dataset.items:
        (dataset.folder / item["image"]).write_bytes(b"torn")
    report = audit(load(dataset.folder), tmp_path / "out", workers=1)
    assert not report.passes and report.resolution == {}
    text, _ = read((tmp_path / "out" / "audit.html").read_text(encoding="utf-8"))
    assert "3 images cannot be read" in text and "Which size" not in text
