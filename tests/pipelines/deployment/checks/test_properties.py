from pathlib import Path
from typing import Any

import pytest
from monai.bundle import ConfigParser
from monai.bundle.properties import TrainProperties

from pipelines.deployment.checks.properties import check_properties, property_problems
from tests.pipelines.deployment.checks.made_bundle_folder import bundle_copy, change, found


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return bundle_copy(tmp_path)


def verdicts(bundle: Path) -> dict[str, tuple[str, ...]]:
    return {each.check: each.problems for each in check_properties(found(bundle))}


def test_every_id_that_is_missing_is_named(bundle: Path) -> None:
    assert set(verdicts(bundle).values()) == {()}

    def spoil(content: dict[str, Any]) -> None:
        del (
            content["device"],
            content["train"]["inferer"],
            content["train"]["trainer"]["max_epochs"],
        )

    change(bundle, "configs/train.json", spoil)
    change(bundle, "configs/inference.json", lambda content: content.pop("inferer"))
    found_problems = verdicts(bundle)
    trains = found_problems["property ids of train.json"]
    assert [each.partition(" is missing")[0] for each in trains] == [
        "device",
        "train::trainer::max_epochs",
        "train::inferer",
    ]
    assert len(found_problems["property ids of train.json with evaluate.json"]) == 3
    (answers,) = found_problems["property ids of inference.json"]
    assert answers.startswith("inferer is missing: MONAI Inferer object")


def test_what_refers_to_an_optional_part_must_refer_to_its_id(bundle: Path) -> None:
    def spoil(content: dict[str, Any]) -> None:
        content["train"]["trainer"]["train_handlers"] = "@handlers"
        content["validate"]["evaluator"]["val_handlers"] = []
        del content["validate"]["key_metric"]
        handlers = content["train"]["handlers"]
        (place,) = (n for n, h in enumerate(handlers) if h["_target_"] == "ValidationHandler")
        handlers[place]["interval"] = "@every"

    change(bundle, "configs/train.json", spoil)
    assert set(verdicts(bundle)["property ids of train.json"]) == {
        "train::trainer::train_handlers is @handlers; expected @train::handlers, where programs "
        "look for it",
        "validate::evaluator::val_handlers is written out there; expected @validate::handlers, "
        "where programs look for it",
        "validate::key_metric is missing; validate::evaluator::key_val_metric refers to it",
        "interval of ValidationHandler is @every; expected @val_interval, where programs look for "
        "it",
    }


def test_an_optional_part_may_be_left_out() -> None:
    content: dict[str, Any] = {"bundle_root": "", "device": "", "dataset_dir": ""}
    content["train"] = {"trainer": {"max_epochs": 1}, "dataset": {}, "inferer": {}}
    assert property_problems(ConfigParser(content), TrainProperties) == []


def test_a_file_that_is_missing_or_broken_is_told(bundle: Path) -> None:
    (bundle / "configs" / "evaluate.json").unlink()
    (bundle / "configs" / "inference.json").write_text("{")
    _, evaluates, _, answers = check_properties(found(bundle))
    assert evaluates.unchecked == "it holds no configs/evaluate.json"
    assert "cannot be read" in answers.problems[0]
