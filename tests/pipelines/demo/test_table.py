"""The table holds every answer, and what is not known is empty."""

from __future__ import annotations

import io

import pandas as pd

from pipelines.demo.reply import Reply
from pipelines.demo.table import csv_text
from pipelines.deployment.app.class_threshold import ClassThreshold


def read(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def test_classes() -> None:
    replies = [
        Reply("a, b.png", answer="benign", probabilities={"benign": 0.7, "normal": 0.3},
              unlikeness=0.5),
        Reply("c.txt", problem="c.txt is no picture"),
        Reply("d.png", answer="normal", probabilities={"benign": 0.1, "normal": 0.9},
              unlikeness=1.5),
    ]  # fmt: skip
    table = read(csv_text(replies, "calibrated (temperature 1.20)"))
    assert list(table) == [
        *("image", "problem", "answer", "p_benign", "p_normal", "probabilities", "unlikeness"),
        "unlike_training_images",
    ]
    assert table["image"].tolist() == ["a, b.png", "c.txt", "d.png"]
    assert table["p_benign"].tolist() == ["0.7", "", "0.1"]
    assert table["probabilities"].tolist() == [
        "calibrated (temperature 1.20)", "", "calibrated (temperature 1.20)",
    ]  # fmt: skip
    assert table["unlike_training_images"].tolist() == ["no", "", "yes"]


def test_an_operating_point_calls_a_class() -> None:
    shares = [{"benign": 0.8, "malignant": 0.2}, {"benign": 0.9, "malignant": 0.1}, {}]
    replies = [Reply(str(number), probabilities=each) for number, each in enumerate(shares)]
    table = read(csv_text(replies, "", ClassThreshold("malignant", 1, 0.15)))
    assert table["called_malignant"].tolist() == ["yes", "no", ""]


def test_masks() -> None:
    replies = [
        Reply("a", answer="tumour found", areas={"tumour": 0.125}, regions={"tumour": 2}),
        Reply("b", answer="no tumour found", areas={"tumour": 0.0}, regions={"tumour": 0}),
    ]
    table = read(csv_text(replies, "not calibrated"))
    assert table["area_tumour"].tolist() == ["0.125", "0.0"]
    assert table["regions_tumour"].tolist() == ["2", "0"]
    assert table["unlikeness"].tolist() == ["", ""]


def test_a_name_is_no_formula() -> None:
    names = ["=1+1.png", "+a.png", "-a.png", "@a.png", "a=b.png"]
    table = read(csv_text([Reply(name, problem=f"{name} is bad") for name in names], ""))
    assert table["image"].tolist() == ["'=1+1.png", "'+a.png", "'-a.png", "'@a.png", "a=b.png"]
    assert table["problem"].tolist()[0] == "'=1+1.png is bad"
