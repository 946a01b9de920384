from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pipelines.report.content import Pictures, Words, content
from pipelines.report.figures import figures
from pipelines.report.sources import Sources


@pytest.fixture(scope="module")
def drawn(classes: Sources) -> dict[str, dict[str, str]]:
    return figures(classes, content(classes, Words(), Pictures({}, "", "")))


def test_a_classification_has_curves_and_calibration_before_and_after(
    drawn: dict[str, dict[str, str]], classes: Sources
) -> None:
    assert list(drawn) == [
        *("roc", "precision_recall", "reliability_before", "reliability"),
        *("curve_loss", "curve_accuracy"),
    ]
    area = classes.scores["by_class"]["cyst"]["auroc"]["value"]
    assert f"cyst {area:.3f}" in drawn["roc"]["alt"]
    assert "In the last epoch: training 0.333, validation 0.667" in drawn["curve_loss"]["alt"]


def test_the_elements_share_no_id_and_fetch_nothing(drawn: dict[str, dict[str, str]]) -> None:
    text = "".join(each["svg"] for each in drawn.values())
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids)) and set(re.findall(r"#([\w-]+)\)", text)) <= set(ids)
    assert "<text" in text and not re.search(r'(href|src)="http', text)


def test_lesions_have_a_free_response_curve(lesions: Sources) -> None:
    found = figures(lesions, content(lesions, Words(), Pictures({}, "", "")))
    assert "froc" in found and "operating point finds" in found["froc"]["alt"]


def test_what_is_not_there_is_not_drawn(classes: Sources) -> None:
    table = classes.cases.table.drop(columns=["p_cyst"])
    bare = replace(classes, cases=classes.cases._replace(table=table))
    member = replace(classes.first, history=None)
    found = content(classes, Words(), Pictures({}, "", ""))
    assert figures(replace(bare, members=(member,)), found) == {}
