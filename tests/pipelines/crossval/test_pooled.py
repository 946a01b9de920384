from __future__ import annotations

import json
import statistics
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.crossval.pooled import Pooled, mean_answers, pool, pooled_scores
from pipelines.errors import InputError
from pipelines.evaluation.case_files import read_case_files
from pipelines.evaluation.cases import SEGMENTATION_COLUMNS, read_cases, write_cases
from pipelines.evaluation.classification_scores import classification_scores
from pipelines.evaluation.group_intervals import IntervalOptions
from pipelines.evaluation.scores import segmentation_scores
from tests.pipelines.crossval.made_training import answers, leave_scored
from tests.pipelines.evaluation.made_cases import LABELS

FEW = IntervalOptions(resamples=200)
SEEDS, FOLDS = (0, 3), (0, 1)
IMAGES = {name for fold in FOLDS for name in answers(fold, 0)["id"]}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Path]]:
    root = tmp_path_factory.mktemp("runs")
    runs = {seed: [root / f"fold{fold}-seed{seed}" for fold in FOLDS] for seed in SEEDS}
    for seed, each in runs.items():
        for fold, folder in zip(FOLDS, each, strict=True):
            leave_scored(folder, answers(fold, seed))
    return runs


@pytest.fixture(scope="module")
def pooled(folders: dict[int, list[Path]]) -> Pooled:
    return pool(folders, IMAGES, FEW)


def test_the_scores_of_a_seed_are_those_of_its_pooled_cases(pooled: Pooled) -> None:
    for seed in SEEDS:
        table = pd.concat([answers(fold, seed) for fold in FOLDS])
        expected = classification_scores(table, LABELS, resamples=200)
        assert pooled.by_seed[seed]["scores"] == expected["scores"]
        assert pooled.by_seed[seed]["groups"] == 24


@pytest.mark.parametrize(("images", "what"), [({"x"}, "lack 1 of 25"), (set(), "other images")])
def test_tables_of_fewer_or_of_other_images_are_refused(
    folders: dict[int, list[Path]], images: set[str], what: str
) -> None:
    with pytest.raises(InputError, match=what):
        pool(folders, IMAGES | images if images else IMAGES - {min(IMAGES)}, FEW)


def test_answers_that_were_changed_are_refused(tmp_path: Path) -> None:
    runs = [leave_scored(tmp_path / f"fold{fold}", answers(fold, 0)) for fold in FOLDS]
    truth = answers(1, 0)
    truth.assign(predicted=truth["class"]).to_csv(runs[1] / "cases.csv", index=False)
    with pytest.raises(InputError, match=r"fold1/cases\.csv gives .* 1\.0000, but .*scores\.json"):
        pool({0: runs}, IMAGES, FEW)


def test_the_spread_is_over_the_seeds(pooled: Pooled) -> None:
    values = [pooled.by_seed[seed]["scores"]["auroc"]["value"] for seed in SEEDS]
    spread = pooled.spread["scores"]["auroc"]
    assert spread["mean"] == pytest.approx(statistics.fmean(values))
    assert spread["sd"] == pytest.approx(statistics.stdev(values)) and spread["sd"] > 0
    assert (spread["min"], spread["max"], spread["seeds"]) == (min(values), max(values), 2)
    assert set(pooled.spread["by_class"]) == set(LABELS)


def test_the_cases_keep_every_digit_and_tell_fold_and_seed(
    pooled: Pooled, folders: dict[int, list[Path]]
) -> None:
    table = pooled.cases
    assert list(table)[:4] == ["id", "group", "seed", "fold"] and len(table) == 48
    assert table[["seed", "fold"]].drop_duplicates().values.tolist() == [
        *(["0", "0"], ["0", "1"], ["3", "0"], ["3", "1"])
    ]
    raw = pd.read_csv(folders[3][1] / "cases.csv", dtype=str).set_index("id")
    own = table[(table["seed"] == "3") & (table["fold"] == "1")].set_index("id")
    assert own["p_benign"].equals(raw["p_benign"])


def test_seeds_answer_together_by_their_mean(
    pooled: Pooled, folders: dict[int, list[Path]]
) -> None:
    mean = mean_answers([read_case_files(each) for each in folders.values()])
    tables = [pd.concat([answers(f, s) for f in FOLDS]).set_index("id") for s in SEEDS]
    columns = [f"p_{name}" for name in LABELS]
    expected = (tables[0][columns] + tables[1][columns]) / 2
    found = mean.table.set_index("id")
    np.testing.assert_allclose(found[columns].astype(float), expected.loc[found.index])
    best = found[columns].astype(float).idxmax(axis=1).str.removeprefix("p_")
    assert best.equals(found["predicted"].astype(best.dtype))
    assert pooled.together is not None
    right = (found["predicted"] == found["class"]).mean()
    assert pooled.together["scores"]["accuracy"]["value"] == pytest.approx(right)


def test_a_single_seed_has_no_spread(folders: dict[int, list[Path]]) -> None:
    one = pool({0: folders[0]}, IMAGES, FEW)
    assert one.together is None and one.regions is None
    assert one.spread["scores"]["accuracy"]["sd"] is None


def test_an_image_that_two_folds_scored_is_refused(folders: dict[int, list[Path]]) -> None:
    with pytest.raises(InputError, match="both hold the id"):
        pooled_scores([folders[0][0], folders[3][0]], FEW)


def lesions(folder: Path, fold: int) -> Path:
    """A run of a lesion segmentation: an image with a lesion and a normal one."""
    folder.mkdir()
    empty = dict.fromkeys(SEGMENTATION_COLUMNS, 0)
    found = {"dice": 0.8, "iou": 8 / 12, "precision": 0.8, "recall": 0.8, "lesions": 1}
    found |= {"lesion_area": 10, "predicted_area": 10, "tp": 8, "fp": 2, "fn": 2}
    found |= {"predicted_lesions": 1, "found_lesions": 1, "false_positive": None}
    none = dict.fromkeys(("dice", "iou", "precision", "recall"))
    rows = [
        {
            **empty,
            **more,
            "id": f"{name}{fold}",
            "group": f"{name}{fold}",
            "fold": fold,
            "flags": "",
        }
        for name, more in (("a", found), ("b", none))
    ]
    write_cases(folder / "cases.csv", [{**row, "class": "x", "flags": ""} for row in rows])
    scores = segmentation_scores(read_cases(folder / "cases.csv"), resamples=10)
    (folder / "scores.json").write_text(json.dumps(scores))
    header = "id,group,fold,class,flags,presence,area,share,confidence,lesion\n"
    (folder / "regions.csv").write_text(f"{header}a{fold},a{fold},{fold},x,,,9,0.1,0.9,1\n")
    return folder


def test_lesions_have_their_regions_and_froc_but_no_mean_answer(tmp_path: Path) -> None:
    runs = {seed: [lesions(tmp_path / f"{f}-{seed}", f) for f in FOLDS] for seed in SEEDS}
    pooled = pool(runs, {"a0", "a1", "b0", "b1"}, FEW)
    assert pooled.together is None and pooled.regions is not None
    assert pooled.regions[["seed", "fold"]].values.tolist() == [
        *(["0", "0"], ["0", "1"], ["3", "0"], ["3", "1"])
    ]
    assert pooled.by_seed[0]["scores"]["dice"]["value"] == pytest.approx(0.8)
    assert pooled.by_seed[0]["froc"]["scores"]["mean_sensitivity"]["value"] == 1
    assert pooled.spread["froc"]["mean_sensitivity"]["mean"] == 1
