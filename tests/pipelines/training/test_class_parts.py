"""The classes of a dataset are known by their indices, and each part of a fold has them all."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from pipelines.datasets.dataset import read
from pipelines.errors import InputError
from pipelines.training.class_parts import (
    check_classes,
    check_labels,
    class_labels,
    label_names,
)


def items(fold: int, *classes: str) -> list[dict]:
    return [{"class": name, "fold": fold} for name in classes]


ALL = ("a", "b", "c")


def test_the_labels_stand_in_the_order_of_their_indices(class_dataset: Path) -> None:
    assert class_labels(class_dataset) == ["benign", "malignant", "normal"]
    turned = dict(reversed(read(class_dataset).labels.items()))
    dataset = dataclasses.replace(read(class_dataset), labels=turned)
    assert label_names(dataset) == ["benign", "malignant", "normal"]


def test_a_segmentation_is_refused(busi_dataset: Path) -> None:
    with pytest.raises(InputError, match="for segmentation; this bundle does classification"):
        class_labels(busi_dataset)


@pytest.mark.parametrize("labels", [{"0": "a"}, {"1": "a", "2": "b"}])
def test_labels_that_are_no_classes_are_refused(
    labels: dict[str, str], class_dataset: Path
) -> None:
    with pytest.raises(InputError, match="expected two classes or more, counted 0, 1, 2"):
        label_names(dataclasses.replace(read(class_dataset), labels=labels))


def test_a_class_that_cannot_be_learned_or_validated_is_refused() -> None:
    with pytest.raises(InputError, match=r"folds that train \(2\) is b or c, so that class"):
        check_classes(items(2, "a"), items(1, *ALL), items(0, *ALL), ALL)
    with pytest.raises(InputError, match=r"no image of fold 1 is c; it validates where fold 0 is"):
        check_classes(items(2, *ALL), items(1, "a", "b"), items(0, *ALL), ALL)


def test_a_class_that_is_not_scored_is_told(caplog: pytest.LogCaptureFixture) -> None:
    check_classes(items(2, *ALL), items(1, *ALL), items(0, *ALL), ALL)
    assert not caplog.records
    check_classes(items(2, *ALL), items(1, *ALL), items(0, "b", "c"), ALL)
    assert "no image of fold 0, which is scored, is a" in caplog.text


@pytest.mark.parametrize(
    "labels",
    [["malignant", "benign", "normal"], ["benign", "malignant"], "benign", None],
)
def test_labels_are_those_of_the_dataset_in_its_order(labels: Any, class_dataset: Path) -> None:
    check_labels(["benign", "malignant", "normal"], class_dataset)
    expected = r"labels is .*; expected \['benign', 'malignant', 'normal'\], .* leave --labels out"
    with pytest.raises(InputError, match=expected):
        check_labels(labels, class_dataset)
