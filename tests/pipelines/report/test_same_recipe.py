from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.report.same_recipe import recipe_differences, same_images
from pipelines.report.sources import Sources


def changed(sources: Sources, **config: Any) -> Sources:
    member = replace(sources.first, config={**sources.first.config, **config})
    return replace(sources, members=(member,))


def test_where_and_by_what_it_was_trained_makes_no_other_recipe(classes: Sources) -> None:
    other = changed(
        classes,
        **{"dataset_dir": "elsewhere", "dataset_digest": "0", "leaky": True, "fold": 2},
        **{"device": "cuda", "num_workers": 4, "output_dir": "there", "weights": "null"},
        **{"epochs": "3", "normalisation": [0.1, 0.2]},
    )
    assert recipe_differences(classes, other) == []


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"epochs": 5}, "epochs 3 and 5"),
        ({"seed": 1}, "seed 0 and 1"),
        ({"head_rate": 0.002}, "head_rate None and 0.002"),
        ({"optimizer": {"_target_": "torch.optim.SGD"}}, "another optimizer"),
        ({"name": "other"}, "name made and other"),
        ({"weights": "w.pt"}, "weights none and dddddddddddd"),
        ({"scorer": {"bundle": "other"}}, "bundle breast_us_classification and other"),
    ],
)
def test_each_setting_that_differs_is_named(
    config: dict[str, Any], line: str, classes: Sources
) -> None:
    assert recipe_differences(classes, changed(classes, **config))[0] == line


def test_a_run_is_no_cross_validation(classes: Sources, folds: Sources) -> None:
    assert "kind run and cross-validation" in recipe_differences(classes, folds)


def test_images_are_compared_by_their_content(
    classes: Sources, lesions: Sources, tmp_path: Path
) -> None:
    assert same_images(classes, lesions) is True  # the same scans, with masks
    assert classes.dataset is not None
    items = [{"sha256": item["sha256"]} for item in classes.dataset.items[1:]]
    (tmp_path / "dataset_items.json").write_text(json.dumps({"dataset_dir": {"training": items}}))
    fewer = replace(classes, members=(replace(classes.first, folder=tmp_path),))
    assert same_images(classes, fewer) is False
    assert same_images(classes, replace(classes, dataset=None)) is None
