"""A model is called best only where the same images show that it is better."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.deployment.best_model import Choice, choose
from pipelines.errors import InputError
from pipelines.evaluation.case_files import CLASSIFICATION, Cases
from pipelines.evaluation.paired_cases import Model

LABELS = ("benign", "malignant")


def model(name: str, wrong: int, images: int = 120, prefix: str = "i") -> Model:
    """Answers to two classes in turn, so many of them wrong, spread over both classes."""
    truth = np.arange(images) % 2
    predicted = truth.copy()
    chosen = np.random.default_rng(wrong).permutation(images)[:wrong]
    predicted[chosen] = 1 - predicted[chosen]
    table = pd.DataFrame(
        {
            "id": [f"{prefix}{number}" for number in range(images)],
            "group": [f"g{number}" for number in range(images)],
            "class": [LABELS[index] for index in truth],
            "predicted": [LABELS[index] for index in predicted],
        }
    )
    cases = Cases(
        table=table,
        task=CLASSIFICATION,
        labels=tuple(LABELS),
        grouped=True,
        named=True,
        leaky=False,
    )
    return Model(name, cases, "d1")


def test_a_clearly_better_one_takes_the_place() -> None:
    choice = choose(model("old", 50), model("new", 5), "3")
    assert choice.is_better and choice.holder == "3"
    text = choice.text("4")
    assert text.startswith("best is now version 4 instead of version 3: balanced_accuracy 0.583")
    assert "120 images in 120 groups" in text


@pytest.mark.parametrize(("before", "after"), [(20, 18), (5, 50), (10, 10)])
def test_without_evidence_the_holder_stays(before: int, after: int) -> None:
    choice = choose(model("old", before), model("new", after), "3")
    assert not choice.is_better
    assert choice.text("4").startswith("best stays version 3: no evidence")


def test_where_less_is_better_the_difference_is_below_0() -> None:
    def likely(base: Model, certainty: float) -> Model:
        right = (base.cases.table["predicted"] == base.cases.table["class"]).to_numpy()
        of_truth = np.where(right, certainty, 1 - certainty)
        is_last = (base.cases.table["class"] == LABELS[1]).to_numpy()
        last = np.where(is_last, of_truth, 1 - of_truth)
        table = base.cases.table.assign(p_benign=1 - last, p_malignant=last)
        return base._replace(cases=base.cases._replace(table=table))

    better, worse = likely(model("new", 5), 0.95), likely(model("old", 50), 0.95)
    assert choose(worse, better, "1", "brier").is_better
    assert not choose(better, worse, "1", "brier").is_better


def test_other_images_are_no_comparison() -> None:
    with pytest.raises(InputError, match=r"best cannot be decided: .*Leave --best out"):
        choose(model("old", 5), model("new", 5, prefix="other"), "1")


def test_the_first_and_the_holder_itself() -> None:
    assert Choice.first().text("1").startswith("best is now version 1: there was none before")
    assert Choice.same("2").text("2") == "best stays version 2: it is of this run already"
