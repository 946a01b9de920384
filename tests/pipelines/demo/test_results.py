"""The answers as HTML: escaped, complete, and in need of no other file."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import numpy as np
import pytest

from pipelines.demo.model import Model
from pipelines.demo.reply import Reply, replied
from pipelines.demo.results import results
from pipelines.deployment.app.class_threshold import ClassThreshold
from tests.pipelines.demo.conftest import noise


def text_of(html: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", html).split())


def test_one_answer_needs_no_table(classifier: Model) -> None:
    reply = replied(classifier, noise(3), "a.png")
    html = results(classifier, [reply])
    assert "<table" not in html and "Download" not in html
    text = text_of(html)
    assert "a.png 60 \u00d7 40 pixels" in text and reply.answer.capitalize() in text
    for name, share in reply.probabilities.items():
        assert f"{name} {100 * share:.1f} %" in text
    assert "Calibrated probabilities (temperature 1.50" in text
    assert "The picture looks like the training images." in text
    assert not re.search(r"(?:src|href)=.(?!data:)", html)


def test_several_have_a_table_to_download(classifier: Model) -> None:
    white = replied(classifier, np.full((40, 60), 250, np.uint8), "white.png")
    replies = [replied(classifier, noise(3), "a.png"), Reply("b.txt", problem="no picture"), white]
    html = results(classifier, replies)
    text = text_of(html)
    assert "3 answers Download as CSV" in text and "b.txt not answered: see below" in text
    assert "b.txt is not answered no picture" in text
    assert "Unlike the training images. Its distance" in text and "what 98 % of such" in text
    (uri,) = re.findall(r'download="med2d_answers.csv" href="([^"]*)"', html)
    rows = base64.b64decode(uri.partition(",")[2]).decode().splitlines()
    assert [row.partition(",")[0] for row in rows] == ["image", "a.png", "b.txt", "white.png"]


@pytest.mark.parametrize(("threshold", "words"), [(0.01, "this one normal"), (0.99, "one not nor")])
def test_an_operating_point_is_told(threshold: float, words: str, classifier: Model) -> None:
    model = replace(classifier, operating_point=ClassThreshold("normal", 2, threshold))
    text = text_of(results(model, [replied(model, noise(3), "a.png")]))
    assert f"calls an image normal from {100 * threshold:.1f} %" in text and words in text


def test_of_many_answers_the_table_tells_the_operating_point(classifier: Model) -> None:
    replies = [replied(classifier, noise(3), "a.png"), Reply("b.txt", problem="no picture")]
    assert "called" not in text_of(results(classifier, replies))
    for threshold, word in ((1e-6, "yes"), (1.0, "no")):
        model = replace(classifier, operating_point=ClassThreshold("normal", 2, threshold))
        html = results(model, replies)
        assert "<th>called normal</th>" in html and f"<td>{word}</td>" in html
        assert '<td colspan="4">not answered' in html


def test_names_of_files_are_escaped(classifier: Model) -> None:
    html = results(classifier, [Reply("<img src=x onerror=alert(1)>", problem="<b>bad</b>")] * 2)
    assert "<img" not in html and "<b>bad" not in html


def test_of_an_empty_mask_no_proof_is_claimed(outliner: Model) -> None:
    reply = Reply(
        "a", answer="no tumour found", found=False, areas={"tumour": 0.0},
        probabilities={"tumour": 0.9999}, views=replied(outliner, noise(1), "a").views,
    )  # fmt: skip
    text = text_of(results(outliner, [reply]))
    assert "No tumour found tumour present &gt; 99.9 %" in text
    assert "The mask is empty" in text and "not calibrated" in text
    assert "There is no warning of unlike images:" in text


def test_what_is_not_shown_is_told(classifier: Model) -> None:
    replies = [replied(classifier, noise(seed), str(seed), seed == 0) for seed in (0, 1)]
    assert "The other answers stand in the table alone." in results(classifier, replies)
