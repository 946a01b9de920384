"""Other images than the own fold get results of their own, with the drop against the fold."""

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine

from pipelines.datasets.dataset import digest, read
from pipelines.evaluation.cases import read_cases, write_cases
from pipelines.evaluation.score_drop import score_drop
from pipelines.evaluation.segmentation import case_counts, case_row
from pipelines.training import classification_results, part_scorer
from pipelines.training.class_scores import ClassScores
from pipelines.training.classification_results import ClassificationResults
from pipelines.training.part_scorer import PartScorer, own_cases
from pipelines.training.scored_part import scored_part
from pipelines.training.segmentation_results import SegmentationResults

RESAMPLES = 50
LABELS = ["benign", "malignant", "normal"]
RESULTS = ClassificationResults(LABELS)
Make = Callable[..., SimpleNamespace]


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    few = partial(classification_results.classification_scores, resamples=RESAMPLES)
    monkeypatch.setattr(classification_results, "classification_scores", few)
    monkeypatch.setattr(part_scorer, "score_drop", partial(score_drop, resamples=RESAMPLES))


@pytest.fixture(scope="module")
def dataset(class_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four folds of six images, and six images for testing."""
    folder = tmp_path_factory.mktemp("parts") / "data"
    shutil.copytree(class_dataset, folder)
    path = folder / "dataset.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    whole = content["training"]
    content["testing"] = [
        {k: v for k, v in item.items() if k != "fold"} for item in whole if item["fold"] == 4
    ]
    content["training"] = [item for item in whole if item["fold"] < 4]
    path.write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture
def make(dataset: Path, tmp_path: Path) -> Make:
    """Makes a run of a fold, and a scorer whose network is right where ``right`` says so."""

    def made(name: str, fold: int, right: Callable[[str], bool], **options: Any) -> SimpleNamespace:
        folder = tmp_path / name
        if not folder.exists():
            folder.mkdir()
            config = {"dataset_dir": str(dataset), "fold": fold}
            config["dataset_digest"] = digest(read(dataset))
            (folder / "config.json").write_text(json.dumps(config))
            torch.save(torch.nn.Linear(1, 1).state_dict(), folder / "model.pt")
        part = scored_part(folder, dataset, fold, LABELS, **options)

        def answer(engine: Engine, batch: list[dict[str, Any]]) -> list[dict[str, torch.Tensor]]:
            places = [(item["label"] + (not right(item["id"]))) % 3 for item in batch]
            return [{"pred": 0.1 + 0.7 * torch.eye(3)[place]} for place in places]

        evaluator = Engine(answer)
        run = evaluator.run
        evaluator.run = lambda: run([part.items])
        cases = ClassScores(LABELS)
        cases.attach(evaluator)
        scorer = PartScorer(
            evaluator, cases, torch.nn.Linear(1, 1), folder, dataset, fold,
            "breast_us_classification", RESULTS, part, options=options,
        )  # fmt: skip
        return SimpleNamespace(folder=folder, part=part, scorer=scorer)

    return made


def record(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "scores.json").read_text(encoding="utf-8"))


def test_the_own_fold_is_scored_as_by_the_training(make: Make) -> None:
    run = make("a", 0, lambda name: True)
    run.scorer.run()
    assert record(run.folder)["fold"] == 0
    assert "drop" not in record(run.folder)
    assert set(read_cases(run.folder / "cases.csv", RESULTS.columns)["fold"]) == {0}


def test_the_testing_part_is_scored_beside_it_with_its_drop(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make("a", 0, lambda name: True)
    run.scorer.run()
    before = {path.name: path.read_bytes() for path in run.folder.iterdir() if path.is_file()}
    capsys.readouterr()
    test = make("a", 0, lambda name: not name.startswith("benign"), part="testing")
    test.scorer.run()
    assert {p.name: p.read_bytes() for p in run.folder.iterdir() if p.is_file()} == before
    found = record(run.folder / "testing")
    cases = read_cases(run.folder / "testing" / "cases.csv", RESULTS.columns)
    assert cases["fold"].isna().all()
    own = own_cases((run.folder,), RESULTS)
    assert found["drop"] == {"leaky": False, **score_drop(own, cases, LABELS, RESAMPLES)}
    recall = found["drop"]["scores"]["balanced_accuracy"]
    assert (recall["own"], recall["other"]) == (1, pytest.approx(2 / 3))
    assert recall["drop"] == pytest.approx(1 / 3)
    assert found["scored"]["part"] == "testing"
    assert found["fold"] is None
    assert found["command"].endswith("--part testing")
    assert (run.folder / "testing" / "plots" / "roc.png").is_file()
    out = capsys.readouterr().out
    assert "own dataset, testing images" in out
    assert "+0.333" in out


def test_an_ensemble_needs_no_model_and_is_compared_with_all_its_folds(make: Make) -> None:
    runs = [make("a", 0, lambda name: True), make("b", 1, lambda name: False)]
    for run in runs:
        run.scorer.run()
    folders = [run.folder for run in runs]
    (folders[0] / "model.pt").unlink()  # the network has its weights already
    together = make("a", 0, lambda name: True, part="testing", ensemble=folders)
    together.scorer.run()
    found = record(folders[0] / "testing_ensemble")
    assert found["scored"]["runs"] == [str(folder) for folder in folders]
    entry = found["drop"]["scores"]["accuracy"]
    assert (entry["own"], entry["other"], entry["n_own"]) == (0.5, 1, 12)


def test_a_fold_of_two_runs_counts_once_as_they_answer_together(make: Make) -> None:
    runs = [make("a", 0, lambda name: True), make("b", 0, lambda name: False)]
    for run in runs:
        run.scorer.run()
    folders = tuple(run.folder for run in runs)
    own = own_cases(folders, RESULTS)
    tables = [read_cases(folder / "cases.csv", RESULTS.columns) for folder in folders]
    assert own["id"].tolist() == sorted(tables[0]["id"])
    means = [sum(t.set_index("id")["p_benign"][name] for t in tables) / 2 for name in own["id"]]
    assert own["p_benign"].tolist() == pytest.approx(means)
    columns = own[[f"p_{name}" for name in LABELS]]
    assert own["predicted"].tolist() == [name[2:] for name in columns.idxmax(axis=1)]
    together = make("a", 0, lambda name: True, ensemble=[run.folder for run in runs])
    together.scorer.run()
    found = record(runs[0].folder / "ensemble")
    assert found["fold"] == 0
    assert "drop" not in found


def test_of_masks_a_fold_of_two_runs_is_what_one_reaches_on_average(
    make: Make,
) -> None:
    folders = tuple(make(name, 0, lambda name: True).folder for name in ("a", "b"))
    truth, nothing = np.eye(4, dtype=bool), np.zeros((4, 4), dtype=bool)
    for folder, answer in zip(folders, (truth, nothing), strict=True):
        counts = {"x": case_counts(answer, truth), "y": case_counts(answer, nothing)}
        rows = [case_row(name, "g", 0, "", count) for name, count in counts.items()]
        write_cases(folder / "cases.csv", rows)
    own = own_cases(folders, SegmentationResults()).set_index("id")
    assert own.loc["x", ["dice", "tp", "fn"]].tolist() == [0.5, 2, 2]
    assert own["false_positive"].isna().tolist() == [True, False]
    assert own.loc["y", "false_positive"] == 0.5
    assert own["group"].str.endswith("/g").all()
    entry = SegmentationResults().drop(own.reset_index(), own.reset_index())["scores"]["dice"]
    assert (entry["own"], entry["drop"]) == (0.5, 0)


def test_mirror_images_by_the_command_are_compared_with_the_fold_so_answered(make: Make) -> None:
    run = make("a", 0, lambda name: True)
    run.scorer.run()
    before = (run.folder / "cases.csv").read_bytes()
    flipped = make("a", 0, lambda name: False, flip_average=True)
    flipped.scorer.run()
    assert (run.folder / "cases.csv").read_bytes() == before
    found = record(run.folder / "flip_average")
    assert (found["fold"], found["scored"]["flip_average"]) == (0, True)
    assert found["command"].endswith("--flip_average True")
    make("a", 0, lambda name: True, part="testing", flip_average="true").scorer.run()
    drop = record(run.folder / "testing_flip_average")["drop"]["scores"]["accuracy"]
    assert (drop["own"], drop["other"]) == (0, 1)
