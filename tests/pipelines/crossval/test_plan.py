from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from pipelines.bundles import bundle_root
from pipelines.crossval.plan import (
    crossval_command,
    make_plan,
    training_command,
)
from pipelines.errors import InputError
from tests.pipelines.crossval.conftest import MakePlan
from tests.pipelines.training.made_record import recorded_weights


def test_there_is_a_run_for_each_fold_and_seed(make: MakePlan) -> None:
    plan = make(seeds="2")
    names = ["fold0-seed0", "fold1-seed0", "fold0-seed1", "fold1-seed1"]
    assert [member.name for member in plan.members] == names
    assert not plan.is_whole and make(folds=None).is_whole


def test_the_folder_is_named_after_bundle_and_recipe(make: MakePlan) -> None:
    plan = make(variants=["frozen"], folder=None)
    assert plan.folder == Path("runs/breast_us_classification/crossval-frozen")
    assert plan.variants == ["frozen"] and plan.config["name"] == "frozen"


def test_settings_go_to_every_training_unchanged(make: MakePlan) -> None:
    plan = make("--epochs", "3", "--network_def::options", "{'width_mult': 0.35}")
    command = training_command(plan, plan.members[1], resume=True)
    given = dict(zip(command[6::2], command[7::2], strict=True))
    assert given == {
        "--config_file": str(bundle_root(plan.bundle) / "configs" / "train.json"),
        **{"--dataset_dir": plan.dataset_dir, "--fold": "1", "--seed": "0", "--resume": "true"},
        **{"--output_dir": str(plan.members[1].folder), "--epochs": "3"},
        "--network_def::options": "{'width_mult': 0.35}",
    }
    assert plan.config["network_def"]["options"] == {"width_mult": 0.35}


def test_weights_that_have_seen_a_fold_are_refused_before_the_first_training(
    make: MakePlan, class_dataset: Path, tmp_path: Path
) -> None:
    model = recorded_weights(tmp_path / "first", class_dataset, fold=0)
    assert make("--weights", str(model), folds="0,").folds == (0,)
    with pytest.raises(InputError, match=r"chosen by 6 .* of the 6 images of fold 1 .*--fold 0"):
        make("--weights", str(model))


def test_the_whole_command_can_be_typed_again(make: MakePlan) -> None:
    plan = make("--epochs", "3", folds="1,", seeds="3,5", variants=["frozen"])
    words = shlex.split(crossval_command(plan))
    start = ["med2d", "crossval", "breast_us_classification", "--dataset_dir", plan.dataset_dir]
    chosen = ["--variant", "frozen", "--folds", "1,", "--seeds", "3,5", "-o", str(plan.folder)]
    assert words == [*start, *chosen, "--epochs", "3"]
    assert "--folds" not in crossval_command(make(folds=None))


def test_a_copied_bundle_is_named_by_its_folder(make: MakePlan, class_dataset: Path) -> None:
    root = bundle_root("breast_us_classification")
    plan = make_plan(str(root), str(class_dataset))
    assert plan.bundle == "breast_us_classification" and plan.files == make().files


@pytest.mark.parametrize(
    ("bundle", "variants", "message"),
    [
        ("breast_us", (), "no bundle 'breast_us'; expected one of bone_xray"),
        ("breast_us_classification", ("frozn",), "no variant 'frozn'; expected a file, or one of"),
    ],
)
def test_an_unknown_bundle_or_variant_is_refused(
    class_dataset: Path, bundle: str, variants: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make_plan(bundle, str(class_dataset), variants=variants)


def test_a_dataset_whose_name_is_a_number_is_refused() -> None:
    with pytest.raises(InputError, match=r"put \./ before the name"):
        make_plan("breast_us_classification", "2024")
