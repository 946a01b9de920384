"""Every shipped configuration of the bundle is run on phantoms, in this process where possible."""

from __future__ import annotations

import io
import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
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
from pipelines.deployment.logged_model import copy_bundle
from pipelines.deployment.mlflow_model import BundleModel
from pipelines.errors import InputError
from pipelines.training.run_comparison import compare_runs
from pipelines.training.workflow import readable_cause
from tests.bundles.conftest import med2d

ROOT = bundle_root("breast_us_segmentation")
CONFIGS = ROOT / "configs"
TRAIN = str(CONFIGS / "train.json")
EVALUATE = str(CONFIGS / "evaluate.json")
MULTI = str(CONFIGS / "multi_gpu_train.json")
INFERENCE = str(CONFIGS / "inference.json")
SMALL = {
    "image_size": 64,
    "batch_size": 4,
    "num_workers": 0,
    "network_def#channels": [4, 4, 8, 8, 16],
}


def _untracked() -> dict[str, bool]:
    """An override by which MLflow hears nothing of a run."""
    handlers = json.loads(Path(TRAIN).read_text())["train"]["handlers"]
    (place,) = (n for n, each in enumerate(handlers) if each["_target_"].endswith(".Tracking"))
    return {f"train::handlers::{place}::_disabled_": True}


def _train(
    folder: Path, dataset: Path, files: list[str] | None = None, tracked=False, **overrides
) -> Path:
    given = {
        **SMALL,
        **({} if tracked else _untracked()),
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


def _last_state(folder: Path) -> dict:
    return torch.load(folder / "checkpoint.pt", weights_only=True)["network"]


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """A working folder of its own, with an old file store that must not matter."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "mlruns" / "0").mkdir(parents=True)
    (folder / "mlruns" / "0" / "meta.yaml").write_text("artifact_location: x\nexperiment_id: 0\n")
    before, uri = Path.cwd(), os.environ.pop("MLFLOW_TRACKING_URI", None)
    os.chdir(folder)
    yield folder
    os.chdir(before)
    if uri is not None:
        os.environ["MLFLOW_TRACKING_URI"] = uri


@pytest.fixture(scope="module")
def trained(tracked, busi_dataset):
    return _train(tracked / "run", busi_dataset, tracked=True)


def test_a_run_leaves_what_the_contract_says(trained, busi_dataset):
    cases = pd.read_csv(trained / "cases.csv")
    scores = json.loads((trained / "scores.json").read_text())
    dataset = json.loads((busi_dataset / "dataset.json").read_text())
    scored = {Path(i["image"]).stem for i in dataset["training"] if i["fold"] == 0}
    assert set(cases["id"]) == scored
    assert {"group", "fold", "class", "dice", "iou", "lesion_area", "predicted_area"} <= set(cases)
    assert scores["scores"]["dice"]["n"] == int((cases["lesion_area"] > 0).sum())
    assert scores["scores"]["dice"]["value"] == pytest.approx(cases["dice"].mean())
    assert scores["scores"]["dice"]["low"] <= scores["scores"]["dice"]["high"]
    for name in ("loss", "precision", "recall", "f1", "dice"):
        assert (trained / "curves" / f"{name}.png").is_file()
    assert (trained / "overlays" / "worst.png").is_file()
    history = pd.read_csv(trained / "history.csv")
    assert history["epoch"].tolist() == [1, 2]
    assert json.loads((trained / "config.json").read_text())["image_size"] == 64


def test_the_scored_masks_are_the_cases(trained, busi_dataset):
    cases = pd.read_csv(trained / "cases.csv").set_index("id")
    for name, row in cases.iterrows():
        mask = np.asarray(Image.open(trained / "predictions" / f"{name}_mask.png"))
        truth = np.asarray(Image.open(busi_dataset / "masks" / f"{name}.png"))
        assert mask.shape == truth.shape
        assert int(mask.sum()) == row["predicted_area"]
        assert int((mask & truth).sum()) == row["tp"]


def test_the_regions_are_those_of_the_masks(trained):
    regions = pd.read_csv(trained / "regions.csv")
    cases = pd.read_csv(trained / "cases.csv").set_index("id")
    counts = regions.groupby("id").size().reindex(cases.index, fill_value=0)
    assert counts.tolist() == cases["predicted_lesions"].tolist()  # no gate, no least region
    assert (regions["lesion"] > 0).sum() == cases["found_lesions"].sum()
    assert regions["presence"].isna().all()
    froc = json.loads((trained / "scores.json").read_text())["froc"]
    assert froc["regions"] == len(regions)
    assert froc["curve"][-1][1] == pytest.approx(
        cases["found_lesions"].sum() / cases["lesions"].sum()
    )
    assert (trained / "plots" / "froc.png").is_file()


def test_one_mlflow_run_holds_it_all(trained, tracked):
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{tracked / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("breast_us_segmentation")
    record = json.loads((trained / "mlflow.json").read_text())
    found = [r for r in client.search_runs([experiment.experiment_id]) if r.info.run_name == "run"]
    assert [r.info.run_id for r in found] == [record["run_id"]]
    (only,) = found
    assert only.info.status == "FINISHED"
    assert only.data.params["backbone"] == "UNet"
    assert only.data.params["with.network_def.channels"] == "[4, 4, 8, 8, 16]"
    assert only.data.params["image_size"] == "64"
    assert len(only.data.params["split_hash"]) == 12
    contexts = {each.tags[0].value for each in only.inputs.dataset_inputs}
    assert contexts == {"training", "validation", "testing"}
    assert len(client.get_metric_history(record["run_id"], "val_f1")) == 2
    names = {a.path for a in client.list_artifacts(record["run_id"])}
    assert {"cases.csv", "scores.json", "curves", "overlays", "model.pt", "tables"} <= names
    images = [a.path for a in client.list_artifacts(record["run_id"], "images")]
    shown = {tuple(path.split("+")[0:3:2]) for path in images if path.endswith(".png")}
    numbers, steps = (1, 2, 3, 4), ("0", "1", "2")  # 0 is the truth alone
    assert shown == {(f"images/pictures~{n}", step) for n in numbers for step in steps}
    assert {"version.monai", "dataset", "device"} <= set(only.data.tags)


def test_evaluation_alone_gives_the_same_scores(trained):
    before = (trained / "cases.csv").read_bytes()
    (trained / "cases.csv").unlink()
    run(config_file=[TRAIN, EVALUATE], output_dir=str(trained), num_workers=0)
    assert (trained / "cases.csv").read_bytes() == before


@pytest.fixture(scope="module")
def joint(tracked, busi_dataset):
    """A run of the joint recipe, its network narrow."""
    given = {name: value for name, value in SMALL.items() if "network_def" not in name}
    given |= {"network_def#options": {"width_mult": 0.1}, "network_def#channels": 8}
    folder = tracked / "joint"
    run(
        config_file=[TRAIN, str(CONFIGS / "variants" / "joint.json")],
        epochs=1,
        val_interval=1,
        dataset_dir=str(busi_dataset),
        output_dir=str(folder),
        **given,
        **_untracked(),
    )
    return folder


def test_the_validation_fold_chooses_the_gate(joint, busi_dataset):
    point = json.loads((joint / "operating_point.json").read_text())
    items = json.loads((busi_dataset / "dataset.json").read_text())["training"]
    validated = [item for item in items if item["fold"] == 1]
    assert point["normal_images"] == sum(item["class"] == "normal" for item in validated)
    state = torch.load(joint / "model.pt", weights_only=True)
    assert float(state["gate"]) == pytest.approx(point["gate"])
    assert point["sensitivity"] >= 0.97 * point["drawn"] - 1e-9
    assert "least_share_was_given" not in point
    regions = pd.read_csv(joint / "regions.csv")
    assert regions["presence"].between(0, 1).all()


def _changed(joint: Path, folder: Path, **changes: Any) -> Path:
    """A copy of the run with other weights."""
    shutil.copytree(joint, folder)
    state = torch.load(folder / "model.pt", weights_only=True)
    given = {name.replace("__", "."): torch.as_tensor(value) for name, value in changes.items()}
    torch.save({**state, **given}, folder / "model.pt")
    return folder


def _cases(folder: Path) -> pd.DataFrame:
    run(config_file=[TRAIN, EVALUATE], output_dir=str(folder))
    return pd.read_csv(folder / "cases.csv")


def test_a_closed_gate_empties_every_mask_wherever_the_model_answers(joint, tmp_path, pictures):
    wide, closed = (  # both draw the whole image
        _changed(joint, tmp_path / str(gate), gate=gate, lesion__bias=[9.0]) for gate in (0.0, 1.0)
    )
    assert (_cases(wide)["predicted_area"] > 0).all()
    assert (_cases(closed)["predicted_area"] == 0).all()
    before, after = (pd.read_csv(folder / "regions.csv") for folder in (wide, closed))
    pd.testing.assert_frame_equal(before, after)  # those before any gate
    for folder, share in ((wide, 1), (closed, 0)):
        target = tmp_path / f"answers_{share}"
        answers = _infer(str(folder / "configs" / "inference.json"), pictures, target)
        masks = [np.asarray(Image.open(path)) for path in answers.glob("*.png")]
        assert masks and all((mask.mean() > 0.9) == share for mask in masks)


def test_the_chosen_least_region_is_removed_wherever_the_model_answers(joint, tmp_path, pictures):
    torch.manual_seed(0)
    weight = torch.randn(1, 8, 1, 1) * 1000  # draws here and there
    folder = _changed(joint, tmp_path / "least", gate=0.0, lesion__weight=weight)
    point = json.loads((folder / "operating_point.json").read_text())
    areas = []
    for share in (0.0, 0.9999):
        (folder / "operating_point.json").write_text(json.dumps({**point, "least_share": share}))
        target = tmp_path / str(share)
        answers = _infer(str(folder / "configs" / "inference.json"), pictures, target)
        masks = sum(np.asarray(Image.open(path)).sum() for path in answers.glob("*.png"))
        areas.append((_cases(folder)["predicted_area"].sum(), masks))
    assert areas[1] == (0, 0)
    assert min(areas[0]) > 0


def test_the_model_for_mlflow_draws_as_the_bundle_does(joint, tmp_path, pictures):
    torch.manual_seed(0)
    weight = torch.randn(1, 8, 1, 1) * 1000  # draws here and there
    names = [path.name for path in sorted(pictures.iterdir())]
    table = pd.DataFrame({"image": [(pictures / name).read_bytes() for name in names]})
    drawn = {}
    for gate, share in ((0.0, 0.0), (0.0, 0.9999), (1.0, 0.0)):
        folder = _changed(joint, tmp_path / f"{gate}{share}", gate=gate, lesion__weight=weight)
        point = json.loads((folder / "operating_point.json").read_text())
        (folder / "operating_point.json").write_text(json.dumps({**point, "least_share": share}))
        target = tmp_path / f"answers_{gate}{share}"
        answers = _infer(str(folder / "configs" / "inference.json"), pictures, target)
        copy_bundle(folder, tmp_path / f"model_{gate}{share}")
        shutil.rmtree(folder)
        found = BundleModel(tmp_path / f"model_{gate}{share}").predict(table)["mask"]
        expected = [(answers / f"{Path(name).stem}_mask.png").read_bytes() for name in names]
        assert found.tolist() == expected
        masks = [np.asarray(Image.open(io.BytesIO(content))) for content in found]
        drawn[gate, share] = sum(int(mask.sum()) for mask in masks)
    assert drawn[0.0, 0.0] > 0 == drawn[0.0, 0.9999] == drawn[1.0, 0.0]


def test_evaluation_takes_the_variant_from_the_run(tracked, busi_dataset):
    variant = str(CONFIGS / "variants" / "seed_unet.json")
    folder = tracked / "seed"
    given = {name: value for name, value in SMALL.items() if "network_def" not in name}
    given |= {"network_def#features": [8, 4, 8, 16, 32, 4], **_untracked()}
    run(
        config_file=[TRAIN, variant],
        epochs=1,
        dataset_dir=str(busi_dataset),
        output_dir=str(folder),
        **given,
    )
    before = (folder / "cases.csv").read_bytes()
    run(config_file=[TRAIN, EVALUATE], output_dir=str(folder))
    assert (folder / "cases.csv").read_bytes() == before


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Another site's dataset folder: eighteen phantoms that no run has seen."""
    folder = tmp_path_factory.mktemp("site")
    med2d("phantom", "busi", folder / "raw", "--count", 18, "--seed", 7, "--size", 64)
    options = ("--task", "segmentation", "--folds", 3, "--workers", 1, "--no-audit")
    med2d("convert", "busi", folder / "raw", folder / "hospital_b", *options)
    return folder / "hospital_b"


@pytest.fixture(scope="module")
def sure(trained, tracked):
    """A run that is certain of a lesion everywhere: the trained one, its last bias raised."""
    folder = _copy(trained, tracked / "sure")
    state = torch.load(folder / "model.pt", weights_only=True)
    last = [name for name, value in state.items() if value.shape == (1,)][-1]
    state[last] += 1000
    torch.save(state, folder / "model.pt")
    return folder


def _copy(source: Path, target: Path, **changes) -> Path:
    """Copies a run, its recorded configuration changed; it is of no MLflow run."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("mlflow.json", "sites"))
    config = json.loads((target / "config.json").read_text())
    (target / "config.json").write_text(json.dumps({**config, **changes}))
    return target


def _evaluate(folder: Path, **options) -> dict:
    given = {name: str(value) for name, value in options.items() if name != "ensemble"}
    if "ensemble" in options:
        given["ensemble"] = list(map(str, options["ensemble"]))
    return {"config_file": [TRAIN, EVALUATE], "output_dir": str(folder), **given}


def test_another_site_is_scored_with_the_drop(trained, site):
    before = (trained / "scores.json").read_bytes()
    run(**_evaluate(trained, site_dir=site))
    folder = trained / "sites" / "hospital_b"
    cases = pd.read_csv(folder / "cases.csv")
    assert len(cases) == 18
    assert cases["fold"].isna().all()
    own = json.loads(before)["scores"]
    drop = json.loads((folder / "scores.json").read_text())["drop"]
    assert drop["scores"]["dice"]["own"] == pytest.approx(own["dice"]["value"])
    assert drop["scores"]["dice"]["other"] == pytest.approx(cases["dice"].mean())
    assert drop["classes"] == ["images with a lesion", "normal images"]
    assert (folder / "overlays" / "worst.png").is_file()
    assert len(list((folder / "predictions").glob("*_mask.png"))) == 18
    assert set(pd.read_csv(folder / "regions.csv")["id"]) <= set(cases["id"])
    assert (trained / "scores.json").read_bytes() == before


def test_runs_answer_another_site_together(trained, sure, tracked, site):
    run(**_evaluate(trained, site_dir=site, site_name="together", ensemble=[trained, sure]))
    folder = trained / "sites" / "together_ensemble"
    cases = pd.read_csv(folder / "cases.csv").set_index("id")
    for name, row in cases.iterrows():  # the mean of some probability and 1 is above a half
        mask = np.asarray(Image.open(folder / "predictions" / f"{name}_mask.png"))
        assert row["predicted_area"] == mask.size
    record = json.loads((folder / "scores.json").read_text())
    assert record["scored"]["runs"] == [str(trained), str(sure)]
    assert record["drop"]["scores"]["dice"]["n_own"] == 5
    regions = pd.read_csv(folder / "regions.csv")
    assert (regions.groupby("id").size().reindex(cases.index) == 1).all()
    assert record["froc"]["regions"] == len(cases) and regions["presence"].isna().all()
    assert (folder / "plots" / "froc.png").is_file()


def test_runs_answer_pictures_together(trained, sure, pictures, tmp_path):
    config = str(trained / "configs" / "inference.json")
    target = _infer(config, pictures, tmp_path / "out", ensemble=[str(trained), str(sure)])
    masks = [np.asarray(Image.open(path)) for path in target.glob("*.png")]
    assert len(masks) == len(PICTURES) and all(mask.all() for mask in masks)


def test_the_regions_of_runs_with_gates_are_those_before_them(joint, tmp_path, site):
    runs = [
        _changed(joint, tmp_path / name, gate=1.0, lesion__bias=[bias], presence__1__bias=[sure])
        for name, bias, sure in (("a", 9.0, 0.0), ("b", 9.0, 2.0))
    ]
    for run_, share in zip(runs, (0.0, 0.008), strict=True):
        path = run_ / "operating_point.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "least_share": share}))
        shutil.rmtree(run_ / "sites", ignore_errors=True)
    run(**_evaluate(runs[0], site_dir=site, ensemble=runs))
    folder = runs[0] / "sites" / "hospital_b_ensemble"
    cases, regions = (pd.read_csv(folder / name) for name in ("cases.csv", "regions.csv"))
    assert (cases["predicted_area"] == 0).all()  # every gate is closed
    assert sorted(regions["id"]) == sorted(cases["id"])
    assert (regions["share"] == 1).all()
    assert regions["presence"].between(0.4, 0.95).all()
    message = _message(**_evaluate(runs[0], site_dir=site, ensemble=runs), least_share=0.008)
    assert "the runs of the ensemble have 0.004" in message
    inference = ConfigParser(json.loads((runs[0] / "configs" / "inference.json").read_text()))
    inference.update({"bundle_root": str(runs[0]), "ensemble": list(map(str, runs))})
    assert inference.get_parsed_content("region_filter").least_share == 0.004


def test_a_training_goes_on_from_a_joint_model_and_keeps_a_given_least_region(
    joint, busi_dataset, tmp_path
):
    given = {name: value for name, value in SMALL.items() if "network_def" not in name}
    given |= {"network_def#options": {"width_mult": 0.1}, "network_def#channels": 8}
    source = _changed(joint, tmp_path / "source", gate=0.7)
    workflow = ConfigWorkflow(
        config_file=[TRAIN, str(CONFIGS / "variants" / "joint.json")],
        workflow_type="train",
        dataset_dir=str(busi_dataset),
        output_dir=str(tmp_path / "again"),
        weights=str(source / "model.pt"),
        least_share=0.01,
        **given,
    )
    workflow.initialize()
    state = torch.load(source / "model.pt", weights_only=True)
    own = workflow.parser.get_parsed_content("network").state_dict()
    assert all(torch.equal(own[name], state[name]) for name in state if name != "gate")
    assert float(own["gate"]) == 0
    point = workflow.parser.get_parsed_content("operating_point")
    assert point.least_share == point.region_filter.least_share == 0.01


def test_mirror_images_are_asked_as_well(trained, site):
    options = {"site_dir": site, "site_name": "mirrored", "flip_average": "true"}
    message = _message(**_evaluate(trained, **options))
    assert "evaluate it with --flip_average true" in message
    run(**_evaluate(trained, flip_average="true"))
    run(**_evaluate(trained, **options))
    folder = trained / "sites" / "mirrored_flip_average"
    own = json.loads((trained / "flip_average" / "scores.json").read_text())["scores"]["dice"]
    drop = json.loads((folder / "scores.json").read_text())["drop"]["scores"]["dice"]
    assert drop["own"] == pytest.approx(own["value"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"threshold": 0.3}, "has another threshold than this configuration"),
        ({"preprocessing": {"_target_": "Compose"}}, "has another preprocessing than this"),
        ({"scorer": {"bundle": "tissue_segmentation"}}, "is of the bundle tissue_segmentation, no"),
    ],
)
def test_runs_that_cannot_answer_together_are_named(trained, site, tmp_path, changes, expected):
    other = _copy(trained, tmp_path / "other", **changes)
    message = _message(**_evaluate(trained, site_dir=site, ensemble=[trained, other]))
    assert f"the run in {other} {expected}" in message


def test_images_that_a_run_has_seen_are_not_scored_as_another_site_s(trained, busi_dataset):
    message = _message(**_evaluate(trained, site_dir=busi_dataset))
    assert "30 of the 30 images" in message and "was trained, chosen or judged by" in message


def test_the_same_command_twice_gives_equal_weights_whatever_the_workers(
    trained, tracked, busi_dataset
):
    again = _train(tracked / "workers", busi_dataset, num_workers=2)
    found = compare_runs(trained, again)
    assert len(found) == 5 and all(each.equal for each in found), found


@pytest.mark.slow
def test_a_rerun_is_equal(trained, tracked):
    med2d("rerun", trained, "-o", tracked / "rerun")
    assert json.loads((tracked / "rerun" / "rerun.json").read_text())["equal"]


def test_another_seed_gives_other_weights(tracked, busi_dataset):
    first, again, other = (
        _first_weights(tracked / f"first{n}", busi_dataset, seed)
        for n, seed in enumerate((0, 0, 1))
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def _first_weights(folder: Path, dataset: Path, seed: int) -> dict:
    """The weights from which a training with a seed begins."""
    given = {**SMALL, "dataset_dir": str(dataset), "output_dir": str(folder)}
    workflow = ConfigWorkflow(config_file=[TRAIN], workflow_type="train", seed=seed, **given)
    workflow.initialize()
    return workflow.network_def.state_dict()


def _command(folder: Path, dataset: Path, files: list[str], **overrides) -> list[str]:
    given = {**SMALL, "dataset_dir": str(dataset), "output_dir": str(folder), **overrides}
    pairs = [text for k, v in given.items() for text in (f"--{k}", str(v))]
    return ["-m", "monai.bundle", "run", "--config_file", str(files), *pairs]


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_weights_of_one_never_killed(tracked, busi_dataset):
    whole = _train(tracked / "whole", busi_dataset, epochs=4)
    killed = tracked / "killed"
    command = [sys.executable, *_command(killed, busi_dataset, [TRAIN], epochs=4)]
    process = subprocess.Popen(command, cwd=tracked, stderr=subprocess.DEVNULL)
    history = killed / "history.csv"
    deadline = time.monotonic() + 300
    while not (history.is_file() and (killed / "checkpoint.pt").is_file()):
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, "the run did not reach its first epoch"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed / "scores.json").exists()
    record = (killed / "mlflow.json").read_text()
    _train(killed, busi_dataset, epochs=4, resume="true", tracked=True)
    assert _same_weights(whole, killed)
    last, expected = _last_state(killed), _last_state(whole)
    assert all(torch.equal(last[k], expected[k]) for k in expected)
    assert (whole / "cases.csv").read_bytes() == (killed / "cases.csv").read_bytes()
    columns = ["epoch", "train_loss", "val_loss", "val_f1", "learning_rate"]
    one, other = (pd.read_csv(f / "history.csv")[columns] for f in (whole, killed))
    pd.testing.assert_frame_equal(one, other)
    assert (killed / "mlflow.json").read_text() == record


def test_monais_tracking_switch_still_gives_one_run(tracked, busi_dataset):
    from mlflow.tracking import MlflowClient

    _train(tracked / "switch", busi_dataset, epochs=1, tracked=True, tracking="mlflow")
    client = MlflowClient(f"sqlite:///{tracked / 'mlflow.db'}")
    experiments = {e.name for e in client.search_experiments()}
    assert experiments <= {"Default", "breast_us_segmentation"}


PICTURES = ("L", "RGB", "RGBA", "P", "I;16", "exif")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory, busi_dataset):
    """One picture in every mode; the same pixels, whatever the file says."""
    folder = tmp_path_factory.mktemp("pictures")
    grey = Image.open(next((busi_dataset / "images").glob("benign_*.png"))).convert("L")
    for mode in ("L", "RGB", "RGBA"):
        grey.convert(mode).save(folder / f"{mode}.png")
    palette = Image.fromarray(np.asarray(grey), mode="P")
    palette.putpalette([v for i in range(256) for v in (i, i, i)])
    palette.save(folder / "P.png")
    Image.fromarray(np.asarray(grey).astype(np.uint16) * 257).save(folder / "I;16.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it by a quarter clockwise
    grey.transpose(Image.Transpose.ROTATE_90).save(folder / "exif.png", exif=exif)
    return folder


def _infer(config: str, source: Path, target: Path, **overrides) -> Path:
    run(config_file=config, dataset_dir=str(source), output_dir=str(target), **overrides)
    return target


def test_inference_answers_every_mode_with_the_same_upright_mask(trained, pictures, tmp_path):
    target = _infer(str(trained / "configs" / "inference.json"), pictures, tmp_path / "out")
    masks = {m: np.asarray(Image.open(target / f"{m}_mask.png")) for m in PICTURES}
    with Image.open(pictures / "L.png") as grey:
        assert masks["L"].shape == (grey.height, grey.width)
    for mode in PICTURES[1:]:
        np.testing.assert_array_equal(masks[mode], masks["L"], err_msg=mode)


def test_inference_gives_the_masks_of_the_scoring(trained, busi_dataset, tmp_path):
    target = _infer(
        str(trained / "configs" / "inference.json"), busi_dataset / "images", tmp_path / "out"
    )
    for scored in (trained / "predictions").glob("*_mask.png"):
        np.testing.assert_array_equal(
            np.asarray(Image.open(target / scored.name)), np.asarray(Image.open(scored))
        )


def test_inference_keeps_the_spacing_of_a_nifti(trained, pictures, tmp_path):
    import nibabel as nib

    grey = np.asarray(Image.open(pictures / "L.png"))
    affine = np.diag([0.2, 0.3, 1.0, 1.0])  # its array is the picture, turned by half
    turned = grey.T[::-1, ::-1, None]
    (tmp_path / "in").mkdir()
    nib.Nifti1Image(turned, affine).to_filename(tmp_path / "in" / "x.nii.gz")
    Image.fromarray(grey).save(tmp_path / "in" / "y.png")
    out = _infer(str(trained / "configs" / "inference.json"), tmp_path / "in", tmp_path / "out")
    answer = nib.load(out / "x_mask.nii.gz")
    np.testing.assert_allclose(answer.affine, affine)
    mask = np.asarray(Image.open(out / "y_mask.png"))
    assert answer.shape == turned.shape
    np.testing.assert_array_equal(np.asarray(answer.dataobj)[::-1, ::-1, 0].T, mask)


def test_inference_as_shipped_runs_weights_of_the_default_recipe(pictures, tmp_path):
    parser = ConfigParser(json.loads(Path(INFERENCE).read_text()))
    torch.save(parser.get_parsed_content("network_def").state_dict(), tmp_path / "model.pt")
    out = _infer(INFERENCE, pictures, tmp_path / "out", weights=str(tmp_path / "model.pt"))
    assert len(list(out.iterdir())) == len(PICTURES)


def test_train_and_inference_share_one_preprocessing():
    train, inference = (json.loads(Path(p).read_text()) for p in (TRAIN, INFERENCE))
    shared = ("preprocessing", "network_def", "image_size", "threshold", "least_share")
    for key in (*shared, "probabilities", "region_filter"):
        assert train[key] == inference[key], key
    steps = train["postprocessing"]["transforms"]
    assert inference["postprocessing"]["transforms"][: len(steps)] == steps


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
    image = torch.rand(1, 1, 128, 128)
    exported = torch.jit.load(tmp_path / "model.ts")
    torch.testing.assert_close(exported(image), network(image))


def test_every_property_of_a_training_bundle_is_there(tracked, busi_dataset):
    given = {**SMALL, "dataset_dir": str(busi_dataset), "output_dir": str(tracked / "properties")}
    workflow = ConfigWorkflow(config_file=[TRAIN], workflow_type="train", **given)
    workflow.initialize()
    assert not workflow.check_properties()
    handlers = json.loads(Path(TRAIN).read_text())["train"]["handlers"]
    assert all(isinstance(handler, dict) for handler in handlers)  # MONAI's tools edit that list


def test_every_property_of_an_inference_bundle_is_there(trained, pictures, tmp_path):
    given = {"dataset_dir": str(pictures), "output_dir": str(tmp_path / "out")}
    config = str(trained / "configs" / "inference.json")
    workflow = ConfigWorkflow(config_file=config, workflow_type="infer", **given)
    workflow.initialize()
    assert not workflow.check_properties()


def _message(**given) -> str:
    with pytest.raises(Exception) as caught:
        run(**given)
    readable = readable_cause(caught.value)
    assert isinstance(readable, InputError | ValueError), repr(caught.value)
    return str(readable)


def test_a_misspelt_override_names_the_nearest(tracked, busi_dataset):
    given = {"dataset_dirr": str(busi_dataset), "output_dir": str(tracked / "never")}
    assert "did you mean dataset_dir?" in _message(config_file=[TRAIN], **given)
    assert not (tracked / "never").exists()


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"fold": 9}, "fold 9 does not exist"),
        ({"dataset_dir": "nowhere"}, "nowhere"),
        ({"epochs": 0}, "epochs is 0"),
        ({"weights": "no.pt"}, "no weights at no.pt"),
        ({"device": "cuda:99"}, "device is 'cuda:99', which cannot be used here"),
        ({"output_dir": 2024}, "--output_dir was read as 2024"),
        ({"dataset_dir": True}, "--dataset_dir was given no value"),
        ({"positive_weight": "abc"}, "positive_weight is 'abc'"),
        ({"cache_gigabytes": -1}, "cache_gigabytes is -1"),
        ({"network_def#strides": [2]}, "network_def cannot be built as UNet"),
        ({"network_def#out_channels": 2}, "network_def answers an image"),
        ({"network_def#in_channels": 3}, "takes 3-channel images and preprocessing gives 1-"),
        ({"optimizer::lr": "fast"}, "optimizer cannot be built as torch.optim.Adam"),
    ],
)
def test_bad_settings_are_named_and_nothing_is_written(tracked, busi_dataset, overrides, expected):
    given = {"dataset_dir": str(busi_dataset), "output_dir": str(tracked / "never"), **overrides}
    assert expected in _message(config_file=[TRAIN], **given)
    assert not (tracked / "never").exists()


def test_a_validation_every_second_epoch_leaves_the_others_empty(tracked, busi_dataset):
    sgd = {"optimizer::_target_": "torch.optim.SGD", "optimizer::momentum": 0.9}
    folder = _train(tracked / "second", busi_dataset, epochs=3, val_interval=2, **sgd)
    history = pd.read_csv(folder / "history.csv")
    assert history["val_loss"].isna().tolist() == [True, False, True]
    scores = json.loads((folder / "scores.json").read_text())
    assert (scores["epoch"], scores["epochs_run"]) == (2, 3)


def test_a_run_is_not_written_over(trained, busi_dataset):
    given = {"dataset_dir": str(busi_dataset), "output_dir": str(trained)}
    before = (trained / "model.pt").read_bytes()
    assert "already holds a run" in _message(config_file=[TRAIN], **given)
    assert (trained / "model.pt").read_bytes() == before


def test_inference_over_nothing_says_so(trained, tmp_path):
    (tmp_path / "empty").mkdir()
    given = {"dataset_dir": str(tmp_path / "empty"), "output_dir": str(tmp_path / "out")}
    config = str(trained / "configs" / "inference.json")
    assert "holds no picture" in _message(config_file=config, **given)


def test_an_uncaught_error_shows_one_line(tracked, busi_dataset, monkeypatch, capfd):
    command = _command(tracked / "never", busi_dataset, [TRAIN], epochz=3)
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(sys, "argv", command[1:])
    with pytest.raises(Exception) as caught:
        runpy.run_module("monai.bundle", run_name="__main__")
    sys.excepthook(caught.type, caught.value, caught.tb)  # as the interpreter does
    shown = capfd.readouterr().err
    assert "did you mean epochs?" in shown
    assert "Traceback" not in shown


@pytest.mark.slow
def test_the_command_line_shows_one_line_and_no_traceback(tracked, busi_dataset):
    command = [sys.executable, *_command(tracked / "never", busi_dataset, [TRAIN], epochz=3)]
    done = subprocess.run(command, cwd=tracked, capture_output=True, text=True)
    assert done.returncode != 0
    assert "did you mean epochs?" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("changed", [{"fold": 1}, {"threshold": 0.2}, {"image_size": 32}])
def test_a_run_is_scored_with_its_own_fold_and_recipe_alone(trained, changed):
    before = (trained / "scores.json").read_bytes()
    message = _message(config_file=[TRAIN, EVALUATE], output_dir=str(trained), **changed)
    assert f"{next(iter(changed))} is {next(iter(changed.values()))}" in message
    assert (trained / "scores.json").read_bytes() == before


def test_a_setting_that_fails_does_not_cost_the_run_that_it_would_replace(trained, busi_dataset):
    given = {**SMALL, "dataset_dir": str(busi_dataset), "output_dir": str(trained)}
    message = _message(config_file=[TRAIN], **given, overwrite=True, precision="fp16")
    assert "precision is 'fp16'" in message
    assert (trained / "model.pt").is_file()


def test_a_mask_that_changed_since_the_conversion_is_found(trained, busi_dataset, tmp_path):
    shutil.copytree(busi_dataset, tmp_path / "copy")
    mask = next((tmp_path / "copy" / "masks").glob("benign_*.png"))
    Image.fromarray(np.zeros_like(np.asarray(Image.open(mask)))).save(mask)
    message = _message(
        config_file=[TRAIN, EVALUATE], output_dir=str(trained), dataset_dir=str(tmp_path / "copy")
    )
    assert f"{mask.name} has changed since the dataset was made" in message
