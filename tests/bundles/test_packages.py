"""Trained runs of all bundles, and a cross-validation, as packages: all formats, and elsewhere."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from monai.bundle import run as run_bundle

from pipelines.bundles import bundle_root
from pipelines.crossval import run as crossval_run
from pipelines.crossval.plan import make_plan
from pipelines.crossval.run import cross_validate
from pipelines.datasets.phantoms import PHANTOMS
from pipelines.deployment.packaging import package
from pipelines.deployment.packaging.operating_point import Wanted
from pipelines.deployment.packaging.package import Request, Written, write_package
from tests.bundles.conftest import med2d
from tests.bundles.made_bundle import BUNDLES, SMALL
from tests.bundles.test_crossval import in_this_process, words
from tests.pipelines.deployment.packaging.unpacked_package import (
    elsewhere,
    pictures,
    run_without_med2d,
)

pytestmark = pytest.mark.slow

QUICK = {"batch_size": 4, "num_workers": 0, "epochs": 1, "precision": "float32"}
JOINT = {
    "image_size": 64,
    "val_interval": 1,
    "network_def#options": {"width_mult": 0.1},
    "network_def#channels": 8,
}
TISSUE = {"image_size": 32, "network_def::features": [4, 4, 8, 8, 8, 4]}


@pytest.fixture(scope="module", autouse=True)
def few_pictures() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "LEAST", 12)
        yield


def untracked(train: Path) -> dict[str, bool]:
    """An override by which MLflow hears nothing of a run."""
    handlers = json.loads(train.read_text(encoding="utf-8"))["train"]["handlers"]
    (place,) = (n for n, each in enumerate(handlers) if each["_target_"].endswith(".Tracking"))
    return {f"train::handlers::{place}::_disabled_": True}


def check(written: Written, config: Path, run: Path, folder: Path) -> None:
    """Compares the formats' record, and the answers of the zip with those of the run."""
    assert [each["key"] for each in written.record["checks"]] == ["ts", "pt2", "onnx"]
    assert all(each["largest_difference"] <= 1e-4 for each in written.record["checks"])
    source, other, own = pictures(folder, run), folder / "other", folder / "own"
    run_without_med2d(elsewhere(written, folder / "unpacked"), source, other)
    point = written.record["operating_point"]
    called = point["kind"] == "class threshold"
    applied = {"thresholds": {point["class"]: point["threshold"]}} if called else {}
    run_bundle(config_file=str(config), dataset_dir=str(source), output_dir=str(own), **applied)
    answers = {path.name: path.read_bytes() for path in own.iterdir()}
    assert answers == {path.name: path.read_bytes() for path in other.iterdir()} and answers


@pytest.mark.parametrize("name", sorted(BUNDLES))
def test_a_classification(name: str, trained: Callable[..., Path], tmp_path: Path) -> None:
    run = trained(BUNDLES[name])
    wanted = Wanted(sensitivity=0.9, label=BUNDLES[name].labels[0])
    with contextlib.chdir(run.parent):
        written = write_package(Request(run, tmp_path / "p", wanted=wanted))
    assert written.record["labels"] == list(BUNDLES[name].labels)
    check(written, run / "configs" / "inference.json", run, tmp_path)


@pytest.mark.parametrize(
    ("bundle", "variant", "phantoms", "small"),
    [
        ("breast_us_segmentation", "joint", "busi", JOINT),
        ("tissue_segmentation", None, "tissue", TISSUE),
    ],
)
def test_a_segmentation(
    bundle: str,
    variant: str | None,
    phantoms: str,
    small: dict[str, Any],
    tmp_path: Path,
) -> None:
    made = PHANTOMS[phantoms]
    med2d("phantom", phantoms, tmp_path / "raw", "--count", 18, "--size", 96, "--workers", 1)
    classes = ("--classes", "background,stroma,epithelium,necrosis")
    of_tissue = (*classes, "--group-pattern", "(slide_[0-9]+)_") if phantoms == "tissue" else ()
    task = ("--task", "segmentation") if phantoms == "busi" else ()
    options = ("--folds", 3, "--workers", 1, "--no-audit", *task, *of_tissue)
    med2d("convert", made.convert, tmp_path / "raw", tmp_path / "data", *options)
    configs = bundle_root(bundle) / "configs"
    files = [configs / "train.json", *([configs / "variants" / "joint.json"] if variant else [])]
    with contextlib.chdir(tmp_path):
        run_bundle(
            config_file=[str(file) for file in files],
            dataset_dir="data",
            output_dir="run",
            **{**QUICK, **small, **untracked(files[0])},
        )
        written = write_package(Request(Path("run"), tmp_path / "p"))
        kind = "gate" if variant else "most probable class"
        assert written.record["operating_point"]["kind"] == kind
        run = tmp_path / "run"
        check(written, run / "configs" / "inference.json", run, tmp_path)


def test_a_cross_validation(work: Path, datasets: Callable[[str], Path], tmp_path: Path) -> None:
    bundle = BUNDLES["breast_us_classification"]
    given = words({**SMALL, **bundle.smallest, "epochs": 1})
    plan = make_plan(bundle.name, str(datasets(bundle.name)), given, folder=tmp_path / "crossval")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        patch.setattr(crossval_run, "run_trainings", in_this_process)
        cross_validate(plan)
        wanted = Wanted(sensitivity=0.9, label="malignant")
        written = write_package(Request(plan.folder, tmp_path / "p", wanted=wanted))
    point = written.record["operating_point"]
    thresholds = sorted(each["threshold"] for each in point["runs"])
    assert len(thresholds) == 3 and point["threshold"] == thresholds[1]
    assert written.record["run"]["kind"] == "cross-validation"
    assert written.record["temperature"] is None
    card = (written.folder / "docs" / "README.md").read_text(encoding="utf-8")
    assert "The scores are those of the single runs" in card
    run = plan.folder / "fold0-seed0"
    check(written, plan.folder / "ensemble" / "configs" / "inference.json", run, tmp_path)
