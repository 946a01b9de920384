"""Every shipped configuration of the bundle is run on phantoms, in this process where possible."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from ignite.handlers import Checkpoint
from monai.bundle import (
    ConfigParser,
    ConfigWorkflow,
    ckpt_export,
    run,
    verify_metadata,
    verify_net_in_out,
)
from PIL import Image

from pipelines.bundles import bundle_root
from pipelines.evaluation.cases import read_cases
from pipelines.evaluation.classification import classification_columns

ROOT = bundle_root("breast_us_classification")
CONFIGS = ROOT / "configs"
TRAIN = str(CONFIGS / "train.json")
EVALUATE = str(CONFIGS / "evaluate.json")
MULTI = str(CONFIGS / "multi_gpu_train.json")
INFERENCE = str(CONFIGS / "inference.json")
VARIANTS = sorted((CONFIGS / "variants").glob("*.json"))
LABELS = ["benign", "malignant", "normal"]
SMALL = {
    "image_size": 64,
    "batch_size": 8,
    "num_workers": 0,
    "network_def#options#width_mult": 0.35,
}

pytestmark = pytest.mark.slow  # three minutes on two cores


def _train(folder: Path, dataset: Path, files: list[str] | None = None, **overrides) -> Path:
    given = {
        **SMALL,
        "epochs": 2,
        "dataset_dir": str(dataset),
        "output_dir": str(folder),
        **overrides,
    }
    run(config_file=files or [TRAIN], **given)
    return folder


def _same_weights(one: Path, other: Path) -> bool:
    a, b = (torch.load(p / "model.pt", weights_only=True) for p in (one, other))
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """A working folder of its own, for the runs and MLflow's database."""
    folder = tmp_path_factory.mktemp("work")
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.fixture(scope="module")
def trained(tracked, class_dataset):
    return _train(tracked / "run", class_dataset)


def test_a_run_leaves_what_the_contract_says(trained, class_dataset):
    cases = read_cases(trained / "cases.csv", classification_columns(LABELS))
    scores = json.loads((trained / "scores.json").read_text())
    dataset = json.loads((class_dataset / "dataset.json").read_text())
    scored = {Path(i["image"]).stem: i["class"] for i in dataset["training"] if i["fold"] == 0}
    assert dict(zip(cases["id"], cases["class"], strict=True)) == scored
    sums = cases[[f"p_{name}" for name in LABELS]].sum(axis=1)
    np.testing.assert_allclose(sums, 1, atol=1e-5)
    assert set(cases["leaky"]) == {0}
    right = (cases["class"] == cases["predicted"]).mean()
    assert scores["scores"]["accuracy"]["value"] == pytest.approx(right)
    assert np.sum(scores["confusion"]) == len(cases)
    assert scores["labels"] == LABELS
    assert "breast_us_classification/configs/evaluate.json" in scores["command"]
    for name in ("curves/loss", "curves/balanced_accuracy", "plots/confusion", "plots/roc"):
        assert (trained / f"{name}.png").is_file()
    history = pd.read_csv(trained / "history.csv")
    assert history["epoch"].tolist() == [1, 2]
    assert {"train_balanced_accuracy", "val_balanced_accuracy", "val_loss"} <= set(history)
    assert history["learning_rate"].iloc[1] < 1e-6  # the cycle has ended
    assert json.loads((trained / "config.json").read_text())["labels"] == LABELS


def test_one_mlflow_run_holds_it_all(trained, tracked):
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{tracked / 'mlflow.db'}")
    record = json.loads((trained / "mlflow.json").read_text())
    found = client.get_run(record["run_id"])
    assert found.info.status == "FINISHED"
    assert found.data.params["network_def.backbone"] == "torchvision.mobilenet_v2"
    assert "score_balanced_accuracy" in found.data.metrics
    assert len(client.get_metric_history(record["run_id"], "val_balanced_accuracy")) == 2
    names = {a.path for a in client.list_artifacts(record["run_id"])}
    assert {"cases.csv", "scores.json", "curves", "plots", "model.pt"} <= names


def test_evaluation_alone_gives_the_same_scores(trained):
    before = (trained / "cases.csv").read_bytes()
    (trained / "cases.csv").unlink()
    run(config_file=[TRAIN, EVALUATE], output_dir=str(trained), num_workers=0)
    assert (trained / "cases.csv").read_bytes() == before


def test_a_variant_is_scored_and_answers_as_it_was_trained(tracked, class_dataset, tmp_path):
    folder = tracked / "frozen"
    files = [TRAIN, str(CONFIGS / "variants" / "frozen.json")]
    _train(folder, class_dataset, files, epochs=1, flip_average="false")
    before = (folder / "cases.csv").read_bytes()
    run(config_file=[TRAIN, EVALUATE], output_dir=str(folder))
    assert (folder / "cases.csv").read_bytes() == before
    config = str(folder / "configs" / "inference.json")
    _check_answers(_infer(config, class_dataset / "images", tmp_path / "out"), folder)


def test_a_killed_run_goes_on_to_the_weights_of_one_never_killed(
    tracked, class_dataset, monkeypatch
):
    whole = _train(tracked / "whole", class_dataset, epochs=3)
    saved = Checkpoint.__call__

    def killed(self, engine):
        saved(self, engine)
        if "trainer" in self.to_save and engine.state.epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "__call__", killed)
        with pytest.raises(KeyboardInterrupt):
            _train(tracked / "killed", class_dataset, epochs=3)
    killed_run = _train(tracked / "killed", class_dataset, epochs=3, resume="true")
    assert _same_weights(whole, killed_run)
    states = [torch.load(f / "checkpoint.pt", weights_only=True) for f in (whole, killed_run)]
    assert states[0]["scheduler"] == states[1]["scheduler"]
    one, other = (state["network"] for state in states)
    assert all(torch.equal(one[k], other[k]) for k in one)
    assert (whole / "cases.csv").read_bytes() == (killed_run / "cases.csv").read_bytes()


def _infer(config: str, source: Path, target: Path, **overrides) -> Path:
    run(config_file=config, dataset_dir=str(source), output_dir=str(target), **overrides)
    return target


def _check_answers(answered: Path, run_folder: Path) -> None:
    answers = pd.read_csv(answered / "predictions.csv").set_index("image")
    cases = pd.read_csv(run_folder / "cases.csv")
    assert list(answers) == ["predicted", *(f"p_{name}" for name in LABELS)]
    for _, case in cases.iterrows():
        answer = answers.loc[f"{case['id']}.png"]
        assert answer["predicted"] == case["predicted"]
        for name in LABELS:
            assert answer[f"p_{name}"] == pytest.approx(case[f"p_{name}"], abs=1e-6)


def test_inference_gives_the_probabilities_of_the_scoring(trained, class_dataset, tmp_path):
    config = str(trained / "configs" / "inference.json")
    _check_answers(_infer(config, class_dataset / "images", tmp_path / "out"), trained)


def test_inference_answers_every_mode_alike(trained, class_dataset, tmp_path):
    (tmp_path / "in" / "deeper").mkdir(parents=True)
    grey = Image.open(next((class_dataset / "images").glob("benign_*.png"))).convert("L")
    for mode in ("L", "RGB", "RGBA"):
        grey.convert(mode).save(tmp_path / "in" / "deeper" / f"{mode}.png")
    grey.save(tmp_path / "in" / "deeper" / "L.bmp")  # no file of its own: the name may stand twice
    Image.fromarray(np.asarray(grey).astype(np.uint16) * 257).save(tmp_path / "in" / "I;16.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it by a quarter clockwise
    grey.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "in" / "exif.png", exif=exif)
    config = str(trained / "configs" / "inference.json")
    table = pd.read_csv(_infer(config, tmp_path / "in", tmp_path / "out") / "predictions.csv")
    assert len(table) == 6
    assert {"deeper/L.png", "deeper/L.bmp", "exif.png"} <= set(table["image"])
    values = table[[f"p_{name}" for name in LABELS]].to_numpy()
    np.testing.assert_allclose(values, np.tile(values[:1], (6, 1)), atol=1e-6)


def test_two_processes_train_and_score_together(tracked, class_dataset):
    folder = tracked / "two"
    given = {**SMALL, "dataset_dir": class_dataset, "output_dir": folder, "epochs": 1}
    command = [
        sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--master_port=29513",
        "-m", "monai.bundle", "run", "--config_file", str([TRAIN, MULTI]),
        *(text for k, v in given.items() for text in (f"--{k}", str(v))),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tracked, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    cases = (folder / "cases.csv").read_bytes()
    run(config_file=[TRAIN, EVALUATE], output_dir=str(folder))  # one process, the same cases
    assert (folder / "cases.csv").read_bytes() == cases


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda path: path.stem)
def test_every_variant_takes_a_training_step(variant, class_dataset):
    parser = ConfigParser()
    parser.read_config([TRAIN, str(variant)])
    given = {"dataset_dir": str(class_dataset), "image_size": 32, "batch_size": 2, "epochs": 1}
    parser.update({**given, "num_workers": 0, "cache_gigabytes": 0.0, "device": "cpu"})
    assert parser["name"] == variant.stem
    network, optimizer, scheduler, loss = (
        parser.get_parsed_content(name) for name in ("network", "optimizer", "scheduler", "loss")
    )
    before = {name: value.clone() for name, value in network.named_parameters()}
    batch = next(iter(parser.get_parsed_content("train::dataloader")))
    network.train()
    value = loss(network(batch["image"]), batch["label"])
    value.backward()
    optimizer.step()
    changed = {k for k, v in network.named_parameters() if not torch.equal(v, before[k])}
    trained = {k for k, v in network.named_parameters() if v.requires_grad}
    assert torch.isfinite(value)
    assert changed and changed <= trained
    assert {"head.scores.weight", "head.scores.bias"} <= changed
    assert hasattr(scheduler, "step")
    frozen = {"frozen": 0, "first10": 10}.get(variant.stem)
    if frozen is not None:
        layers = {name.rpartition(".")[0] for name in trained if name.startswith("backbone")}
        assert len(layers) == frozen


def test_train_and_inference_share_one_recipe():
    train, inference = (json.loads(Path(p).read_text()) for p in (TRAIN, INFERENCE))
    for key in ("preprocessing", "postprocessing", "network_def", "image_size", "flip_average"):
        assert train[key] == inference[key], key
    metadata = json.loads((CONFIGS / "metadata.json").read_text())
    pred = metadata["network_data_format"]["outputs"]["pred"]
    assert pred["num_channels"] == len(inference["labels"])
    assert list(pred["channel_def"].values()) == [f"{name} (logit)" for name in inference["labels"]]


def test_the_bundles_own_checks_pass(tmp_path):
    meta = str(CONFIGS / "metadata.json")
    verify_metadata(meta_file=meta, filepath=str(ROOT.parent / "metadata_schema.json"))
    verify_net_in_out("network_def", meta_file=meta, config_file=INFERENCE)
    parser = ConfigParser(json.loads(Path(INFERENCE).read_text()))
    network = parser.get_parsed_content("network_def").eval()
    torch.save(network.state_dict(), tmp_path / "model.pt")
    ckpt_export(
        "network_def",
        filepath=str(tmp_path / "model.ts"),
        ckpt_file=str(tmp_path / "model.pt"),
        meta_file=meta,
        config_file=INFERENCE,
    )
    image = torch.rand(1, 1, 160, 160)
    exported = torch.jit.load(tmp_path / "model.ts")
    torch.testing.assert_close(exported(image), network(image))


def test_every_property_of_a_training_bundle_is_there(tracked, class_dataset):
    given = {**SMALL, "dataset_dir": str(class_dataset), "output_dir": str(tracked / "properties")}
    workflow = ConfigWorkflow(config_file=[TRAIN], workflow_type="train", **given)
    workflow.initialize()
    assert not workflow.check_properties()
    handlers = json.loads(Path(TRAIN).read_text())["train"]["handlers"]
    assert all(isinstance(handler, dict) for handler in handlers)  # MONAI's tools edit that list


def test_every_property_of_an_inference_bundle_is_there(trained, class_dataset, tmp_path):
    given = {"dataset_dir": str(class_dataset / "images"), "output_dir": str(tmp_path / "out")}
    config = str(trained / "configs" / "inference.json")
    workflow = ConfigWorkflow(config_file=config, workflow_type="infer", **given)
    workflow.initialize()
    assert not workflow.check_properties()


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"weights": "no.pth"}, "there is no file no.pth"),
        ({"network_def#backbone": "torchvision.mobilnet"}, "has no classifier 'mobilnet'"),
        ({"network_def#num_classes": 2}, "expected (1, 3), one logit for each of the classes"),
        ({"class_weights": [1, 2]}, "class_weights is [1, 2]"),
        ({"label_smoothing": 1}, "label_smoothing is 1; expected a number from 0 to below 1"),
        ({"image_size": 100}, "expected a multiple of 32"),
        ({"flip_average": "maybe"}, "flip_average is 'maybe'"),
    ],
)
def test_bad_settings_are_named_and_nothing_is_written(
    tracked, class_dataset, overrides, expected, error_line
):
    given = {"dataset_dir": str(class_dataset), "output_dir": str(tracked / "never"), **overrides}
    with pytest.raises(Exception) as caught:
        run(config_file=[TRAIN], **{**SMALL, **given})
    assert expected in error_line(caught.value)
    assert not (tracked / "never").exists()


def test_a_dataset_for_segmentation_is_refused(tracked, busi_dataset, error_line):
    with pytest.raises(Exception) as caught:
        run(config_file=[TRAIN], dataset_dir=str(busi_dataset), output_dir=str(tracked / "never"))
    assert "this bundle does classification" in error_line(caught.value)
