import json

import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.evaluation.case_files import Cases
from pipelines.evaluation.case_scores import (
    Target,
    case_scores,
    operating_point,
    shared_images,
)
from pipelines.evaluation.class_map_scores import class_map_scores
from pipelines.evaluation.classification_scores import classification_scores
from pipelines.evaluation.group_intervals import IntervalOptions
from tests.pipelines.evaluation.made_cases import LABELS, classified, outlined
from tests.pipelines.evaluation.made_maps import LABELS as MAP_LABELS
from tests.pipelines.evaluation.made_maps import made_pairs, made_table

FEW = IntervalOptions(resamples=100)
MARKED = classified().assign(flags=["text" if k % 3 == 0 else "" for k in range(60)])
CASES = Cases("classification", LABELS, MARKED, True, True, False)


def test_everything_is_said_of_the_cases_and_of_their_parts() -> None:
    found = case_scores(CASES, FEW, by=["flags", "p_benign"], bins=3)
    run = classification_scores(MARKED, LABELS, resamples=10)
    values = {name: entry["value"] for name, entry in found["scores"].items()}
    assert values == pytest.approx({name: e["value"] for name, e in run["scores"].items()})
    assert set(found["by_class"]) == set(LABELS) and found["confusion"] == run["confusion"]
    assert (found["images"], found["groups"], found["leaky"]) == (60, 60, False)
    assert {name: part["images"] for name, part in found["by_marks"].items()} == {
        "with burnt-in marks": 20,
        "without": 40,
    }
    assert found["by_marks"]["without"] == found["by"]["flags"]["(none)"]
    assert [part["images"] for part in found["by"]["p_benign"].values()] == [20, 20, 20]
    json.dumps(found, allow_nan=False)


def test_a_part_is_scored_as_if_it_were_alone() -> None:
    part = case_scores(CASES, FEW)["by_marks"]["without"]
    alone = case_scores(CASES._replace(table=MARKED[MARKED["flags"] == ""]), FEW)
    assert {key: alone[key] for key in part} == part


def test_segmentations_have_no_confusion_matrix() -> None:
    found = case_scores(Cases("segmentation", (), outlined(), True, True, True), FEW)
    assert "confusion" not in found and found["leaky"] and found["by_marks"] == {}
    assert found["scores"]["dice"]["value"] == pytest.approx(outlined()["dice"].mean())
    assert set(found["by_class"]) == {"benign", "malignant"}


def test_class_maps_have_the_scores_of_their_run() -> None:
    table = made_table(made_pairs())
    for cases in (table, table.assign(group=table["id"])):
        found = case_scores(Cases("segmentation", MAP_LABELS, cases, True, True, False), FEW)
        run = class_map_scores(cases, MAP_LABELS, resamples=FEW.resamples)
        for name in ("scores", "by_class", "confusion", "policy"):
            assert found[name] == run[name]


def test_a_threshold_is_chosen_on_one_table_and_applied_to_another() -> None:
    other = classified(seed=5)
    chosen_on = CASES._replace(table=other.assign(id="v" + other["id"], group="v" + other["group"]))
    found = operating_point(CASES, chosen_on, Target("sensitivity", 0.9, "malignant"), FEW)
    ill = other["class"] == "malignant"
    assert (other.loc[ill, "p_malignant"] >= found["threshold"]).mean() >= 0.9
    assert found["reached"]["sensitivity"] >= 0.9 and found["reached"]["images"] == 60
    called, ill = MARKED["p_malignant"] >= found["threshold"], MARKED["class"] == "malignant"
    assert found["scores"]["sensitivity"]["value"] == called[ill].mean()
    assert found["scores"]["ppv"]["value"] == ill[called].mean()
    assert found["scores"]["npv"]["interval"] == "wilson" and not found["optimistic"]
    same = operating_point(CASES, CASES, Target("specificity", 0.9, "malignant"), FEW)
    assert same["optimistic"] and same["scores"]["specificity"]["value"] >= 0.9


def test_images_and_groups_on_both_sides_are_found() -> None:
    other = classified(seed=5).assign(id=[f"v{k}" for k in range(60)])
    assert "60 group(s) that are scored, such as 'g000'" in str(
        shared_images(CASES, CASES._replace(table=other))
    )
    ungrouped = CASES._replace(table=other, grouped=False)
    apart = CASES._replace(table=other.assign(group=other["id"]))
    assert shared_images(CASES, ungrouped) is None and shared_images(CASES, apart) is None
    assert "60 image(s)" in str(shared_images(CASES, CASES))
    for pair in ((CASES, apart._replace(named=False)), (CASES._replace(named=False), apart)):
        assert "nobody can tell" in str(shared_images(*pair))
        assert operating_point(*pair, Target("sensitivity", 0.9, "malignant"), FEW)["optimistic"]


def test_the_policy_says_whose_word_the_predicted_class_is() -> None:
    highest = "The predicted class is the one of the highest probability."
    assert highest in case_scores(CASES, FEW)["policy"]
    table = MARKED.assign(predicted=MARKED["predicted"].replace("normal", "benign"))
    others = int((MARKED["predicted"] == "normal").sum())
    text = case_scores(CASES._replace(table=table), FEW)["policy"]
    assert highest not in text and "AUROC and average precision are one class" in text
    assert f"column predicted; in {others} of 60 images another has a higher probability" in text
    bare = CASES._replace(table=MARKED.drop(columns=["p_benign", "p_malignant", "p_normal"]))
    assert case_scores(bare, FEW)["policy"].startswith("The predicted class is that of the column")


def test_what_has_no_operating_point_is_refused() -> None:
    with pytest.raises(InputError, match="no class 'cyst' to choose a threshold for; the classes"):
        operating_point(CASES, CASES, Target("sensitivity", 0.9, "cyst"), FEW)
    bare = CASES._replace(table=MARKED.drop(columns=["p_malignant"]))
    with pytest.raises(InputError, match="no column p_malignant"):
        operating_point(bare, CASES, Target("sensitivity", 0.9, "malignant"), FEW)
    healthy = CASES._replace(table=MARKED[MARKED["class"] != "malignant"])
    with pytest.raises(InputError, match="--sensitivity for malignant: no case to measure"):
        operating_point(CASES, healthy, Target("sensitivity", 0.9, "malignant"), FEW)


def test_the_order_of_the_cases_changes_nothing() -> None:
    mixed = MARKED.iloc[np.random.default_rng(0).permutation(60)].sort_values("id")
    assert case_scores(CASES._replace(table=mixed), FEW) == case_scores(CASES, FEW)
