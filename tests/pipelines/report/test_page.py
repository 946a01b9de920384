from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from pipelines.report.content import Pictures, Words, content
from pipelines.report.page import page, shade
from pipelines.report.run import write_report
from pipelines.report.score_names import interval, number
from pipelines.report.sources import Sources, read_sources

VOID = {"meta", "br", "link", "img", "image", "path", "use"}
PHONE, DESK = 390, 1280


class Page(HTMLParser):
    """Gathers what a reader of the screen, or a program that reads it aloud, meets."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.headings: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.unnamed: list[str] = []
        self.language = ""
        self._named = 0
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links += [v for k, v in attrs if k in ("src", "href", "xlink:href") and v]
        self.ids += [v for k, v in attrs if k == "id" and v]
        self.language = found.get("lang") or self.language if tag == "html" else self.language
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        is_named = found.get("role") == "img" and bool(found.get("aria-label"))
        if tag == "svg" and not is_named and not self._named:
            self.unnamed.append(str(found)[:80])
        if tag == "img" and not found.get("alt"):
            self.unnamed.append(str(found)[:80])
        if tag not in VOID:
            self.open.append(tag)
            self._named += is_named or self._named > 0

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [v for k, v in attrs if k in ("src", "href", "xlink:href") and v]
        self.ids += [v for k, v in attrs if k == "id" and v]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag
            self._named = max(0, self._named - 1)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "defs"):
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def pages(made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A report of each kind of run."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name in ("classes", "lesions", "maps", "folds", "seeds", "leaky"):
        sources = read_sources(made / name, name)
        leaky = read_sources(made / "leaky", "leaky") if name == "classes" else None
        words = Words(title="Ours & <i>mine</i>" if name == "classes" else None)
        found[name] = write_report(sources, folder / f"{name}.html", words, leaky, heat=False).html
    return found


KINDS = ("classes", "lesions", "maps", "folds", "seeds", "leaky")


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_is_whole_and_can_be_read_aloud(pages: dict[str, Path], kind: str) -> None:
    html = pages[kind].read_text(encoding="utf-8")
    found = Page(html)
    assert found.language == "en" and found.headings.count("h1") == 1 and found.unnamed == []
    levels = [int(heading[1]) for heading in found.headings]
    assert levels[0] == 1 and all(b - a <= 1 for a, b in pairwise(levels))
    assert len(found.ids) == len(set(found.ids))
    places = {link[1:] for link in found.links if link.startswith("#")}
    assert places <= set(found.ids)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_fetches_nothing_and_runs_nothing(pages: dict[str, Path], kind: str) -> None:
    html = pages[kind].read_text(encoding="utf-8")
    assert all(link.startswith(("#", "data:image/")) for link in Page(html).links)
    assert "<script" not in html and "@import" not in html and "<link" not in html
    assert not re.search(r"url\((?!#)", html) and not re.search(r"\son\w+=", html)


@pytest.mark.parametrize("kind", KINDS)
def test_the_twin_holds_the_numbers_of_the_page(pages: dict[str, Path], kind: str) -> None:
    words = Page(pages[kind].read_text(encoding="utf-8")).words
    told = json.loads(pages[kind].with_suffix(".json").read_text(encoding="utf-8"))
    assert len(told["scores"]["headline"]) == 4
    for row in (*told["scores"]["headline"], *told["scores"]["all"]):
        assert number(row["value"]) in words and interval(row) in words
    for checklist in told["checklists"]:
        assert f"{checklist['counts']['open']} left open" in words
    assert told["honesty"]["title"] in words and told["intended_use"]["not_for"] in words


def test_each_kind_has_its_parts(pages: dict[str, Path]) -> None:
    words = {kind: Page(path.read_text(encoding="utf-8")).words for kind, path in pages.items()}
    assert "Confusion matrix" in words["classes"] and "temperature" in words["classes"]
    assert "honest split leaky split gap" in words["classes"]
    assert "Free-response curve" in words["lesions"] and "truth, solid" in words["lesions"]
    assert "true classes" in pages["maps"].read_text("utf-8")
    assert "By fold" in words["folds"] and "Spread over seeds" in words["seeds"]
    assert "Leaky split: these scores are too good" in words["leaky"]


def rendered(sources: Sources, pictures: Pictures) -> str:
    return Page(page(sources, content(sources, Words(), pictures), pictures.groups)).words


def test_what_was_not_measured_is_named_with_what_would_measure_it(classes: Sources) -> None:
    table = classes.cases.table.drop(columns=["p_cyst"])
    bare = replace(
        classes,
        members=(replace(classes.first, history=None, files={}),),
        cases=classes.cases._replace(table=table),
        dataset=None,
        absence="The dataset is on another disk.",
    )
    words = rendered(bare, Pictures({}, bare.absence, ""))
    assert words.count("The dataset is on another disk.") == 2
    assert "The table of cases holds no probabilities." in words
    assert "This recipe trains no network by epochs" in words
    assert "The run did not record versions" in words and "med2d split COPY --leaky" in words


def test_the_audit_and_other_images_have_their_tables(classes: Sources) -> None:
    drop = {"own": 0.9, "other": 0.7, "drop": 0.2, "low": 0.1, "high": 0.3}
    other = {**classes.scores, "drop": {"scores": {"accuracy": drop}}}
    finding = {"severity": "error", "title": "A leak", "advice": "Divide anew."}
    audit = {"passes": False, "verdict": "fails: 1 error", "findings": [finding]}
    words = rendered(
        replace(classes, audit=audit, others={"sites/north": other}),
        Pictures({}, "", "No network."),
    )
    assert "The audit fails: 1 error. " in words and "error A leak Divide anew." in words
    assert "Accuracy 0.900 0.700 0.200 0.100 to 0.300" in words and "sites/north" in words


def test_names_from_the_data_cannot_break_the_page(pages: dict[str, Path]) -> None:
    html = pages["classes"].read_text(encoding="utf-8")
    assert "<b>bold</b>" not in html and "<i>mine</i>" not in html
    assert "Ours & <i>mine</i>" in Page(html).words and "made & <b>bold</b>" in Page(html).words


def luminance(red: float, green: float, blue: float) -> float:
    """As WCAG 2 defines it."""
    parts = [value / 255 for value in (red, green, blue)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_counts_of_a_confusion_matrix_can_be_read() -> None:
    for share in (k / 50 for k in range(51)):
        ground, _, ink = shade(share).partition(";color:")
        red, green, blue = (int(value) for value in re.findall(r"\d+", ground))
        pair = sorted([luminance(red, green, blue), 1.0 if ink == "#fff" else 0.0])
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, share


def chromium() -> str:
    """The browser; a machine of CI must have it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("Chromium is missing; .ci/run installs it")
    return found or pytest.skip("Chromium is not installed")


def dumped(place: Path, folder: Path, *options: str) -> str:
    """The page as the browser holds it once its scripts have run."""
    words = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'home'}")
    files = ("--allow-file-access-from-files", place.as_uri())
    result = subprocess.run(
        [chromium(), *words, *options, *files], capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


MEASURE = """<!DOCTYPE html><title>waiting</title><body>
{frames}<script>onload = () => document.title = [...document.querySelectorAll("iframe")].map(f => {{
  const d = f.contentDocument, e = d.documentElement;
  const out = [...d.querySelectorAll("main *")].filter(x => !x.closest(".scroll, svg, .hidden")
    && x.getBoundingClientRect().right > f.clientWidth + 1);
  return [f.clientWidth, e.scrollWidth, out.length, d.images.length,
    d.querySelectorAll("svg").length, e.scrollHeight].join(" ")
}}).join(";")</script>"""


def test_a_browser_shows_it_without_scrolling_sideways(
    pages: dict[str, Path], tmp_path: Path
) -> None:
    chromium()
    kinds = ("classes", "lesions")
    frames = "".join(
        f'<iframe src="{pages[kind].as_uri()}" style="border:0;width:{width}px;height:900px">'
        "</iframe>"
        for kind in kinds
        for width in (PHONE, DESK)
    )
    (tmp_path / "frames.html").write_text(MEASURE.format(frames=frames))
    picture = tmp_path / "report.png"
    dom = dumped(tmp_path / "frames.html", tmp_path, "--dump-dom", "--virtual-time-budget=5000")
    found = re.search("<title>(.*?)</title>", dom)
    assert found is not None
    measured = [[int(each) for each in part.split()] for part in found[1].split(";")]
    assert [part[0] for part in measured] == [PHONE, DESK] * 2
    for width, widest, beyond, _, drawings, height in measured:
        assert widest <= width and beyond == 0 and drawings >= 4 and height > 3000
    dumped(pages["classes"], tmp_path, f"--screenshot={picture}", f"--window-size={DESK},900")
    assert picture.stat().st_size > 20_000
