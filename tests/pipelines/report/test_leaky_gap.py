from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.report.leaky_gap import leaky_gap
from pipelines.report.sources import Sources, read_sources


def test_the_gap_of_the_same_images_has_an_interval(made: Path, classes: Sources) -> None:
    leaky = read_sources(made / "leaky", "leaky")
    found = leaky_gap(classes, leaky)
    accuracy = next(e for e in found["scores"] if e["honest"]["score"] == "accuracy")
    values = [each.scores["scores"]["accuracy"]["value"] for each in (classes, leaky)]
    assert found["same_images"] and accuracy["gap"] == pytest.approx(values[1] - values[0])
    assert accuracy["low"] <= accuracy["gap"] <= accuracy["high"]


def test_of_other_images_it_has_none(made: Path, classes: Sources) -> None:
    leaky = read_sources(made / "leaky", "leaky")
    fewer = leaky.cases._replace(table=leaky.cases.table.iloc[1:])
    found = leaky_gap(classes, replace(leaky, cases=fewer))
    assert not found["same_images"] and found["scores"][0]["low"] is None


def test_runs_that_do_not_fit_are_refused(made: Path, classes: Sources, lesions: Sources) -> None:
    leaky = read_sources(made / "leaky", "leaky")
    with pytest.raises(InputError, match="classes is not of a leaky split"):
        leaky_gap(lesions, classes)
    with pytest.raises(InputError, match="give the honest run first"):
        leaky_gap(leaky, leaky)
    with pytest.raises(InputError, match="expected the same recipe"):
        leaky_gap(lesions, leaky)


def test_other_settings_and_other_images_are_no_gap(made: Path, classes: Sources) -> None:
    leaky = read_sources(made / "leaky", "leaky")
    config = {**leaky.first.config, "epochs": 5, "seed": 1}
    other = replace(leaky, members=(replace(leaky.first, config=config),))
    with pytest.raises(InputError, match="more than the split: epochs 3 and 5; seed 0 and 1; exp"):
        leaky_gap(classes, other)
    assert leaky.dataset is not None
    fewer = replace(leaky, dataset=replace(leaky.dataset, items=leaky.dataset.items[1:]))
    with pytest.raises(InputError, match="are not the same: divide a copy of the same dataset"):
        leaky_gap(classes, fewer)
    with pytest.raises(InputError, match="are not recorded, and the dataset is not at hand"):
        leaky_gap(classes, replace(leaky, dataset=None))


def test_a_gap_that_is_the_same_in_all_resamples_has_no_interval(
    made: Path, classes: Sources
) -> None:
    leaky = read_sources(made / "leaky", "leaky")
    table = classes.cases.table
    right = table.assign(predicted=table["class"])
    cases = [each.cases._replace(table=right) for each in (classes, leaky)]
    found = leaky_gap(replace(classes, cases=cases[0]), replace(leaky, cases=cases[1]))
    accuracy = next(e for e in found["scores"] if e["honest"]["score"] == "accuracy")
    assert found["same_images"] and accuracy["low"] is None is accuracy["high"]
