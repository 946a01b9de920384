from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.report.sources import CLASSES, CROSSVAL, LESIONS, RUN, Sources, read_sources


def refused(folder: Path, **options: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_sources(folder, str(folder), **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_run_is_read_with_all_that_lies_in_it(classes: Sources) -> None:
    assert (classes.kind, classes.task, classes.leaky) == (RUN, CLASSES, False)
    assert classes.dataset is not None and classes.absence == "" and classes.audit is None
    assert set(classes.first.files) == {"record", "calibration", "mlflow", "metadata"}
    assert classes.first.fold == 0 and len(classes.cases.table) == 6
    assert classes.table("uncalibrated.csv") is not None and classes.table("regions.csv") is None


def test_a_cross_validation_pools_the_folds_of_its_first_seed(made: Path, folds: Sources) -> None:
    assert folds.kind == CROSSVAL and [m.fold for m in folds.members] == [0, 1, 2]
    assert len(folds.cases.table) == 18
    seeds = read_sources(made / "seeds", "seeds")
    assert [m.name for m in seeds.members] == ["fold0-seed0", "fold1-seed0", "fold2-seed0"]
    assert len(seeds.cases.table) == 18 and set(seeds.pooled["by_seed"]) == {"0", "1"}


def test_the_tasks_are_told_apart(lesions: Sources) -> None:
    assert lesions.task == LESIONS and lesions.table("regions.csv") is not None


def test_what_is_no_ended_run_is_refused_in_a_line(made: Path, tmp_path: Path) -> None:
    assert "is no folder" in refused(tmp_path / "nowhere")
    assert "holds no run (config.json is missing)" in refused(tmp_path)
    run = tmp_path / "run"
    shutil.copytree(made / "classes", run)
    (run / "scores.json").write_text("{")
    assert "cannot be read" in refused(run)
    (run / "scores.json").write_text("{}")
    assert "holds no scores; evaluate the run again" in refused(run)
    (run / "scores.json").unlink()
    assert "its training has not ended" in refused(run) and "--resume true" in refused(run)


@pytest.mark.parametrize(
    ("name", "content", "missing"),
    [
        ("calibration.json", {}, "temperature"),
        ("calibration.json", {"temperature": "warm"}, "temperature"),
        ("operating_point.json", {"gate": None}, "gate"),
        ("record.json", {"code": "abc"}, "code"),
    ],
)
def test_a_file_that_lacks_what_a_training_writes_is_refused(
    name: str, content: dict[str, object], missing: str, made: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(made / "classes", run)
    (run / name).write_text(json.dumps(content))
    assert f"{run / name} holds no {missing}; expected what a training writes" in refused(run)


@pytest.mark.parametrize("content", [{}, {"runs": []}, {"runs": [{"seed": 7, "folder": "a"}]}])
def test_a_record_that_no_cross_validation_wrote_is_refused(
    content: dict[str, object], made: Path, tmp_path: Path
) -> None:
    (tmp_path / "crossval.json").write_text(json.dumps({"finished": True, **content}))
    shutil.copy(made / "folds" / "scores.json", tmp_path)
    assert "is not what med2d crossval writes; pool the runs again by: med2d" in refused(tmp_path)


@pytest.mark.parametrize("kind", ["classes", "lesions", "maps"])
def test_cases_that_were_cut_off_are_refused(kind: str, made: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(made / kind, run)
    lines = (run / "cases.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (run / "cases.csv").write_text("".join(lines[:3]), encoding="utf-8")
    assert "cases.csv has 2 images, and the scores in scores.json are of" in refused(run)


def test_a_cross_validation_that_has_not_ended_tells_how_to_go_on(tmp_path: Path) -> None:
    record = {"finished": False, "command": "med2d crossval x"}
    (tmp_path / "crossval.json").write_text(json.dumps(record))
    assert "has not ended; go on by: med2d crossval x" in refused(tmp_path)


def test_data_that_have_moved_or_changed_are_told(made: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(made / "classes", run)
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | {"dataset_dir": "gone"}))
    found = read_sources(run, "run")
    assert found.dataset is None and "Say where it is by --dataset_dir" in found.absence
    assert read_sources(run, "run", made / "data").dataset is not None
    assert "is not the dataset that the run was trained on" in refused(
        run, dataset_dir=made / "masks"
    )
    (run / "config.json").write_text(json.dumps(config | {"dataset_digest": "0"}))
    assert "has changed since" in read_sources(run, "run").absence


def test_scores_of_other_images_are_found(made: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(made / "classes", run)
    scores = json.loads((run / "scores.json").read_text()) | {"scored": {"part": "testing"}}
    for place in ("testing", "sites/north", "rescored"):
        (run / place).mkdir(parents=True)
        kept = scores if place != "rescored" else {"scores": {}}
        (run / place / "scores.json").write_text(json.dumps(kept))
    assert list(read_sources(run, "run").others) == ["sites/north", "testing"]
