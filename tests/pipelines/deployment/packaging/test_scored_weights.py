"""Weights that were never scored are found by some of the scored images."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from pipelines.deployment.packaging.packaged_run import PackagedRun, packaged_run
from pipelines.deployment.packaging.scored_weights import check_scored_weights
from pipelines.errors import InputError
from pipelines.report.sources import CROSSVAL
from tests.pipelines.deployment.packaging import made_answering_run
from tests.pipelines.report import made_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("scored")
    classes = made_run.made_dataset(folder / "classes", "classification", 30)
    masks = made_run.made_dataset(folder / "masks", "segmentation", 30)
    return {
        "classification": made_answering_run.classification(folder / "class_run", classes),
        "segmentation": made_answering_run.segmentation(folder / "mask_run", masks),
    }


def with_other_weights(run: Path, target: Path, amount: float) -> Path:
    """A copy of a run, the last bias of whose network is shifted."""
    copy = shutil.copytree(run, target)
    state = torch.load(copy / "model.pt", weights_only=True)
    name = [each for each in state if each.endswith("bias")][-1]
    state[name] = state[name] + amount * torch.arange(1, len(state[name]) + 1)
    torch.save(state, copy / "model.pt")
    return copy


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_the_scored_weights_answer_as_they_did(task: str, runs: dict[str, Path]) -> None:
    found = check_scored_weights(packaged_run(runs[task]))
    assert found["cases"] == 8 and found["largest_difference"] <= 1e-6
    assert found["unit"] == ("probability" if task == "classification" else "pixels")


@pytest.mark.parametrize(
    ("task", "unit"), [("classification", "in a probability"), ("segmentation", "pixels")]
)
def test_other_weights_are_refused(
    task: str, unit: str, runs: dict[str, Path], tmp_path: Path
) -> None:
    other = packaged_run(with_other_weights(runs[task], tmp_path / "run", 0.5))
    told = rf"model\.pt is not what was scored: it answers \d of 8 images .* {unit} \(allowed"
    with pytest.raises(InputError, match=told):
        check_scored_weights(other)


def test_rounding_is_no_other_answer(runs: dict[str, Path], tmp_path: Path) -> None:
    near = packaged_run(with_other_weights(runs["classification"], tmp_path / "run", 1e-4))
    assert 0 < check_scored_weights(near)["largest_difference"] < 1e-3


def test_it_is_told_where_nothing_can_be_checked(runs: dict[str, Path]) -> None:
    run = packaged_run(runs["classification"])
    gone = {**run.sources.__dict__, "dataset": None, "absence": "The dataset is not at hand."}
    found = check_scored_weights(run._replace(sources=run.sources.__class__(**gone)))
    assert found == {"cases": 0, "reason": "The dataset is not at hand."}


def ensemble(run: PackagedRun, folder: Path) -> PackagedRun:
    """The run twice, as the members of a cross-validation."""
    folder.mkdir()
    own = torch.load(run.folder / "model.pt", weights_only=True)
    state = {f"members.{place}.{name}": own[name] for place in (0, 1) for name in own}
    torch.save(state, folder / "model.pt")
    sources = run.sources.__class__(**{**run.sources.__dict__, "kind": CROSSVAL})
    return run._replace(sources=sources, folder=folder, runs=(run.folder, run.folder))


def test_an_ensemble_holds_the_weights_of_its_runs(runs: dict[str, Path], tmp_path: Path) -> None:
    run = ensemble(packaged_run(runs["classification"]), tmp_path / "ensemble")
    assert check_scored_weights(run)["cases"] == 16
    other = with_other_weights(runs["classification"], tmp_path / "other", 0.5)
    with pytest.raises(InputError, match=r"does not hold the weights of .*other/model\.pt"):
        check_scored_weights(run._replace(runs=(runs["classification"], other)))
