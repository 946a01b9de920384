"""What tells runs apart comes first; everything stands below a prefix."""

import json
from typing import Any

from pipelines.bundles import bundle_root
from pipelines.training.tracked_parameters import (
    TELLING,
    WITH,
    flat_parameters,
    run_parameters,
    split_hash,
)

CONFIG: dict[str, Any] = {
    "imports": ["$import torch"],
    "name": "unet",
    "epochs": 3,
    "learning_rate": 0.01,
    "batch_size": 8,
    "fold": 0,
    "seed": 1,
    "image_size": 128,
    "weights": "/somewhere/mobilenet.pth",
    "dataset_dir": "datasets/busi",
    "dataset_digest": "0123456789abcdef",
    "network_def": {"_target_": "networks.encoder_unet.EncoderUNet", "backbone": "timm.resnet18"},
    "loss": {"_target_": "DiceCELoss", "sigmoid": True},
    "optimizer": {"_target_": "torch.optim.Adam", "lr": "@learning_rate"},
    "train": {"handlers": [{"_target_": "A", "text": "x" * 900}, {"_target_": "B"}]},
}
CONTENT: dict[str, Any] = {
    "training": [
        {"image": "a.png", "sha256": "1", "fold": 0, "group": "g0"},
        {"image": "b.png", "sha256": "2", "fold": 1, "group": "g1"},
    ],
    "testing": [{"image": "c.png", "sha256": "3", "group": "g2"}],
}


def test_what_tells_runs_apart_comes_first_by_name() -> None:
    found = run_parameters(CONFIG, CONTENT)
    assert sorted(found)[: len(TELLING)] == sorted(TELLING)
    assert {name: found[name] for name in TELLING} == {
        "variant": "unet",
        "backbone": "timm.resnet18",
        "network": "EncoderUNet",
        "weights": "mobilenet.pth",
        "image_size": "128",
        "loss": "DiceCELoss",
        "optimizer": "Adam",
        "learning_rate": "0.01",
        "batch_size": "8",
        "epochs": "3",
        "fold": "0",
        "seed": "1",
        "dataset": "busi",
        "dataset_digest": "0123456789ab",
        "split_hash": split_hash(CONTENT),
    }
    assert found["with.network_def.backbone"] == "timm.resnet18"
    assert found["with.optimizer.lr"] == "@learning_rate" and "with.learning_rate" not in found
    assert all(name in TELLING or name.startswith(WITH) for name in found)


def test_of_a_bundle_only_what_is_not_its_own_follows() -> None:
    path = bundle_root("breast_us_segmentation") / "configs" / "train.json"
    shipped = json.loads(path.read_text(encoding="utf-8"))
    assert not [name for name in run_parameters(shipped) if name.startswith(WITH)]
    network = {**shipped["network_def"], "dropout": 0.3, "act": "mish"}
    changed = {**shipped, "network_def": network, "patience": 7, "output_dir": "elsewhere"}
    assert {k: v for k, v in run_parameters(changed).items() if k.startswith(WITH)} == {
        "with.network_def.act": "mish",
        "with.network_def.dropout": "0.3",
        "with.patience": "7",
    }


def test_a_formula_of_plain_settings_is_given_as_the_number_it_comes_to() -> None:
    path = bundle_root("breast_us_classification") / "configs" / "train.json"
    shipped = json.loads(path.read_text(encoding="utf-8"))
    assert shipped["learning_rate"].startswith("$")
    assert run_parameters(shipped)["learning_rate"] == "0.002"
    assert run_parameters({**shipped, "weights": "w.pth"})["learning_rate"] == "0.0003"


def test_nothing_is_made_for_a_formula_of_a_component() -> None:
    made = {"machine": "$1 / 0", "batch_size": "$@machine * 2", "epochs": "$@nothing"}
    found = run_parameters({**CONFIG, **made})
    assert (found["batch_size"], found["epochs"]) == ("$@machine * 2", "$@nothing")


def test_what_a_configuration_does_not_say_is_left_out() -> None:
    few = {"network_def": {"_target_": "UNet"}, "weights": None, "loss": "$make_loss()"}
    found = run_parameters(few)
    assert found["backbone"] == found["network"] == "UNet"
    assert (found["weights"], found["loss"]) == ("none", "$make_loss()")
    assert not {"variant", "fold", "dataset", "dataset_digest", "split_hash"} & set(found)


def test_the_split_s_hash_is_of_the_split_alone() -> None:
    turned = {**CONTENT, "training": [{**i, "group": "x"} for i in CONTENT["training"][::-1]]}
    assert split_hash(turned) == split_hash(CONTENT)
    moved = {**CONTENT, "training": [{**i, "fold": 1 - i["fold"]} for i in CONTENT["training"]]}
    assert split_hash(moved) != split_hash(CONTENT)
    trains = [*CONTENT["training"], {**CONTENT["testing"][0], "fold": 0}]
    assert split_hash({"training": trains, "testing": []}) != split_hash(CONTENT)


def test_parameters_are_flat_and_short() -> None:
    flat = flat_parameters(CONFIG)
    assert flat["train.handlers.0"] == "A"
    assert flat["train.handlers.0.text"] == "x" * 500
    assert flat["train.handlers.1"] == "B"
    assert flat["learning_rate"] == "0.01"
    assert "imports" not in flat
    assert flat_parameters({"a": None, "run": 1, "b": {}, "c": []}) == {"a": "None", "c": "[]"}
