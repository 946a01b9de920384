import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from pipelines.errors import InputError
from pipelines.evaluation.case_files import Cases
from pipelines.evaluation.classification_scores import point_scores
from pipelines.evaluation.comparison import EVIDENCE, NO_EVIDENCE, ComparisonOptions, comparison
from pipelines.evaluation.delong import delong_difference
from pipelines.evaluation.paired_cases import Model
from tests.pipelines.evaluation.made_cases import LABELS, classified, outlined
from tests.pipelines.evaluation.made_maps import LABELS as MAP_LABELS
from tests.pipelines.evaluation.made_maps import made_pairs, made_table

FEW = ComparisonOptions(resamples=300)


def model(table: pd.DataFrame, name: str) -> Model:
    task, labels = ("segmentation", ()) if "dice" in table else ("classification", LABELS)
    return Model(name, Cases(task, labels, table, True, True, False), None)


GOOD, BAD = (classified(seed=seed, skill=skill) for seed, skill in ((1, 1.0), (2, 0.1)))


@pytest.fixture(scope="module")
def found() -> dict:
    models = [model(GOOD, "good"), model(BAD, "bad"), model(classified(seed=3, skill=0.1), "too")]
    return comparison(models, FEW._replace(label="malignant"))


def test_every_pair_is_compared_by_every_score(found: dict) -> None:
    assert [(p["first"], p["second"]) for p in found["pairs"]] == [
        ("good", "bad"), ("good", "too"), ("bad", "too")
    ]  # fmt: skip
    before, after = (point_scores(table, LABELS) for table in (GOOD, BAD))
    scores = found["pairs"][0]["scores"]
    assert list(scores) == [
        *("balanced_accuracy", "accuracy", "auroc"),
        *("recall (malignant)", "auroc (malignant)"),
    ]
    for name in ("balanced_accuracy", "accuracy", "auroc"):
        entry = scores[name]
        assert (entry["first"], entry["second"]) == pytest.approx((before[name], after[name]))
        assert entry["difference"] == pytest.approx(after[name] - before[name])
        assert entry["low"] < entry["difference"] < entry["high"]
    json.dumps(found, allow_nan=False)


def test_evidence_is_said_and_its_absence_too(found: dict) -> None:
    far, _, near = (pair["scores"]["accuracy"] for pair in found["pairs"])
    assert (far["verdict"], far["better"]) == (EVIDENCE, "good")
    assert (near["verdict"], near["better"]) == (NO_EVIDENCE, None)


def test_p_values_are_adjusted_over_all_pairs_and_scores(found: dict) -> None:
    entries = [entry for pair in found["pairs"] for entry in pair["scores"].values()]
    smallest = min(entries, key=lambda entry: entry["p"])
    assert smallest["p_holm"] == pytest.approx(15 * smallest["p"])
    assert all(entry["p_holm"] >= entry["p"] for entry in entries)
    tests = [pair["mcnemar"] for pair in found["pairs"]]
    assert min(t["p_holm"] for t in tests) == pytest.approx(3 * min(t["p"] for t in tests))


def test_mcnemar_and_delong_are_those_of_the_tables(found: dict) -> None:
    pair = found["pairs"][0]
    right = [table["class"] == table["predicted"] for table in (GOOD, BAD)]
    only = (int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum()))
    assert (pair["mcnemar"]["only_first_right"], pair["mcnemar"]["only_second_right"]) == only
    assert pair["mcnemar"]["p"] == pytest.approx(binomtest(only[0], sum(only)).pvalue)
    assert list(pair["delong"]) == ["malignant"]
    values = np.stack([table["p_malignant"] for table in (GOOD, BAD)])
    expected = delong_difference(values, GOOD["class"].to_numpy() == "malignant", np.arange(60))
    assert pair["delong"]["malignant"]["difference"] == pytest.approx(expected.difference)
    assert pair["delong"]["malignant"]["p"] == pytest.approx(expected.p)


def test_a_scale_of_probabilities_is_no_difference_of_the_ranking() -> None:
    names = [f"p_{label}" for label in LABELS]
    flat = GOOD.copy()
    flat[names] = flat[names] ** 0.2  # another scale, the same order
    (pair,) = comparison([model(GOOD, "a"), model(flat, "b")], FEW)["pairs"]
    assert pair["scores"]["auroc"]["difference"] == 0 and pair["scores"]["auroc"]["p"] == 1


def test_outlines_have_a_standardised_difference() -> None:
    first, second = outlined(), outlined(seed=1, shift=-0.2)
    content = comparison([model(first, "a"), model(second, "b")], FEW)
    (pair,) = content["pairs"]
    differences = (second["dice"] - first["dice"]).dropna()
    effect = differences.mean() / differences.std()
    assert pair["scores"]["dice"]["standardised_difference"] == pytest.approx(effect)
    assert pair["scores"]["dice"]["better"] == "a" and "mcnemar" not in pair
    assert list(pair["scores"]) == ["dice", "iou"]  # the others need columns that are not there


def test_of_errors_less_is_better() -> None:
    options = FEW._replace(scores=("brier",))
    (pair,) = comparison([model(BAD, "bad"), model(GOOD, "good")], options)["pairs"]
    assert pair["scores"]["brier"]["difference"] < 0 and pair["scores"]["brier"]["better"] == "good"


def test_of_errors_of_a_class_less_is_better() -> None:
    pairs = made_pairs(24)
    held = [(truth.copy(), truth) for _, truth in pairs]  # nothing is wrong
    models = [
        Model(name, Cases("segmentation", MAP_LABELS, made_table(each), True, True, False), None)
        for name, each in (("wrong", pairs), ("right", held))
    ]
    name = "false_positive_rate (necrosis)"
    (pair,) = comparison(models, FEW._replace(scores=(name,), level=0.5))["pairs"]
    entry = pair["scores"][name]
    assert entry["difference"] < 0 and entry["better"] == "right"


def test_means_of_class_maps_need_no_column_of_means() -> None:
    table = pd.DataFrame({"id": list("abcd"), "group": list("abcd"), "dice_nothing": 0.9})
    table = table.assign(dice_fat=[0.2, 0.4, 0.6, 0.8])
    models = [
        Model(name, Cases("segmentation", ("nothing", "fat"), each, True, True, False), None)
        for name, each in (("A", table), ("B", table.assign(dice_fat=[0.3, 0.4, 0.7, 0.9])))
    ]
    (pair,) = comparison(models, FEW)["pairs"]
    assert pair["scores"]["dice"]["difference"] == pytest.approx(0.075)
    assert "standardised_difference" not in pair["scores"]["dice"]


def test_without_a_width_there_is_no_interval_and_each_score_has_its_n() -> None:
    table = outlined(10).assign(predicted_area=0)
    alarms = np.where(table["lesion_area"] > 0, np.nan, 1.0)
    tables = [table.assign(false_positive=alarms * share) for share in (1, 0)]
    options = FEW._replace(scores=("dice", "false_positive_rate"))
    (pair,) = comparison(list(map(model, tables, "ab")), options)["pairs"]
    entry = pair["scores"]["false_positive_rate"]
    assert (entry["difference"], entry["low"], entry["high"]) == (-1, None, None)
    assert (entry["n_first"], entry["n_second"], entry["groups"]) == (2, 2, 2)
    assert entry["unit"] == "normal images" and pair["scores"]["dice"]["n_first"] == 8
    assert pair["scores"]["dice"]["low"] is None  # all resamples differ by nothing
    one = table["lesion_area"].ne(0) | (table.index == 0)
    few = [each[one].reset_index(drop=True) for each in tables]
    (pair,) = comparison(list(map(model, few, "ab")), options)["pairs"]
    assert pair["scores"]["false_positive_rate"]["groups"] == 1


def test_the_calibration_error_has_a_p_value_and_no_interval() -> None:
    options = FEW._replace(scores=("calibration_error", "brier"))
    (pair,) = comparison([model(BAD, "bad"), model(GOOD, "good")], options)["pairs"]
    entry = pair["scores"]["calibration_error"]
    assert entry["difference"] and entry["p"] and (entry["low"], entry["high"]) == (None, None)
    assert pair["scores"]["brier"]["low"] is not None


def test_columns_of_one_table_alone_are_left_out() -> None:
    bare = BAD.drop(columns=["p_benign", "p_malignant", "p_normal"])
    (pair,) = comparison([model(GOOD, "a"), model(bare, "b")], FEW)["pairs"]
    assert list(pair["scores"]) == ["balanced_accuracy", "accuracy"] and pair["delong"] == {}


def test_what_is_not_there_cannot_be_compared() -> None:
    models = [model(GOOD, "a"), model(BAD, "b")]
    with pytest.raises(InputError, match="no score 'dice' that all tables give; there are balanc"):
        comparison(models, FEW._replace(scores=("dice",)))
    with pytest.raises(InputError, match="no class 'cyst'; the classes are benign, malignant"):
        comparison(models, FEW._replace(label="cyst"))


def test_class_maps_are_compared_by_their_means_and_a_class() -> None:
    pairs = made_pairs()
    right = [(truth, truth) for _, truth in pairs]
    models = [
        Model(name, Cases("segmentation", MAP_LABELS, made_table(each), True, True, False), None)
        for name, each in (("right", right), ("noisy", pairs))
    ]
    (pair,) = comparison(models, FEW._replace(label="necrosis"))["pairs"]
    assert list(pair["scores"]) == [
        *("dice", "iou", "false_positive_rate"),
        *("recall (necrosis)", "dice (necrosis)"),
    ]
    assert pair["scores"]["dice"]["first"] == 1
    assert pair["scores"]["dice"]["difference"] < 0
    assert "mcnemar" not in pair
