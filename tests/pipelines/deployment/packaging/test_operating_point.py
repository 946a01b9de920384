"""The validation fold chooses, and what does not fit the task is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.datasets.dataset import Dataset
from pipelines.deployment.array_answerer import ArrayAnswerer
from pipelines.deployment.packaging.operating_point import (
    GATE,
    KIND,
    THRESHOLDS,
    Wanted,
    _midway,
    operating_point,
)
from pipelines.deployment.packaging.packaged_run import PackagedRun, packaged_run
from pipelines.errors import InputError
from pipelines.evaluation.operating_point import chosen_threshold
from tests.pipelines.deployment.packaging import made_answering_run
from tests.pipelines.report import made_run
from transforms.upright_reader import UprightReader


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("points")


@pytest.fixture(scope="module")
def classes(folder: Path) -> PackagedRun:
    dataset = made_run.made_dataset(folder / "classes", "classification")
    return packaged_run(made_answering_run.classification(folder / "class_run", dataset))


@pytest.fixture(scope="module")
def masks(folder: Path) -> PackagedRun:
    dataset = made_run.made_dataset(folder / "lesions", "segmentation")
    return packaged_run(made_answering_run.segmentation(folder / "mask_run", dataset))


def of_validation(dataset: Dataset, run: PackagedRun, place: int) -> tuple[Any, Any]:
    """Probabilities of a class, and whether each image is of it, on fold 1."""
    answerer, reader = ArrayAnswerer(run.folder), UprightReader("grey")
    items = [item for item in dataset.items if item["fold"] == 1]
    pictures = [reader.get_data(Path(dataset.resolved(item)["image"]))[0] for item in items]
    values = np.array([answerer.answer(picture).probabilities[place] for picture in pictures])
    return values, np.array([item["label"] == place for item in items])


def test_a_threshold_reaches_its_target_on_the_validation_fold(classes: PackagedRun) -> None:
    point = operating_point(classes, Wanted(sensitivity=1.0, label="tumour"))
    assert point is not None and classes.sources.dataset is not None
    values, positive = of_validation(classes.sources.dataset, classes, 1)
    lowest = values[positive].min()
    below = values[values < lowest]
    expected = (lowest + below.max()) / 2 if below.size else lowest / 2
    assert point["threshold"] == pytest.approx(float(expected))
    assert point["chosen_on"] == "the validation fold" and point["runs"][0]["sensitivity"] == 1
    cases = classes.sources.cases.table
    called = cases["p_tumour"] >= point["threshold"]
    assert point["scores"]["sensitivity"]["value"] == pytest.approx(
        called[cases["class"] == "tumour"].mean()
    )
    assert {"low", "high", "n"} <= set(point["scores"]["specificity"])


def test_the_most_probable_class_is_a_choice_of_its_own(classes: PackagedRun) -> None:
    assert operating_point(classes, Wanted()) is None
    assert operating_point(classes, Wanted(most_probable=True)) == {KIND: "most probable class"}


def test_the_threshold_of_pixels_is_that_of_the_best_dice(masks: PackagedRun) -> None:
    assert operating_point(masks, Wanted()) is None
    point = operating_point(masks, Wanted(best_dice=True))
    assert point is not None and point["threshold"] in THRESHOLDS
    dataset = masks.sources.dataset
    assert dataset is not None
    answerer, grey, indices = (
        ArrayAnswerer(masks.folder),
        UprightReader("grey"),
        UprightReader("indices"),
    )
    dices = []
    for item in (each for each in dataset.items if each["fold"] == 1):
        full = dataset.resolved(item)
        truth = indices.get_data(Path(full["label"]))[0] > 0
        if truth.any():
            drawn = answerer.answer(grey.get_data(Path(full["image"]))[0]).probabilities[0]
            sums = [
                ((drawn >= t) & truth).sum() * 2 / ((drawn >= t).sum() + truth.sum())
                for t in THRESHOLDS
            ]
            dices.append(sums)
    assert point["runs"][0]["dice"] == pytest.approx(np.mean(dices, axis=0).max())


def test_the_gate_of_a_training_is_its_operating_point(masks: PackagedRun) -> None:
    member = masks.sources.first
    gate = {"gate": 0.4, "least_share": 0.001, "sensitivity": 0.9, "lesions": 12}
    files = {**member.files, "operating_point": gate}
    sources = masks.sources.__class__(
        **{
            **masks.sources.__dict__,
            "members": (member.__class__(**{**member.__dict__, "files": files}),),
        }
    )
    run = masks._replace(sources=sources)
    point = operating_point(run, Wanted())
    assert point is not None and point[KIND] == GATE and point["runs"][0]["gate"] == 0.4
    with pytest.raises(InputError, match="--best-dice: the model has the gate"):
        operating_point(run, Wanted(best_dice=True))


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(sensitivity=0.9), "needs --class"),
        (Wanted(label="tumour"), "needs --class, and --class one of them"),
        (Wanted(sensitivity=0.9, specificity=0.9, label="tumour"), "are given; a package has one"),
        (Wanted(sensitivity=0.9, label="x"), "--class x: the classes are cyst, tumour"),
        (Wanted(best_dice=True), "--best-dice is of masks"),
    ],
)
def test_what_does_not_fit_classes_is_refused(
    classes: PackagedRun, wanted: Wanted, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        operating_point(classes, wanted)


def test_what_does_not_fit_masks_is_refused(masks: PackagedRun) -> None:
    with pytest.raises(InputError, match="draws masks; expected --best-dice, not --most-probable"):
        operating_point(masks, Wanted(most_probable=True))


def test_a_choice_needs_the_dataset(classes: PackagedRun) -> None:
    gone = {**classes.sources.__dict__, "dataset": None, "absence": "The dataset is not at hand."}
    run = classes._replace(sources=classes.sources.__class__(**gone))
    with pytest.raises(InputError, match="validation fold, and The dataset is not at hand"):
        operating_point(run, Wanted(sensitivity=0.9, label="tumour"))


@pytest.mark.parametrize(
    ("values", "positive", "wanted"),
    [
        ([0.93, 0.9, 0.5, 0.1], [0, 1, 0, 0], "specificity"),
        ([0.93, 0.9, 0.5, 0.1], [0, 1, 0, 0], "sensitivity"),
        ([0.5, np.nextafter(0.5, 1)], [0, 1], "specificity"),
        ([1.0, 1.0, 0.5], [0, 1, 0], "sensitivity"),
    ],
)
def test_a_threshold_between_probabilities_calls_the_same(
    values: list[float], positive: list[int], wanted: str
) -> None:
    probabilities, kind = np.float32(values).astype(float), np.array(positive, dtype=bool)
    if values[0] == 0.5:
        probabilities = np.array(values)
    chosen = chosen_threshold(probabilities, kind, wanted, 1.0)
    between = _midway(chosen, probabilities)
    np.testing.assert_array_equal(probabilities >= between, probabilities >= chosen)
    assert 0 < between <= 1


@pytest.mark.parametrize(
    ("values", "wanted", "told"),
    [([1.0, 0.5], "specificity", "above 1 reaches"), ([0.5, 0.0], "sensitivity", "of 0 reaches")],
)
def test_what_no_threshold_between_0_and_1_reaches_is_refused(
    values: list[float], wanted: str, told: str
) -> None:
    probabilities, kind = np.array(values), np.array([False, True])
    with pytest.raises(ValueError, match=told):
        _midway(chosen_threshold(probabilities, kind, wanted, 1.0), probabilities)
