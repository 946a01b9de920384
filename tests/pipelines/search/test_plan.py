from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.search.plan import Pruning, make_plan, search_command
from tests.pipelines.search.conftest import SPACE, MakePlan
from tests.pipelines.training.made_record import recorded_weights

DRAWN = {"learning_rate": 0.01, "epochs": 3, "network_def::head::dropout": 0.3}


def test_a_trial_is_one_variant_of_all_that_differs_from_the_bundle(make: MakePlan) -> None:
    words = ("--image_size", "32", "--fold", "1", "--num_workers", "0")
    variant = make(*words, variants=["frozen"]).variant(DRAWN, "best")
    assert variant["name"] == "best" and variant["image_size"] == 32
    assert variant["learning_rate"] == 0.01 and variant["epochs"] == 3
    assert variant["network_def"]["head"]["dropout"] == 0.3
    assert variant["network_def"]["trained"] == "none"  # of the variant
    assert not {"fold", "num_workers", "variant"} & set(variant)


def test_a_variant_that_is_drawn_stands_below_what_is_drawn_with_it(make: MakePlan) -> None:
    space = {**SPACE, "variant": {"choices": ["frozen", None]}}
    plan = make(space=space)
    drawn = plan.variant({**DRAWN, "variant": "frozen"}, "best")
    assert drawn["network_def"]["trained"] == "none" and drawn["epochs"] == 3
    without = plan.variant({**DRAWN, "variant": "null"}, "best")
    assert without["network_def::head::dropout"] == 0.3 and "network_def" not in without


def test_what_the_trials_have_in_common_is_plain(make: MakePlan) -> None:
    origin = make("--num_workers", "3", "--image_size", "32").origin
    assert json.loads(json.dumps(origin)) == origin
    assert origin["overrides"] == {"image_size": 32}
    assert origin["metric"] == "val_balanced_accuracy" and origin["bundle"]
    space = {**SPACE, "variant": {"choices": ["frozen", "focal"]}}
    digests = {make(space=each).origin["configuration"] for each in (space, SPACE)}
    assert len(digests) == 2 and len(origin["configuration"]) == 64


def test_weights_that_have_seen_the_held_out_fold_are_refused(
    make: MakePlan, class_dataset: Path, tmp_path: Path
) -> None:
    model = recorded_weights(tmp_path / "first", class_dataset, fold=0)
    make("--weights", str(model), "--fold", "0")
    with pytest.raises(InputError, match="of the 6 images of fold 1 "):
        make("--weights", str(model), "--fold", "1")


@pytest.mark.parametrize("fold", ["abc", "9", "-1", "0.5"])
def test_a_fold_that_the_dataset_does_not_have_is_refused(make: MakePlan, fold: str) -> None:
    with pytest.raises(InputError, match=rf"^fold {fold} does not exist; .*0 to"):
        make("--fold", fold)


def test_the_command_can_be_typed_again_and_tells_no_password(make: MakePlan) -> None:
    plan = make("--image_size", "32", seed=3, storage="mysql://me@h/db", study="s")
    words = shlex.split(search_command(plan))
    start = ["med2d", "search", plan.bundle, "--dataset_dir", plan.dataset_dir]
    assert words == [
        *(*start, "--space", str(plan.space_file), "--trials", "4", "--seed", "3"),
        *("--storage", "mysql://me@h/db", "--study", "s", "--no-prune"),
        *("-o", str(plan.folder), "--image_size", "32"),
    ]
    usual = search_command(make(pruning=Pruning(warmup=2)))
    hidden = make(storage="mysql://me:pw@h/db")  # from the variable, which stays as it is
    assert "storage" not in search_command(hidden) and "pw" not in search_command(hidden)
    assert "--warmup 2 -o" in usual and "--storage" not in usual and "--study" not in usual


def test_the_folder_and_the_study_are_named_after_bundle_and_recipe(make: MakePlan) -> None:
    plan = make(variants=["frozen"], folder=None)
    assert plan.folder == Path("runs/breast_us_classification/search-frozen")
    assert plan.study == "breast_us_classification-frozen"
    assert plan.storage == f"sqlite:///{plan.folder}/search.db"


def test_the_seed_is_not_given_to_a_training_apart(make: MakePlan) -> None:
    with pytest.raises(InputError, match="--seed is set for every run by itself"):
        make("--seed", "3")


def test_a_space_that_is_missing_is_named(class_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no\.json cannot be read"):
        make_plan("breast_us_classification", str(class_dataset), tmp_path / "no.json", 3)
