"""A fold is scored by the best model, and the folder holds what a person needs to judge it."""

import json
import shlex
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from PIL import Image

from pipelines.bundles import bundle_root
from pipelines.datasets.dataset import digest, read
from pipelines.errors import InputError
from pipelines.evaluation.cases import read_cases
from pipelines.evaluation.lesion_candidates import candidate_table
from pipelines.evaluation.scores import LEAKY_LINE
from pipelines.training.case_scores import CaseScores
from pipelines.training.class_scores import ClassScores
from pipelines.training.classification_results import ClassificationResults
from pipelines.training.parts import fold_parts
from pipelines.training.scoring import (
    LEAKAGE,
    Scorer,
    check_bundle,
    check_trained_on,
    evaluate_command,
    leakage,
)
from pipelines.training.segmentation_results import SegmentationResults


@pytest.fixture
def scored(busi_dataset: Path, tmp_path: Path) -> SimpleNamespace:
    """A scorer of fold 0 whose network, once the best weights are in it, answers the truth."""
    return make_scored(busi_dataset, tmp_path / "run")


def make_scored(dataset: Path, folder: Path) -> SimpleNamespace:
    items = fold_parts(dataset, 0)["score"]
    (folder / "predictions").mkdir(parents=True)
    network = torch.nn.Conv2d(1, 1, 1, bias=False)
    torch.nn.init.zeros_(network.weight)
    torch.save({"weight": torch.ones(1, 1, 1, 1)}, folder / "model.pt")

    def answer(engine: Engine, batch: list[dict[str, Any]]) -> list[dict[str, torch.Tensor]]:
        truth = torch.tensor(np.asarray(Image.open(batch[0]["truth"])) > 0).float()[None]
        pred = network(truth[None])[0].detach()
        image = Image.fromarray(pred[0].numpy().astype(np.uint8))
        image.save(folder / "predictions" / f"{batch[0]['id']}_mask.png")
        return [{"pred": pred, "label": truth}]

    evaluator = Engine(answer)
    run = evaluator.run
    evaluator.run = lambda: run([[item] for item in items])  # as MONAI's evaluators run
    cases = CaseScores()
    cases.attach(evaluator)
    scorer = Scorer(evaluator, cases, network, folder, dataset, 0, "breast_us_segmentation")
    return SimpleNamespace(scorer=scorer, folder=folder, items=items)


def test_the_best_model_is_scored_and_everything_written(
    scored: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer = Engine(lambda engine, batch: None)
    scored.scorer.attach(trainer)
    trainer.run([0])
    table = read_cases(scored.folder / "cases.csv")
    assert list(table["id"]) == sorted(item["id"] for item in scored.items)
    record = json.loads((scored.folder / "scores.json").read_text(encoding="utf-8"))
    assert record["fold"] == 0
    assert record["scores"]["dice"]["value"] == 1
    assert record["scores"]["false_positive_rate"]["value"] == 0
    assert "near-duplicate" in record["grouping"]
    assert "leakage between a patient's own images cannot be excluded" in record["grouping"]
    assert list((scored.folder / "overlays").glob("*.png"))
    out = capsys.readouterr().out
    assert "pixel_f1" in out
    for name in ("model.pt", "scores.json", "cases.csv", "overlays", "predictions"):
        assert str(scored.folder / name) in out
    assert "regions.csv" not in out and "plots" not in out


def test_the_regions_and_their_curve_are_told(
    scored: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    regions = SimpleNamespace(table=candidate_table([]))
    scored.scorer.results = SegmentationResults(regions)  # type: ignore[arg-type]
    scored.scorer.run()
    out = capsys.readouterr().out
    for name in ("regions.csv", "plots"):
        assert (scored.folder / name).exists()
        assert str(scored.folder / name) in out


@pytest.mark.parametrize("leaky", [False, True])
def test_every_result_of_a_leaky_split_carries_the_mark(
    leaky: bool,
    busi_dataset: Path,
    leaky_dataset: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    scored = make_scored(leaky_dataset if leaky else busi_dataset, tmp_path / "run")
    scored.scorer.run()
    assert set(read_cases(scored.folder / "cases.csv")["leaky"]) == {int(leaky)}
    record = json.loads((scored.folder / "scores.json").read_text(encoding="utf-8"))
    assert record["leaky"] is leaky
    for text in (record["grouping"], capsys.readouterr().out):
        assert ("leaky split: these scores are too good" in text) is leaky


@pytest.mark.parametrize(("asked", "told"), [(9, True), (3, False)])
def test_the_epochs_are_recorded_and_a_run_that_never_ended_is_told(
    asked: int, told: bool, scored: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    (scored.folder / "history.csv").write_text("epoch,val_f1\n1,0.2\n2,0.4\n3,0.1\n")
    config = {"epochs": asked, "patience": 5}
    (scored.folder / "config.json").write_text(json.dumps(config))
    scored.scorer.run()
    record = json.loads((scored.folder / "scores.json").read_text(encoding="utf-8"))
    assert (record["epoch"], record["epochs_run"]) == (2, 3)
    expected = "did 3 of 9 epochs and never ended; the model scored is of epoch 2"
    assert (expected in caplog.text) is told


def test_a_run_without_a_model_is_refused(scored: SimpleNamespace) -> None:
    (scored.folder / "model.pt").unlink()
    with pytest.raises(InputError, match="no weights at"):
        scored.scorer.run()


def test_the_command_names_files_that_exist() -> None:
    words = shlex.split(evaluate_command("breast_us_segmentation", "runs/my run"))
    assert words[:4] == ["python", "-m", "monai.bundle", "run"]
    assert words[-2:] == ["--output_dir", "runs/my run"]
    root = bundle_root("breast_us_segmentation").parent.parent
    for name in words[5].strip("[]").split(","):
        assert (root / name.strip("'")).is_file()


def test_a_changed_dataset_is_refused(busi_dataset: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    record = {"dataset_digest": digest(read(busi_dataset))}
    (run / "config.json").write_text(json.dumps(record))
    shutil.copytree(busi_dataset, tmp_path / "moved")
    check_trained_on(busi_dataset, run)
    check_trained_on(tmp_path / "moved", run)
    path = tmp_path / "moved" / "dataset.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["training"][0]["fold"] = (content["training"][0]["fold"] + 1) % 5
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="is not the dataset that the run in"):
        check_trained_on(tmp_path / "moved", run)
    with pytest.raises(InputError, match="holds no run"):
        check_trained_on(busi_dataset, tmp_path / "gone")


def test_a_run_of_another_bundle_is_refused(tmp_path: Path) -> None:
    record = {"scorer": {"bundle": "breast_us_classification"}}
    (tmp_path / "config.json").write_text(json.dumps(record))
    check_bundle(tmp_path, "breast_us_classification")
    with pytest.raises(InputError, match="of the bundle breast_us_classification, not of fetal"):
        check_bundle(tmp_path, "fetal_plane_classification")


def test_nothing_is_said_of_patients_leakage_where_groups_are_patients() -> None:
    assert leakage("patient ids of the data, joined with near-duplicate clusters", False) == ""
    assert leakage("near-duplicate clusters; no patient ids", False) == LEAKAGE
    assert leakage("patient ids of the data", True) == LEAKY_LINE


@pytest.mark.parametrize("leaky", [False, True])
def test_a_classification_is_scored_by_its_own_results(
    leaky: bool, class_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(class_dataset, tmp_path / "data")
    path = tmp_path / "data" / "dataset.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["source"] |= {"leaky": True} if leaky else {}
    path.write_text(json.dumps(content), encoding="utf-8")
    labels, folder = ["benign", "malignant", "normal"], tmp_path / "run"
    folder.mkdir()
    items = fold_parts(tmp_path / "data", 0, "classification")["score"]
    network = torch.nn.Linear(1, 1)
    torch.save(network.state_dict(), folder / "model.pt")
    evaluator = Engine(lambda engine, batch: [{"pred": torch.eye(3)[b["label"]]} for b in batch])
    run = evaluator.run
    evaluator.run = lambda: run([items])
    cases, results = ClassScores(labels), ClassificationResults(labels)
    cases.attach(evaluator)
    bundle = "breast_us_classification"
    Scorer(evaluator, cases, network, folder, tmp_path / "data", 0, bundle, results=results).run()
    table = read_cases(folder / "cases.csv", results.columns)
    assert set(table["leaky"]) == {int(leaky)}
    assert list(table["predicted"]) == list(table["class"])
    record = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    assert record["leaky"] is leaky
    assert record["scores"]["balanced_accuracy"]["value"] == 1
    assert (folder / "plots" / "roc.png").is_file()
    out = capsys.readouterr().out
    assert "auroc (malignant)" in out
    assert (LEAKY_LINE in out) is leaky
