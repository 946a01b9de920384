"""What the bundles of classification do is run once in full, on breast phantoms."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from ignite.handlers import Checkpoint
from monai.bundle import ConfigParser, run
from PIL import Image

from networks.frozen_layers import layers
from pipelines.cli import main
from tests.bundles.made_bundle import BUNDLES, SMALL

BUNDLE = BUNDLES["breast_us_classification"]
Train = Callable[..., Path]


@pytest.fixture
def dataset(datasets: Callable[[str], Path]) -> Path:
    return datasets(BUNDLE.name)


@pytest.fixture
def folder(trained: Callable[..., Path]) -> Path:
    return trained(BUNDLE)


def test_one_mlflow_run_holds_it_all(folder: Path, work: Path) -> None:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{work / 'mlflow.db'}")
    record = json.loads((folder / "mlflow.json").read_text(encoding="utf-8"))
    found = client.get_run(record["run_id"])
    assert found.info.status == "FINISHED"
    assert found.data.params["backbone"] == "torchvision.mobilenet_v2"
    assert float(found.data.params["learning_rate"]) == 0.002  # what the formula came to
    assert found.data.tags["mlflow.loggedImages"] == "True"
    assert "score/balanced_accuracy" in found.data.metrics
    calibration = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
    assert found.data.params["temperature"] == str(calibration["temperature"])
    assert "score/brier_uncalibrated" in found.data.metrics
    assert len(client.get_metric_history(record["run_id"], "val_balanced_accuracy")) == 2
    names = {a.path for a in client.list_artifacts(record["run_id"])}
    assert {"cases.csv", "scores.json", "curves", "plots", "model.pt"} <= names
    assert {"calibration.json", "uncalibrated.csv"} <= names


def test_the_registered_model_answers_as_the_bundle_does(
    folder: Path, work: Path, dataset: Path, tmp_path: Path
) -> None:
    import mlflow

    result = CliRunner().invoke(main, ["register", str(folder), "--best"])
    assert result.exit_code == 0, result.output
    assert "version 1" in result.output and "none before" in result.output
    names = sorted(path.name for path in (dataset / "images").iterdir())[::8]
    (tmp_path / "in").mkdir()
    for name in names:
        (tmp_path / "in" / name).write_bytes((dataset / "images" / name).read_bytes())
    config = str(folder / "configs" / "inference.json")
    run(config_file=config, dataset_dir=str(tmp_path / "in"), output_dir=str(tmp_path / "out"))
    expected = pd.read_csv(tmp_path / "out" / "predictions.csv").drop(columns="image")
    mlflow.set_tracking_uri(f"sqlite:///{work / 'mlflow.db'}")
    try:
        model = mlflow.pyfunc.load_model(f"models:/{BUNDLE.name}@best")
    finally:
        mlflow.set_tracking_uri(None)
    table = pd.DataFrame({"image": [(tmp_path / "in" / name).read_bytes() for name in names]})
    pd.testing.assert_frame_equal(model.predict(table), expected, check_exact=True)
    weights = torch.load(folder / "model.pt", weights_only=True)
    assert float(weights["temperature"]) != 1  # so the answers are calibrated
    run_id = json.loads((folder / "mlflow.json").read_text(encoding="utf-8"))["run_id"]
    client = mlflow.tracking.MlflowClient(f"sqlite:///{work / 'mlflow.db'}")
    experiment = client.get_run(run_id).info.experiment_id
    logged = client.get_logged_model(model.metadata.model_id)
    assert (logged.experiment_id, logged.source_run_id) == (experiment, run_id)
    assert str(logged.status) == "READY" and logged.params["backbone"] == "torchvision.mobilenet_v2"
    place = work / "mlartifacts" / BUNDLE.name / "models" / logged.model_id
    size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    assert size < (folder / "model.pt").stat().st_size + 4_000_000  # the weights and the code
    columns = model.metadata.get_output_schema().input_names()
    assert columns == expected.columns.tolist()
    assert model.input_example["image"][0].startswith(b"\x89PNG")


def test_the_cycle_of_the_learning_rate_ends(folder: Path) -> None:
    assert pd.read_csv(folder / "history.csv")["learning_rate"].iloc[1] < 1e-6


def test_a_variant_is_scored_and_answers_as_it_was_trained(
    train: Train, work: Path, dataset: Path, tmp_path: Path
) -> None:
    options = {"flip_average": "false", "calibration": "false"}
    folder = train(BUNDLE, "frozen", "variants/frozen", epochs=1, **options)
    assert not (folder / "calibration.json").exists()
    assert not (folder / "uncalibrated.csv").exists()
    before = (folder / "cases.csv").read_bytes()
    with contextlib.chdir(work):
        run(config_file=[BUNDLE.config("train"), BUNDLE.config("evaluate")], output_dir=str(folder))
    assert (folder / "cases.csv").read_bytes() == before
    cases = pd.read_csv(folder / "cases.csv")
    (tmp_path / "in").mkdir()
    for name in cases["id"]:
        picture = (dataset / "images" / f"{name}.png").read_bytes()
        (tmp_path / "in" / f"{name}.png").write_bytes(picture)
    config = str(folder / "configs" / "inference.json")
    run(config_file=config, dataset_dir=str(tmp_path / "in"), output_dir=str(tmp_path / "out"))
    answers = pd.read_csv(tmp_path / "out" / "predictions.csv").set_index("image")
    for _, case in cases.iterrows():
        for name in BUNDLE.labels:
            answer = answers.loc[f"{case['id']}.png", f"p_{name}"]
            assert answer == pytest.approx(case[f"p_{name}"], abs=1e-6)


def test_a_training_from_calibrated_weights_begins_without_a_temperature(
    folder: Path, dataset: Path, tmp_path: Path
) -> None:
    parser = ConfigParser()
    parser.read_config(BUNDLE.config("train"))
    given = {**SMALL, **BUNDLE.smallest, "dataset_dir": str(dataset), "output_dir": str(tmp_path)}
    given |= {"weights": str(folder / "model.pt"), "normalisation": "symmetric", "device": "cpu"}
    parser.update(given)
    answering = parser.get_parsed_content("answering")
    state = torch.load(folder / "model.pt", weights_only=True)
    name = "backbone.features.0.0.weight"
    assert torch.equal(answering.state_dict()[name], state[name])
    assert float(state["temperature"]) != 1
    assert float(answering.temperature) == 1


@pytest.mark.parametrize(("variant", "trained_layers"), [("frozen", 0), ("first10", 10)])
def test_so_many_layers_of_the_backbone_train(variant: str, trained_layers: int) -> None:
    parser = ConfigParser({"labels": ["a", "b"], **BUNDLE.read(f"variants/{variant}")})
    network = parser.get_parsed_content("network_def")
    trains = [any(p.requires_grad for p in m.parameters()) for _, m in layers(network.backbone)]
    assert sum(trains) == trained_layers
    assert all(trains[:trained_layers])


def test_the_recipe_with_a_plateau_is_that_of_the_frozen_one() -> None:
    one, other = BUNDLE.read("variants/adam_plateau"), BUNDLE.read("variants/frozen")
    differ = {"name", "learning_rate", "network_def"}
    assert set(other) - set(one) == {"network_def"}
    for key in set(one) - differ:
        assert one[key] == other[key], key


def _same_weights(one: Path, other: Path) -> bool:
    a, b = (torch.load(p / "model.pt", weights_only=True) for p in (one, other))
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_weights_of_one_never_killed(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(BUNDLE, "whole", epochs=3)
    saved = Checkpoint.__call__

    def killed(self: Any, engine: Any) -> None:
        saved(self, engine)
        if "trainer" in self.to_save and engine.state.epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "__call__", killed)
        with pytest.raises(KeyboardInterrupt):
            train(BUNDLE, "killed", epochs=3)
    killed_run = train(BUNDLE, "killed", epochs=3, resume="true")
    assert _same_weights(whole, killed_run)
    states = [torch.load(f / "checkpoint.pt", weights_only=True) for f in (whole, killed_run)]
    assert states[0]["scheduler"] == states[1]["scheduler"]
    one, other = (state["network"] for state in states)
    assert all(torch.equal(one[k], other[k]) for k in one)
    assert (whole / "cases.csv").read_bytes() == (killed_run / "cases.csv").read_bytes()


def test_inference_answers_every_mode_alike(folder: Path, dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "in" / "deeper").mkdir(parents=True)
    grey = Image.open(next((dataset / "images").glob("benign_*.png"))).convert("L")
    for mode in ("L", "RGB", "RGBA"):
        grey.convert(mode).save(tmp_path / "in" / "deeper" / f"{mode}.png")
    grey.save(tmp_path / "in" / "deeper" / "L.bmp")  # no file of its own: the name may stand twice
    Image.fromarray(np.asarray(grey).astype(np.uint16) * 257).save(tmp_path / "in" / "I;16.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it by a quarter clockwise
    grey.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "in" / "exif.png", exif=exif)
    config = str(folder / "configs" / "inference.json")
    run(config_file=config, dataset_dir=str(tmp_path / "in"), output_dir=str(tmp_path / "out"))
    table = pd.read_csv(tmp_path / "out" / "predictions.csv")
    assert len(table) == 6
    assert {"deeper/L.png", "deeper/L.bmp", "exif.png"} <= set(table["image"])
    values = table[[f"p_{name}" for name in BUNDLE.labels]].to_numpy()
    np.testing.assert_allclose(values, np.tile(values[:1], (6, 1)), atol=1e-6)
