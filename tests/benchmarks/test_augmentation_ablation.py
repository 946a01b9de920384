"""The ablation's table, from runs that are made up: nothing is trained."""

from __future__ import annotations

import importlib
import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from monai.bundle import ConfigParser
from monai.transforms import Compose

from pipelines.datasets.dataset import read
from pipelines.errors import InputError
from pipelines.evaluation.cases import SEGMENTATION_COLUMNS
from pipelines.evaluation.scores import segmentation_scores
from pipelines.preview.bundle_file import find_bundle
from pipelines.preview.network_view import training_of

IMAGES = 20
BETTER = {"default": 0.0, "none": -0.2, "haze": 0.0, "elastic": 0.1}


@pytest.fixture(scope="module")
def ablation() -> Any:
    """The program; it finds its neighbours as it does when it is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        yield importlib.import_module("augmentation_ablation")


class Trainings:
    """Writes what a training leaves, and remembers each one that was asked for."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []

    def __call__(self, command: list[str]) -> None:
        self.commands.append(command)
        given = dict(zip(command[4::2], command[5::2], strict=True))
        folder = Path(given["--output_dir"])
        policy, _, seed = folder.name.rsplit("-", 2)
        folder.mkdir(parents=True)
        cases = made_cases(BETTER[policy], int(seed))
        cases.to_csv(folder / "cases.csv", index=False)
        scores = {**segmentation_scores(cases, resamples=200), "epochs_run": 2, "epoch": 1}
        (folder / "scores.json").write_text(json.dumps(scores))
        (folder / "config.json").write_text("{}")
        overrides = importlib.import_module("recipe_runs").settings(command)
        record = {"config_files": overrides.pop("config_file"), "overrides": overrides}
        (folder / "record.json").write_text(json.dumps(record))
        pd.DataFrame({"epoch": [1, 2], "seconds": [60, 90]}).to_csv(folder / "history.csv")

    @property
    def names(self) -> list[str]:
        """The runs' names, in the order of the trainings."""
        return [Path(each[each.index("--output_dir") + 1]).name for each in self.commands]


def made_cases(better: float, seed: int) -> pd.DataFrame:
    """Twenty images with a lesion, two in a group."""
    random = np.random.RandomState(seed)
    dice = 0.6 + 0.05 * random.rand(IMAGES) + better
    rows: dict[str, Any] = {name: [0] * IMAGES for name in SEGMENTATION_COLUMNS}
    rows |= {
        "id": [f"i{index:02}" for index in range(IMAGES)],
        "group": [f"g{index // 2}" for index in range(IMAGES)],
        "class": ["benign"] * IMAGES,
        "dice": dice,
        "lesions": [1] * IMAGES,
        "lesion_area": [50] * IMAGES,
        "flags": [""] * IMAGES,
    }
    return pd.DataFrame(rows)


@pytest.fixture
def trainings(ablation: Any, monkeypatch: pytest.MonkeyPatch) -> Trainings:
    made = Trainings()
    monkeypatch.setattr(importlib.import_module("recipe_runs"), "call", made)
    return made


def options(folder: Path, *policies: str, **changed: Any) -> Namespace:
    given = {"dataset_dir": Path("data"), "runs": folder / "runs", "out": None, "fold": 0}
    more = {"seeds": [0, 1], "epochs": 2, "overrides": ["--device", "cpu"]}
    return Namespace(**{"policies": policies, **given, **more, **changed})


def table(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "runs" / "augmentation_ablation.csv").set_index(["policy", "seed"])


def test_each_policy_has_a_row_a_seed_and_one_for_all(
    ablation: Any, trainings: Trainings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ablation.run(options(tmp_path, "elastic", "none", "default"))
    found = table(tmp_path)
    assert list(found.index.unique("policy")) == ["default", "none", "elastic"]
    assert list(found.loc["none"].index) == ["0", "1", "all"]
    total = found.loc["elastic", "all"]
    assert total["dice"] == pytest.approx(found.loc["elastic"]["dice"][:2].mean(), abs=1e-3)
    assert total["low"] < total["dice"] < total["high"]
    assert (total["n"], total["groups"], total["training_minutes"]) == (20, 10, 5.0)
    assert found.loc["elastic", "0"]["epochs"] == 2
    assert "elastic                     Dice 0.72" in capsys.readouterr().out


def test_the_gain_over_the_default_is_that_of_the_same_images(
    ablation: Any, trainings: Trainings, tmp_path: Path
) -> None:
    ablation.run(options(tmp_path, "default", "none", "haze", "elastic"))
    total = table(tmp_path).xs("all", level="seed")
    gains = total["gain"].to_dict()
    assert np.isnan(gains.pop("default"))
    assert gains == pytest.approx({"none": -0.2, "haze": 0, "elastic": 0.1}, abs=1e-4)
    # The images differ much, and each by the same from itself.
    assert np.isnan(total["gain_low"]["none"])  # all images lose the same
    assert total["p"]["elastic"] < 0.01 and total["p"]["haze"] > 0.9


def test_without_the_default_there_is_no_gain(
    ablation: Any, trainings: Trainings, tmp_path: Path
) -> None:
    ablation.run(options(tmp_path, "none", seeds=[3]))
    assert table(tmp_path)["gain"].isna().all()
    ablation.run(options(tmp_path, "default", seeds=[3]))
    ablation.run(options(tmp_path, "none", seeds=[3]))
    assert table(tmp_path)["gain"]["none", "all"] == pytest.approx(-0.2, abs=1e-4)
    assert trainings.names == ["none-0-3", "default-0-3"]


def test_only_a_run_that_is_missing_is_trained_again(
    ablation: Any, trainings: Trainings, tmp_path: Path
) -> None:
    ablation.run(options(tmp_path, "default", "haze"))
    before = table(tmp_path)
    gone = tmp_path / "runs" / "haze-0-1"
    for path in gone.iterdir():
        path.unlink()
    gone.rmdir()
    trainings.commands.clear()
    ablation.run(options(tmp_path, "default", "haze"))
    assert trainings.names == ["haze-0-1"]
    pd.testing.assert_frame_equal(table(tmp_path).sort_index(), before.sort_index())


def test_rows_land_as_each_training_ends(
    ablation: Any, trainings: Trainings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(command: list[str]) -> None:
        if len(trainings.commands) == 3:
            raise InputError("this failed")
        trainings(command)

    monkeypatch.setattr(importlib.import_module("recipe_runs"), "call", broken)
    with pytest.raises(InputError, match="this failed"):
        ablation.run(options(tmp_path, "default", "none"))
    assert list(table(tmp_path).index) == [
        ("default", "0"),
        ("default", "1"),
        ("default", "all"),
        ("none", "0"),
    ]


def test_a_run_of_other_epochs_is_not_taken_for_one_of_these(
    ablation: Any, trainings: Trainings, tmp_path: Path
) -> None:
    ablation.run(options(tmp_path, "default"))
    with pytest.raises(InputError, match="default-0-0 holds a run with epochs 2, now 10; give an"):
        ablation.run(options(tmp_path, "default", epochs=10))


def test_the_commands_are_those_of_the_plain_unet(
    ablation: Any, trainings: Trainings, tmp_path: Path
) -> None:
    ablation.run(options(tmp_path, "default", "haze", seeds=[5]))
    default, haze = (" ".join(command) for command in trainings.commands)
    for command in (default, haze):
        assert "--fold 0 --seed 5 --epochs 2" in command and command.endswith("--device cpu")
        assert "variants" not in command
    assert "policies" not in default and "policies/haze.json" in haze
    parser = ConfigParser()
    parser.read_config(str(find_bundle(ablation.BUNDLE).path))
    assert parser["network_def"]["_target_"] == "UNet"


def test_every_policy_is_a_variant_that_draws_samples(
    ablation: Any, tmp_path: Path, busi_dataset: Path
) -> None:
    dataset, lengths = read(busi_dataset), {}
    for policy in ablation.POLICIES:
        path = ablation._written(tmp_path, policy)
        bundle = find_bundle(ablation.BUNDLE, [] if path is None else [str(path)])
        training = training_of(dataset, bundle, 0, 0)
        image = training.samples[1, 0]["image"]
        assert image.shape == (1, 128, 128) and np.isfinite(np.asarray(image)).all()
        assert isinstance(training.samples.transform, Compose)
        lengths[policy] = len(training.samples.transform.flatten().transforms)
    default = lengths.pop("default")
    assert lengths.pop("none") < default
    assert set(lengths.values()) == {default + 1}
