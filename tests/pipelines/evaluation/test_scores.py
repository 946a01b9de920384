"""Scores of a table of cases: scikit-learn on pooled pixels, hand-made lesions, edges."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from rich.console import Console
from sklearn.metrics import f1_score, jaccard_score, precision_score, recall_score

from pipelines.evaluation.case_files import read_case_files
from pipelines.evaluation.case_scores import case_scores
from pipelines.evaluation.cases import case_table, write_cases
from pipelines.evaluation.group_intervals import IntervalOptions
from pipelines.evaluation.scores import (
    point_scores,
    scores_table,
    segmentation_scores,
    write_scores,
)
from pipelines.evaluation.segmentation import CaseCounts, case_counts, case_row
from pipelines.evaluation.segmentation_ratios import SCORES, SCORES_BY_MARKS

Masks = list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]


def made_masks(count: int = 24) -> Masks:
    """Return (prediction, truth) pairs of changing size; every third truth is empty."""
    generator = np.random.default_rng(0)
    masks: Masks = []
    for number in range(count):
        shape = tuple(generator.integers(5, 20, 2))
        truth = (generator.random(shape) > 0.8) & (number % 3 > 0)
        masks.append((truth ^ (generator.random(shape) > 0.95 + 0.05 * (number % 2)), truth))
    return masks


def made_cases() -> pd.DataFrame:
    names = ("normal", "benign", "malignant")
    return case_table(
        case_row(
            f"image {number}", f"group {number // 2}", 0, names[number % 3], case_counts(*pair)
        )
        for number, pair in enumerate(made_masks())
    )


def hand_cases() -> pd.DataFrame:
    counts = [
        CaseCounts(tp=4, fp=1, fn=4, tn=12, lesions=2, predicted_lesions=2, found_lesions=1),
        CaseCounts(tp=0, fp=0, fn=5, tn=16, lesions=1, predicted_lesions=0, found_lesions=0),
        CaseCounts(tp=0, fp=0, fn=0, tn=21, lesions=0, predicted_lesions=0, found_lesions=0),
        CaseCounts(tp=0, fp=3, fn=0, tn=18, lesions=0, predicted_lesions=1, found_lesions=0),
    ]
    classes = ("benign", "malignant", "normal", "normal")
    return case_table(
        case_row(name, name, 0, kind, case)
        for name, kind, case in zip("abcd", classes, counts, strict=True)
    )


def test_hand_computed() -> None:
    assert point_scores(hand_cases()) == {
        "dice": 8 / 13 / 2,
        "iou": 4 / 9 / 2,
        "precision": 4 / 5 / 2,
        "recall": 4 / 8 / 2,
        "pixel_precision": 4 / 8,
        "pixel_recall": 4 / 13,
        "pixel_f1": 8 / 21,
        "lesion_precision": 1 / 3,
        "lesion_recall": 1 / 3,
        "lesion_f1": 1 / 3,
        "false_positive_rate": 1 / 2,
    }


def test_n_counts_what_the_unit_says() -> None:
    scores = segmentation_scores(hand_cases(), resamples=50)["scores"]
    counted = {name: (entry["n"], entry["unit"], entry["groups"]) for name, entry in scores.items()}
    assert counted["dice"] == (2, "images", 2)
    assert counted["pixel_f1"] == (4, "images", 4)
    assert counted["lesion_recall"] == (3, "lesions", 2)
    assert counted["lesion_precision"] == (3, "predicted lesions", 2)
    assert counted["lesion_f1"] == (6, "lesions, both masks", 3)
    assert counted["false_positive_rate"] == (2, "normal images", 2)


def test_pooled_pixels_equal_scikit_learn() -> None:
    prediction, truth = (np.concatenate([mask.ravel() for mask in side])
                         for side in zip(*made_masks(), strict=True))  # fmt: skip
    scores = point_scores(made_cases())
    assert scores["pixel_precision"] == pytest.approx(precision_score(truth, prediction))
    assert scores["pixel_recall"] == pytest.approx(recall_score(truth, prediction))
    assert scores["pixel_f1"] == pytest.approx(f1_score(truth, prediction))


def test_image_means_equal_scikit_learn() -> None:
    pairs = [(t.ravel(), p.ravel()) for p, t in made_masks() if t.any()]
    scores = point_scores(made_cases())
    for name, metric in {"dice": f1_score, "iou": jaccard_score, "precision": precision_score,
                         "recall": recall_score}.items():  # fmt: skip
        assert scores[name] == pytest.approx(np.mean([metric(*pair) for pair in pairs]))


def test_point_scores_are_the_values_of_the_full_ones() -> None:
    full = segmentation_scores(made_cases(), resamples=100)["scores"]
    assert point_scores(made_cases()) == {name: entry["value"] for name, entry in full.items()}
    for entry in full.values():
        assert entry["low"] <= entry["value"] <= entry["high"]


def test_order_of_the_cases_never_changes_a_score() -> None:
    cases = made_cases()
    shuffled = cases.sample(frac=1, random_state=1)
    assert point_scores(shuffled) == point_scores(cases)
    assert segmentation_scores(shuffled, resamples=100) == segmentation_scores(cases, resamples=100)


def test_by_class_is_the_score_of_that_class_alone() -> None:
    cases = made_cases()
    by_class = segmentation_scores(cases, resamples=100)["by_class"]
    assert list(by_class) == ["benign", "malignant"]
    alone = point_scores(cases[cases["class"] == "benign"])
    assert by_class["benign"]["dice"]["value"] == alone["dice"]
    assert by_class["benign"]["dice"]["n"] == (cases["class"] == "benign").sum()


def test_without_classes_nothing_stands_by_class() -> None:
    assert segmentation_scores(made_cases().assign(**{"class": ""}), 10)["by_class"] == {}


def test_only_normal_images_leave_most_scores_open() -> None:
    scores = segmentation_scores(hand_cases().iloc[2:3], resamples=10)["scores"]
    assert scores["false_positive_rate"]["value"] == 0
    assert scores["false_positive_rate"]["low"] is None
    for name in set(SCORES) - {"false_positive_rate"}:
        assert (scores[name]["value"], scores[name]["n"], scores[name]["groups"]) == (None, 0, 0)


def test_no_cases_have_no_scores() -> None:
    assert set(point_scores(case_table([])).values()) == {None}
    entries = segmentation_scores(case_table([]), resamples=10)["scores"].values()
    assert {entry["value"] for entry in entries} == {None}


def test_groups_decide_the_interval_and_not_the_value() -> None:
    cases = made_cases()
    single = segmentation_scores(cases.assign(group=cases["id"]), resamples=200)["scores"]["dice"]
    grouped = segmentation_scores(cases, resamples=200)["scores"]["dice"]
    assert single["value"] == pytest.approx(grouped["value"], rel=1e-12)
    assert single["groups"] > grouped["groups"]
    assert single["low"] != grouped["low"]


def test_file_holds_everything_and_no_nan(tmp_path: Path) -> None:
    scores = segmentation_scores(hand_cases().iloc[2:], resamples=10, seed=7)
    given = {"grouping": "patients", "fold": 2, "command": "evaluate", "epoch": 3, "epochs_run": 9}
    write_scores(tmp_path / "scores.json", scores, **given)
    text = (tmp_path / "scores.json").read_text(encoding="utf-8")
    record = json.loads(text)
    assert "NaN" not in text
    assert record == {**scores, **given}
    assert (record["resamples"], record["seed"], record["scores"]["dice"]["value"]) == (10, 7, None)
    assert "counts 0" in record["policy"]
    assert "0.1" in record["policy"]


def test_a_number_that_json_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_scores(tmp_path / "a", {"scores": np.nan}, grouping="", fold=None, command="")
    assert not list(tmp_path.iterdir())


def test_table_for_the_terminal() -> None:
    console = Console(file=StringIO(), width=100)
    console.print(scores_table(segmentation_scores(hand_cases(), resamples=10)))
    text = console.file.getvalue()
    for part in ("95 % interval", "dice (benign)", "0.308", " to ", "2 normal images"):
        assert part in text


def test_scores_of_a_leaky_split_say_so_wherever_they_go(tmp_path: Path) -> None:
    cases = hand_cases()
    assert segmentation_scores(cases, resamples=10)["leaky"] is False
    assert segmentation_scores(cases.drop(columns="leaky"), resamples=10)["leaky"] is False
    scores = segmentation_scores(cases.assign(leaky=[0, 0, 1, 0]), resamples=10)  # pooled with it
    write_scores(tmp_path / "scores.json", scores, grouping="", fold="pooled", command="")
    assert json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))["leaky"] is True
    texts = []
    for each in (scores, {**scores, "leaky": False}):
        console = Console(file=StringIO(), width=100)
        console.print(scores_table(each))
        texts.append(console.file.getvalue())
    assert "leaky split: these scores are too good" in texts[0] and "leaky" not in texts[1]


def test_images_with_and_without_marks_are_scored_apart() -> None:
    cases = hand_cases()
    assert segmentation_scores(cases, resamples=10)["by_marks"] == {}
    marked = cases.assign(flags=["caliper,text", "", "colour", "overlay"])
    parts = segmentation_scores(marked, resamples=10)["by_marks"]
    assert parts["with burnt-in marks"]["dice"]["value"] == pytest.approx(8 / 13)
    assert parts["without"]["dice"]["value"] == 0
    rates = [parts[name]["false_positive_rate"]["value"] for name in parts]
    assert rates == [1, 0]
    text = StringIO()
    Console(file=text, width=100).print(scores_table(segmentation_scores(marked, resamples=10)))
    assert "dice (with burnt-in marks)" in text.getvalue()


@pytest.mark.parametrize("single", [True, False])
def test_the_entries_are_those_of_med2d_score_on_the_cases(tmp_path: Path, single: bool) -> None:
    cases = made_cases().assign(flags=["text", ""] * 12)
    cases = cases.assign(group=cases["id"]) if single else cases
    write_cases(tmp_path / "cases.csv", cases)
    found = case_scores(read_case_files([tmp_path]), IntervalOptions(resamples=100))
    run = segmentation_scores(cases, resamples=100)
    assert (run["scores"], run["by_class"]) == (found["scores"], found["by_class"])
    for name, part in found["by_marks"].items():
        of_marks = {score: part["scores"][score] for score in SCORES_BY_MARKS}
        assert run["by_marks"][name] == of_marks


def test_a_share_of_0_has_an_interval_with_a_width() -> None:
    quiet = pd.concat([hand_cases().iloc[2:3]] * 22).assign(id=range(22), group=range(22))
    entry = segmentation_scores(quiet.astype({"id": str, "group": str}), resamples=50)["scores"]
    rate = entry["false_positive_rate"]
    assert (rate["value"], rate["low"], rate["interval"]) == (0, 0, "wilson")
    assert rate["high"] == pytest.approx(0.149, abs=0.001)
