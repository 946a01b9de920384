"""Runs of one recipe answer together; anything else is refused."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch

from networks.calibrated_classifier import CalibratedClassifier
from networks.ensemble import Ensemble
from pipelines.errors import InputError
from pipelines.training.ensemble import answering_network, ensemble_runs

RECIPE: dict[str, Any] = {
    "network_def": {"_target_": "Linear"},
    "image_size": 96,
    "labels": ["a", "b"],
}


def run(folder: Path, weight: float, **changes: Any) -> Path:
    folder.mkdir()
    state = {"weight": torch.full((2, 3), weight), "bias": torch.arange(2.0)}
    torch.save(state, folder / "model.pt")
    (folder / "config.json").write_text(json.dumps({**RECIPE, **changes}))
    return folder


def test_the_runs_answer_by_the_mean_of_their_probabilities(tmp_path: Path) -> None:
    network = torch.nn.Linear(3, 2)
    runs = [str(run(tmp_path / name, weight)) for name, weight in (("a", 0.2), ("b", -1.0))]
    together = answering_network(network, "no such file", runs, recipe=RECIPE)
    assert isinstance(together, Ensemble)
    images, answers = torch.rand(4, 3), []
    for folder in runs:
        single = answering_network(torch.nn.Linear(3, 2), Path(folder) / "model.pt")
        answers.append(single(images).softmax(dim=1))
    torch.testing.assert_close(together(images).softmax(dim=1), torch.stack(answers).mean(dim=0))


@pytest.mark.parametrize("calibrated", [True, False])
def test_each_run_has_the_temperature_of_its_own_fold(
    calibrated: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    definition = {"_target_": "torch.nn.Linear", "in_features": 3, "out_features": 2}
    runs = [run(tmp_path / name, 0.2, network_def=definition) for name in ("a", "b")]
    state = {**torch.load(runs[0] / "model.pt"), "temperature": torch.tensor(2.0)}
    torch.save(state, runs[0] / "model.pt")
    network = CalibratedClassifier(torch.nn.Linear(3, 2), False, calibrated=calibrated)
    with caplog.at_level(logging.INFO, "med2d"):
        together = answering_network(network, None, runs, recipe=RECIPE)
    assert [float(member.temperature) for member in together.members] == [2, 1]  # type: ignore[union-attr, arg-type]
    images = torch.rand(4, 3)
    plain = images @ torch.full((3, 2), 0.2) + torch.arange(2.0)
    first = plain / 2 if calibrated else plain
    expected = (first.softmax(dim=1) + plain.softmax(dim=1)) / 2
    torch.testing.assert_close(together(images).softmax(dim=1), expected)
    told = "calibrated at temperature 2.000" if calibrated else "not calibrated, as asked"
    assert f"{runs[0] / 'model.pt'}: probabilities {told}" in caplog.text.replace("are ", "")
    if calibrated:
        assert f"{runs[1] / 'model.pt'}: temperature 1, probabilities are as the" in caplog.text


def test_runs_that_say_nothing_of_the_activation_are_read_by_a_softmax(tmp_path: Path) -> None:
    runs = [run(tmp_path / "a", 0.2), run(tmp_path / "b", 0.1, activation="softmax")]
    answering_network(torch.nn.Linear(3, 2), None, runs, recipe=RECIPE)


def test_runs_of_different_networks_answer_together(tmp_path: Path) -> None:
    runs = [run(tmp_path / "a", 0.2), tmp_path / "b"]
    definition = {"_target_": "torch.nn.Linear", "in_features": 3, "out_features": 2, "bias": False}
    run(runs[1], 0.0, network_def=definition)
    torch.save({"weight": torch.full((2, 3), 0.7)}, runs[1] / "model.pt")
    together = answering_network(torch.nn.Linear(3, 2), None, runs, recipe=RECIPE)
    assert [member.bias is None for member in together.members] == [False, True]  # type: ignore[union-attr]
    assert together(torch.rand(4, 3)).shape == (4, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"image_size": 128},
        {"labels": ["b", "a"]},
        {"activation": "sigmoid"},
        {"preprocessing": {"_target_": "Compose"}},
        {"threshold": 0.3},
    ],
)
def test_a_run_of_another_recipe_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    runs = [run(tmp_path / "a", 0.2), run(tmp_path / "b", 0.1, **changes)]
    with pytest.raises(InputError, match=f"the run in {runs[1]} has another {next(iter(changes))}"):
        answering_network(torch.nn.Linear(3, 2), None, runs, recipe=RECIPE)


def test_a_run_of_another_bundle_is_refused(tmp_path: Path) -> None:
    runs = [
        run(tmp_path / name, 0.2, scorer={"bundle": f"bundle_{name}"}, image_size=size)
        for name, size in (("a", 96), ("b", 128))
    ]
    recipe = {**RECIPE, "scorer": {"bundle": "bundle_a"}}
    with pytest.raises(InputError, match=r"b is of the bundle bundle_b, not of bundle_a; the runs"):
        answering_network(torch.nn.Linear(3, 2), None, runs, recipe=recipe)


def test_masks_are_averaged_channel_by_channel(tmp_path: Path) -> None:
    runs = [run(tmp_path / "a", 0.2), run(tmp_path / "b", -1.0)]
    images = torch.rand(4, 3)
    together = answering_network(torch.nn.Linear(3, 2), None, runs, "mask", RECIPE)
    answers = [
        answering_network(torch.nn.Linear(3, 2), folder / "model.pt")(images).sigmoid()
        for folder in runs
    ]
    torch.testing.assert_close(together(images).sigmoid(), torch.stack(answers).mean(dim=0))


def test_a_missing_run_is_named(tmp_path: Path) -> None:
    runs = [run(tmp_path / "a", 0.2), tmp_path / "gone"]
    with pytest.raises(InputError, match="gone holds no run"):
        answering_network(torch.nn.Linear(3, 2), None, runs, recipe=RECIPE)


def test_without_an_ensemble_there_are_no_runs() -> None:
    assert ensemble_runs(None) == []
    network = torch.nn.Linear(3, 2)
    assert answering_network(network, None) is network


@pytest.mark.parametrize(
    ("ensemble", "expected"),
    [
        ("runs/a", "expected two or more different folders"),
        (["runs/a"], "expected two or more different folders"),
        (["runs/a", "runs/../runs/a"], "expected two or more different folders"),
        (["runs/a", 7], "expected two or more different folders"),
        (["runs/a", "runs/b", "runs/a"], "names a folder twice"),
    ],
)
def test_what_is_no_ensemble_is_refused(ensemble: Any, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        ensemble_runs(ensemble)
