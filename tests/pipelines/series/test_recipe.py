from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.bundles import bundle_root
from pipelines.errors import InputError
from pipelines.series.recipe import read_recipe, recipe_command

BUNDLE = "breast_us_classification"


def test_the_words_tell_a_verb_of_the_recipe(class_dataset: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    shutil.copy(bundle_root(BUNDLE) / "configs" / "variants" / "focal.json", own)
    recipe = read_recipe(BUNDLE, str(class_dataset), ("--epochs", "3"), ["frozen", str(own)])
    assert recipe.variants == ["frozen", "own"] and recipe.name == "focal"
    variants = ["--variant", "frozen", "--variant", str(own)]
    assert recipe.words == [BUNDLE, "--dataset_dir", str(class_dataset), *variants]
    assert recipe.config["epochs"] == 3 and recipe.overrides.values == {"epochs": 3}
    again = read_recipe(str(bundle_root(BUNDLE)), str(class_dataset))
    assert again.words[0] == BUNDLE


def test_the_command_has_further_files_after_those_of_the_recipe(class_dataset: Path) -> None:
    recipe = read_recipe(BUNDLE, str(class_dataset), ("--epochs", "3"))
    command = recipe_command(recipe, {"fold": 1}, [Path("trial.json")])
    files = command[command.index("--config_file") + 1]
    assert files == str([str(recipe.files[0]), "trial.json"])
    given = ["--dataset_dir", str(class_dataset), "--fold", "1", "--epochs", "3"]
    assert command[command.index("--dataset_dir") :] == given


@pytest.mark.parametrize(
    ("bundle", "message"),
    [
        ("breast_us", "no bundle 'breast_us'; expected one of bone_xray"),
        (
            str(bundle_root(BUNDLE) / "configs" / "variants" / "frozen.json"),
            "no configuration of a training",
        ),
    ],
)
def test_an_unknown_bundle_is_refused(class_dataset: Path, bundle: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_recipe(bundle, str(class_dataset))


def test_a_setting_that_the_series_gives_itself_is_refused(class_dataset: Path) -> None:
    with pytest.raises(InputError, match="--fold is set for every run by itself; do without"):
        read_recipe(BUNDLE, str(class_dataset), ("--fold", "1"), own={"fold": "do without"})
