from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import InputError
from pipelines.search.space import Choices, Range
from pipelines.search.space_check import alternatives, chosen_by, scorer_place
from tests.pipelines.search.conftest import MakePlan

ADAM = {
    "_target_": "torch.optim.Adam",
    "params": "$@network.parameters()",
    "lr": "@learning_rate",
}
HALF = {"low": 0.1, "high": 0.5}


def test_numbers_are_of_the_kind_that_the_bundle_has(make: MakePlan) -> None:
    space = make(
        space={"weight_decay": {"low": 0, "high": 1}, "epochs": {"low": 1, "high": 9}}
    ).space
    assert space == {"weight_decay": Range(0.0, 1.0), "epochs": Range(1, 9)}
    assert not space["weight_decay"].is_whole  # type: ignore[union-attr]


def test_arguments_of_every_choice_are_known(make: MakePlan) -> None:
    space = {"optimizer": {"choices": [ADAM, {**ADAM, "_target_": "torch.optim.AdamW"}]}}
    make(space={**space, "optimizer::weight_decay": HALF, "variant": {"choices": ["focal", None]}})
    other = {"optimizer": {"choices": [ADAM, {**ADAM, "_target_": "torch.optim.Rprop"}]}}
    with pytest.raises(InputError, match=r"space\.json: optimizer::weight_decay: there is no weig"):
        make(space={**other, "optimizer::weight_decay": HALF})


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"learning_rat": HALF}, "there is no learning_rat .* did you mean learning_rate?"),
        ({"network_def#hed#dropout": HALF}, "there is no hed below network_def"),
        ({"fold": {"choices": [0, 1]}}, "fold cannot be searched: every trial has the same folds"),
        ({"seed": {"low": 0, "high": 9}}, "a search over seeds finds luck"),
        ({"score::cases": {"choices": [0, 1]}}, "score::cases cannot be searched"),
        ({"epochs": HALF}, r"epochs is a whole number \(24 by default\)"),
        ({"optimizer": HALF}, "optimizer is no number in the bundle; give choices"),
        ({"variant": HALF}, "variant is a range of numbers; expected choices"),
        ({"variant": {"choices": ["focal", "frozn"]}}, "variant: there is no variant 'frozn'"),
        ({"variant": {"choices": ["focal", "embeddings_svm"]}}, "a choice cannot be searched"),
    ],
)
def test_what_a_bundle_does_not_have_is_named(make: MakePlan, space: Any, message: str) -> None:
    with pytest.raises(InputError, match=rf"space\.json: .*{message}"):
        make(space=space)


@pytest.mark.parametrize("name", ["fold", "seed", "parts"])
def test_a_variant_cannot_bring_what_is_not_searched(
    make: MakePlan, tmp_path: Path, name: str
) -> None:
    for number in (0, 1):
        (tmp_path / f"v{number}.json").write_text(json.dumps({name: number}))
    choices = [str(tmp_path / f"v{number}.json") for number in (0, 1)]
    with pytest.raises(InputError, match=rf"space\.json: a choice changes {name}, which cannot be"):
        make(space={"variant": {"choices": choices}})


@pytest.mark.parametrize(
    ("words", "name"),
    [(("--epochs", "3"), "epochs"), (("--network_def", "{'a': 1}"), "network_def::head::dropout")],
)
def test_what_is_given_and_searched_is_refused(
    make: MakePlan, words: tuple[str, ...], name: str
) -> None:
    message = f"{name} is searched, and given by {words[0]} as well"
    with pytest.raises(InputError, match=message):
        make(*words, space={name: {"choices": [1, 2]}})


def test_a_recipe_without_epochs_is_refused(make: MakePlan) -> None:
    with pytest.raises(InputError, match="a search needs a training in epochs"):
        make(variants=["embeddings_svm"])


def test_every_variant_meets_every_other_choice() -> None:
    space = {"a": Choices((1, 2, 3)), "variant": Choices(("x", "y")), "b": Range(1, 2)}
    found = [(each["variant"], each["a"]) for each in alternatives(space)]
    assert found == [(variant, a) for variant in "xy" for a in (1, 2, 3)]


@pytest.mark.parametrize("bundle", ["breast_us_segmentation", "tissue_segmentation"])
def test_every_bundle_can_be_searched(bundle: str) -> None:
    from pipelines.bundles import bundle_root

    path: Path = bundle_root(bundle) / "configs" / "train.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    assert chosen_by(config, bundle).startswith("val_")
    place = scorer_place(config)
    assert place is not None and config["train"]["handlers"][place]["handler"] == "@scorer"
