from pathlib import Path
from typing import Any

import pytest

from pipelines.deployment.checks.forms import (
    check_federated,
    check_label_answers,
    check_label_trains,
)
from tests.pipelines.deployment.checks.made_bundle_folder import bundle_copy, change, found

TRAIN, INFERENCE, METADATA = (f"configs/{n}.json" for n in ("train", "inference", "metadata"))
LOADS_LABEL = {"_target_": "LoadImaged", "keys": ["image", "label"], "allow_missing_keys": True}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return bundle_copy(tmp_path)


def test_the_bundle_has_it_all(bundle: Path) -> None:
    for check in (check_label_answers, check_label_trains, check_federated):
        assert check(found(bundle)).state == "ok"


def test_what_keeps_monai_label_from_answering_is_named(bundle: Path) -> None:
    def spoil(content: dict[str, Any]) -> None:
        del content["postprocessing"], content["device"]
        content["preprocessing"]["transforms"][0] = LOADS_LABEL

    change(bundle, INFERENCE, spoil)
    change(bundle, METADATA, lambda c: c["network_data_format"].update(outputs={"mask": {}}))
    problems = check_label_answers(found(bundle)).problems
    assert problems[:2] == ("device is missing", "postprocessing is missing")
    assert problems[2] == "the first of network_data_format's outputs is mask; expected pred"
    assert problems[3].startswith("preprocessing loads label by LoadImaged")


@pytest.mark.parametrize("keys", [5, ["image", 5]])
def test_odd_keys_of_a_loader_are_named(keys: Any, bundle: Path) -> None:
    def spoil(content: dict[str, Any]) -> None:
        content["preprocessing"]["transforms"][0] = {**LOADS_LABEL, "keys": keys}

    change(bundle, INFERENCE, spoil)
    (problem,) = check_label_answers(found(bundle)).problems
    assert problem.startswith("preprocessing loads 5 by LoadImaged")


def test_what_keeps_others_from_training_is_named(bundle: Path) -> None:
    def spoil(content: dict[str, Any]) -> None:
        content["train"]["handlers"][0] = "@average"
        del content["validate"]["dataset"]["data"], content["validate"]["evaluator"]["network"]

    change(bundle, TRAIN, spoil)
    listed = "train::handlers::0 is '@average'; expected a component written out there"
    label, federated = (
        check(found(bundle)).problems for check in (check_label_trains, check_federated)
    )
    assert label == ("validate::dataset::data is missing", listed)
    assert federated == ("validate::evaluator::network is missing", listed)
    (bundle / "configs" / "evaluate.json").unlink()
    assert "evaluate.json is missing" in check_federated(found(bundle)).problems[-1]
    change(bundle, TRAIN, lambda content: content["train"].update(handlers="@handlers"))
    assert "is no list" in check_label_trains(found(bundle)).problems[-1]


def test_a_bundle_that_only_answers_is_not_asked_to_train(bundle: Path) -> None:
    (bundle / TRAIN).unlink()
    for check in (check_label_trains, check_federated):
        assert check(found(bundle)).unchecked == "it holds no configs/train.json"
    (bundle / INFERENCE).write_text("{")
    assert "cannot be read" in check_label_answers(found(bundle)).problems[0]
