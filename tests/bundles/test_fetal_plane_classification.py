"""What only the bundle of fetal planes does: its normalisation, large images, the real planes."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from monai.bundle import ConfigParser, run

from pipelines.training.parts import fold_parts
from pipelines.training.training_normalisation import training_normalisation
from tests.bundles.conftest import med2d
from tests.bundles.made_bundle import BUNDLES, SMALL

BUNDLE = BUNDLES["fetal_plane_classification"]
REAL = Path(os.environ.get("MED2D_DATA", Path(__file__).parents[3] / "shared" / "data"))
Train = Callable[..., Path]


def test_a_run_records_the_normalisation_of_what_trained(
    trained: Callable[..., Path], datasets: Callable[[str], Path]
) -> None:
    folder = trained(BUNDLE)
    part = fold_parts(datasets(BUNDLE.name), 0, "classification")["train"]
    expected = training_normalisation(part)
    recorded = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert recorded["normalisation"] == expected
    state = torch.load(folder / "model.pt", weights_only=True)
    kept = [state[f"normalisation.{name}"].flatten().tolist() for name in ("mean", "deviation")]
    assert kept == [pytest.approx(values) for values in expected]


def test_a_normalisation_that_is_given_goes_before(datasets: Callable[[str], Path]) -> None:
    parser = ConfigParser()
    files = [BUNDLE.config("train"), BUNDLE.config("variants/imagenet_normalisation")]
    parser.read_config(files)
    given = {**SMALL, **BUNDLE.smallest, "dataset_dir": str(datasets(BUNDLE.name))}
    parser.update({**given, "device": "cpu"})
    network = parser.get_parsed_content("pretrained")
    assert network.normalisation.mean.item() == pytest.approx((0.485 + 0.456 + 0.406) / 3)


def test_the_users_rate_falls_by_a_fifth_every_second_epoch() -> None:
    variant = BUNDLE.read("variants/sgd")
    settings = {key: variant["scheduler"][key] for key in ("_target_", "step_size", "gamma")}
    assert settings == {
        "_target_": "torch.optim.lr_scheduler.StepLR",
        "step_size": 2,
        "gamma": 0.8,
    }
    optimizer = variant["optimizer"]
    assert (optimizer["_target_"], optimizer["momentum"]) == ("torch.optim.SGD", 0.9)
    assert variant["learning_rate"] == 0.01


@pytest.mark.parametrize(("weights", "rate"), [(None, 0.001), ("some.pth", 0.0003)])
def test_the_backbone_learns_more_slowly_from_pretrained_weights(
    weights: str | None, rate: float
) -> None:
    parser = ConfigParser({**BUNDLE.read("train"), "weights": weights})
    assert parser.get_parsed_content("learning_rate") == rate


@pytest.mark.slow
def test_images_of_661_pixels_train_in_pieces(
    datasets: Callable[[str], Path], tmp_path: Path
) -> None:
    parser = ConfigParser()
    parser.read_config([BUNDLE.config("train"), BUNDLE.config("variants/resnet50_661")])
    given = {"dataset_dir": str(datasets(BUNDLE.name)), "output_dir": str(tmp_path), "epochs": 1}
    given |= {"num_workers": 0, "device": "cpu", "memory_layout": "channels_last"}
    parser.update({**given, "cache_gigabytes": 0, "train::trainer::epoch_length": 1})
    parser.update({"train::handlers": parser["train::handlers"][:1]})
    trainer = parser.get_parsed_content("train::trainer")
    trainer.run()
    assert parser.get_parsed_content("machine").accumulation == 4
    assert trainer.state.output["image"].shape == (16, 1, 661, 661)
    assert torch.isfinite(trainer.state.output["loss"])


@pytest.mark.realdata
@pytest.mark.skipif(not (REAL / "FETAL_PLANES_DB").is_dir(), reason="the images are not there")
def test_real_planes_are_converted_answered_and_scored(
    trained: Callable[..., Path], work: Path, tmp_path: Path
) -> None:
    site, folder = tmp_path / "real", trained(BUNDLE)
    options = ("--preset", "fetal-planes", "--skip-bad", "--workers", 1, "--no-audit")
    med2d("convert", "csv-labels", REAL / "FETAL_PLANES_DB", site, *options)
    config = str(folder / "configs" / "inference.json")
    given = {"dataset_dir": str(site / "images"), "output_dir": str(tmp_path / "out")}
    run(config_file=config, **given)
    answers = pd.read_csv(tmp_path / "out" / "predictions.csv")
    assert len(answers) == 34
    assert set(answers["predicted"]) <= set(BUNDLE.labels)
    with contextlib.chdir(work):
        run(
            config_file=[BUNDLE.config("train"), BUNDLE.config("evaluate")],
            output_dir=str(folder),
            site_dir=str(site),
        )
    (found,) = (folder / "sites").rglob("scores.json")
    scores = json.loads(found.read_text(encoding="utf-8"))["scores"]
    assert scores["accuracy"]["n"] == 34
    # So few images say next to nothing, and the interval says that.
    assert scores["accuracy"]["high"] - scores["accuracy"]["low"] > 0.05
