"""The tissue bundle on phantoms: maps of four classes in the colours of the data, by windows."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
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
from monai.networks.nets import BasicUNet
from numpy.typing import NDArray
from PIL import Image

from pipelines.bundles import bundle_root
from pipelines.datasets.dataset import read
from pipelines.datasets.phantoms import PHANTOMS
from pipelines.datasets.phantoms.tissue import COLOURS
from pipelines.evaluation.cases import read_cases
from pipelines.evaluation.class_maps import class_map_columns, pixel_confusion
from pipelines.preview.bundle_file import find_bundle
from pipelines.preview.network_view import network_view
from pipelines.training.class_map_batch_scores import ClassMapTrainingScores
from pipelines.training.run_comparison import compare_runs
from tests.bundles.conftest import med2d

ROOT = bundle_root("tissue_segmentation")
TRAIN, EVALUATE, MULTI, INFERENCE = (
    str(ROOT / "configs" / f"{name}.json")
    for name in ("train", "evaluate", "multi_gpu_train", "inference")
)
LABELS = tuple(COLOURS)
PALETTE = np.array(list(COLOURS.values()), dtype=np.uint8)
SMALL = {
    "image_size": 32,  # half of the phantoms: windows at work
    "batch_size": 4,
    "num_workers": 0,
    "precision": "float32",
    "memory_layout": "channels_last",
    "network_def::features": [4, 4, 4, 8, 8, 4],
}
Line = Callable[[BaseException], str]


def made_dataset(folder: Path, count: int, size: int, seed: int, folds: int) -> Path:
    """Makes phantoms and a dataset folder of them, as the phantoms' own command says."""
    raw, target = folder / "raw", folder / f"tissue_{seed}"
    numbers = ("--count", count, "--size", size, "--seed", seed, "--workers", 1)
    med2d("phantom", "tissue", raw, *numbers)
    classes = ("--classes", ",".join(LABELS), "--group-pattern", "(slide_[0-9]+)_")
    assert all(word.strip("'") in PHANTOMS["tissue"].options for word in classes)
    options = (*classes, "--folds", folds, "--workers", 1, "--no-audit")
    med2d("convert", "image-mask-folders", raw, target, *options)
    return target


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve phantoms of 64 x 64 pixels in three folds; do not write into it."""
    return made_dataset(tmp_path_factory.mktemp("tissue"), 12, 64, 1, 3)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder for runs."""
    return tmp_path_factory.mktemp("work")


def train(folder: Path, dataset: Path, files: tuple[str, ...] = (), **overrides: Any) -> Path:
    """Trains without MLflow, whose database takes seconds to make."""
    handlers = json.loads(Path(TRAIN).read_text(encoding="utf-8"))["train"]["handlers"]
    (place,) = (n for n, each in enumerate(handlers) if each["_target_"].endswith(".Tracking"))
    given = {**SMALL, "epochs": 2, "dataset_dir": str(dataset), "output_dir": str(folder)}
    given[f"train::handlers::{place}::_disabled_"] = True
    with contextlib.chdir(folder.parent):
        run(config_file=[TRAIN, *files], **{**given, **overrides})
    return folder


@pytest.fixture(scope="module")
def trained(work: Path, dataset: Path) -> Path:
    return train(work / "run", dataset)


def picture(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path))


def test_a_run_leaves_what_the_contract_says(trained: Path, dataset: Path) -> None:
    cases = read_cases(trained / "cases.csv", class_map_columns(LABELS))
    scores = json.loads((trained / "scores.json").read_text(encoding="utf-8"))
    items = json.loads((dataset / "dataset.json").read_text(encoding="utf-8"))["training"]
    assert set(cases["id"]) == {Path(i["image"]).stem for i in items if i["fold"] == 0}
    for label in LABELS:
        entry = scores["by_class"][label]["dice"]
        assert entry["value"] == pytest.approx(cases[f"dice_{label}"].mean())
        assert entry["n"] == cases[f"dice_{label}"].notna().sum()
    assert scores["labels"] == list(LABELS)
    assert np.sum(scores["confusion"]) == len(cases) * 64 * 64
    assert scores["surface_dice_tolerance"] == {"value": 2.0, "unit": "pixels"}
    assert "tissue_segmentation/configs/evaluate.json" in scores["command"]
    history = pd.read_csv(trained / "history.csv")
    assert history["epoch"].tolist() == [1, 2]
    assert {"train_dice", "val_dice", "val_iou", "val_accuracy", "val_loss"} <= set(history)
    for name in ("curves/dice", "curves/accuracy", "overlays/worst", "overlays/confusion"):
        assert (trained / f"{name}.png").is_file()
    recorded = json.loads((trained / "config.json").read_text(encoding="utf-8"))
    assert recorded["labels"] == list(LABELS)
    assert recorded["colours"] == PALETTE.tolist()
    machine = json.loads((trained / "machine.json").read_text(encoding="utf-8"))
    assert (machine["batch_size"], machine["effective_batch"]) == (4, 4)


def test_the_scored_maps_are_the_cases_in_the_colours_of_the_data(
    trained: Path, dataset: Path
) -> None:
    cases = pd.read_csv(trained / "cases.csv").set_index("id")
    for name, row in cases.iterrows():
        stem = trained / "predictions" / str(name)
        indices = picture(stem.with_name(f"{name}_index.png"))
        with Image.open(stem.with_name(f"{name}_mask.png")) as mask:
            np.testing.assert_array_equal(np.asarray(mask), indices)
            np.testing.assert_array_equal(np.asarray(mask.convert("RGB")), PALETTE[indices])
        assert picture(stem.with_name(f"{name}_blend.png")).shape == (64, 64, 3)
        truth = picture(dataset / "masks" / f"{name}.png")
        counts = pixel_confusion(indices, truth, len(LABELS))
        found = [row[f"pixels_{true}_as_{other}"] for true in LABELS for other in LABELS]
        assert found == counts.ravel().tolist()


def test_evaluation_alone_gives_the_same_scores(trained: Path) -> None:
    before = (trained / "cases.csv").read_bytes()
    (trained / "cases.csv").unlink()
    run(config_file=[TRAIN, EVALUATE], output_dir=str(trained), num_workers=0)
    assert (trained / "cases.csv").read_bytes() == before


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another site's dataset folder of twelve phantoms; do not write into it."""
    return made_dataset(tmp_path_factory.mktemp("site"), 12, 64, 2, 3)


def test_a_second_dataset_is_scored_with_the_drop(trained: Path, site: Path) -> None:
    run(config_file=[TRAIN, EVALUATE], output_dir=str(trained), site_dir=str(site), num_workers=0)
    folder = trained / "sites" / "tissue_2"
    cases = read_cases(folder / "cases.csv", class_map_columns(LABELS))
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    assert len(cases) == 12
    own = json.loads((trained / "scores.json").read_text(encoding="utf-8"))["scores"]
    assert scores["drop"]["scores"]["pixel_accuracy"]["own"] == own["pixel_accuracy"]["value"]
    assert len(list((folder / "predictions").glob("*_blend.png"))) == 12
    assert (folder / "overlays" / "confusion.png").is_file()


def test_runs_answer_together_and_mirrored(trained: Path, work: Path, site: Path) -> None:
    sure = work / "sure"  # of the class 2 everywhere
    shutil.copytree(trained, sure, ignore=shutil.ignore_patterns("sites"))
    state = torch.load(sure / "model.pt", weights_only=True)
    state["final_conv.bias"][2] += 1000
    torch.save(state, sure / "model.pt")
    runs = [str(trained), str(sure)]
    given = {"config_file": [TRAIN, EVALUATE], "num_workers": 0, "flip_average": "true"}
    for folder in runs:
        run(output_dir=folder, **given)
    run(output_dir=runs[0], ensemble=runs, site_dir=str(site), **given)
    folder = trained / "sites" / "tissue_2_ensemble_flip_average"
    for path in (folder / "predictions").glob("*_index.png"):  # (p + 1) / 2 of 2, p / 2 of others
        assert (picture(path) == 2).all()
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    assert scores["scored"]["runs"] == runs
    own = [
        json.loads((Path(one) / "flip_average" / "scores.json").read_text(encoding="utf-8"))
        for one in runs
    ]
    mean = np.mean([each["scores"]["dice"]["value"] for each in own])
    assert scores["drop"]["scores"]["dice"]["own"] == pytest.approx(mean)
    config = trained / "configs" / "inference.json"
    answers = infer(config, site / "images", work / "together", ensemble=runs)
    maps = [picture(path) for path in answers.glob("*_index.png")]
    assert len(maps) == 12 and all((one == 2).all() for one in maps)


def test_a_site_with_other_classes_is_refused(
    trained: Path, busi_dataset: Path, error_line: Line
) -> None:
    with pytest.raises(Exception) as caught:
        run(config_file=[TRAIN, EVALUATE], output_dir=str(trained), site_dir=str(busi_dataset))
    line = error_line(caught.value)
    assert f"the masks of {busi_dataset} have the classes background, tumour; the model's" in line


def test_the_same_command_twice_gives_equal_weights_and_scores(
    trained: Path, work: Path, dataset: Path
) -> None:
    found = compare_runs(trained, train(work / "again", dataset))
    assert len(found) == 4 and all(each.equal for each in found), found


@pytest.mark.slow
def test_a_rerun_is_equal(trained: Path, work: Path) -> None:
    med2d("rerun", trained, "-o", work / "rerun")
    assert json.loads((work / "rerun" / "rerun.json").read_text(encoding="utf-8"))["equal"]


def test_a_stopped_run_goes_on_to_the_weights_of_one_never_stopped(
    trained: Path, work: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = ClassMapTrainingScores._start

    def stop(self: ClassMapTrainingScores, engine: Any) -> None:
        if engine.state.epoch == 2:
            raise KeyboardInterrupt
        start(self, engine)

    monkeypatch.setattr(ClassMapTrainingScores, "_start", stop)
    with pytest.raises(KeyboardInterrupt):
        train(work / "stopped", dataset)
    monkeypatch.undo()
    assert not (work / "stopped" / "scores.json").exists()
    train(work / "stopped", dataset, resume="true")
    states = [
        torch.load(work / name / "checkpoint.pt", weights_only=True)["network"]
        for name in ("run", "stopped")
    ]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    cases = [(work / name / "cases.csv").read_bytes() for name in ("run", "stopped")]
    assert cases[0] == cases[1]


def test_a_step_without_memory_goes_on_in_halves(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = ConfigParser()
    parser.read_config(TRAIN)
    given = {**SMALL, "dataset_dir": str(dataset), "output_dir": str(tmp_path), "device": "cpu"}
    parser.update({**given, "train::handlers": [], "epochs": 1})
    answer, sizes = BasicUNet.forward, []

    def narrow(self: BasicUNet, images: torch.Tensor) -> torch.Tensor:
        sizes.append(len(images))
        if len(images) > 2:
            raise torch.OutOfMemoryError("out of memory")
        return answer(self, images)

    monkeypatch.setattr(BasicUNet, "forward", narrow)
    parser.get_parsed_content("train::trainer").run()
    assert sizes == [4, 2, 2]
    machine = json.loads((tmp_path / "machine.json").read_text(encoding="utf-8"))
    assert (machine["batch_size"], machine["effective_batch"]) == (2, 4)


def infer(config: str | Path, source: Path, target: Path, **overrides: Any) -> Path:
    run(config_file=str(config), dataset_dir=str(source), output_dir=str(target), **overrides)
    return target


def test_inference_gives_the_maps_of_the_scoring(
    trained: Path, dataset: Path, tmp_path: Path
) -> None:
    shutil.copytree(dataset / "images", tmp_path / "in")
    for path in (tmp_path / "in").iterdir():
        if not (trained / "predictions" / f"{path.stem}_mask.png").exists():
            path.unlink()
    out = infer(trained / "configs" / "inference.json", tmp_path / "in", tmp_path / "out")
    scored = list((trained / "predictions").iterdir())
    assert len(scored) == 12
    for path in scored:
        np.testing.assert_array_equal(picture(out / path.name), picture(path))


def test_transparent_parts_are_answered_as_black_ones(
    trained: Path, dataset: Path, tmp_path: Path
) -> None:
    rgb = picture(next((dataset / "images").iterdir())).copy()
    rgb[20:40, 10:30] = 0
    alpha = np.where((rgb == 0).all(axis=2), 0, 255).astype(np.uint8)
    white = np.where(alpha[..., None] == 0, 255, rgb).astype(np.uint8)
    (tmp_path / "in").mkdir()
    Image.fromarray(rgb).save(tmp_path / "in" / "black.png")
    Image.fromarray(np.dstack([white, alpha])).save(tmp_path / "in" / "clear.png")
    out = infer(trained / "configs" / "inference.json", tmp_path / "in", tmp_path / "out")
    np.testing.assert_array_equal(
        picture(out / "clear_index.png"), picture(out / "black_index.png")
    )


def test_a_picture_larger_than_a_window_is_answered_at_its_own_size(
    trained: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for name, shape in {"large": (75, 110, 3), "small": (17, 20, 3)}.items():
        Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(tmp_path / "in" / f"{name}.png")
    out = infer(trained / "configs" / "inference.json", tmp_path / "in", tmp_path / "out")
    assert picture(out / "large_index.png").shape == (75, 110)
    assert picture(out / "small_mask.png").shape == (17, 20)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (np.zeros((1, 40, 3), np.uint8), "40 x 1 pixels, smaller than the 16 pixels a side"),
        (np.full((20, 20), 300, np.uint16), "values from 300 to 300, of more than 8 bits"),
    ],
)
def test_pictures_that_cannot_be_answered_are_named(
    trained: Path, tmp_path: Path, error_line: Line, pixels: NDArray[Any], expected: str
) -> None:
    (tmp_path / "in").mkdir()
    Image.fromarray(pixels).save(tmp_path / "in" / "x.png")
    with pytest.raises(Exception) as caught:
        infer(trained / "configs" / "inference.json", tmp_path / "in", tmp_path / "out")
    line = error_line(caught.value)
    assert "x.png" in line and expected in line
    assert not (tmp_path / "out").exists()


def test_the_model_of_another_bundle_is_refused(
    trained: Path, dataset: Path, tmp_path: Path, error_line: Line
) -> None:
    other = ConfigParser()
    other.read_config(str(bundle_root("breast_us_segmentation") / "configs" / "inference.json"))
    weights = str(tmp_path / "model.pt")
    torch.save(other.get_parsed_content("network_def").state_dict(), weights)
    config = trained / "configs" / "inference.json"
    for call in (
        lambda: infer(config, dataset / "images", tmp_path / "out", weights=weights),
        lambda: train(tmp_path / "never", dataset, weights=weights),
    ):
        with pytest.raises(Exception) as caught:
            call()
        assert f"{weights} holds the weights of another network" in error_line(caught.value)
    assert not (tmp_path / "out").exists() and not (tmp_path / "never").exists()


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"fold": 9}, "fold 9 does not exist"),
        ({"image_size": 40}, "image_size is 40; expected a multiple of 16"),
        ({"boundary_tolerance": -1}, "boundary_tolerance is -1; expected a number of pixels"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"network_def::out_channels": 3}, "for each of the classes background, stroma, epith"),
        ({"network_def::dropout": 2}, "network_def cannot be built as BasicUNet"),
        ({"dropoutt": 0.5}, "there is no dropoutt in the configuration"),
        ({"labels": ["background", "tumour"]}, "expected ['background', 'stroma', 'epithelium'"),
        ({"colours": [[0, 0, 0], [1, 2, 300]]}, "for each of the 4 classes"),
    ],
)
def test_bad_settings_are_named_and_nothing_is_written(
    work: Path, dataset: Path, error_line: Line, overrides: dict[str, Any], expected: str
) -> None:
    with pytest.raises(Exception) as caught:
        train(work / "never", dataset, **overrides)
    assert expected in error_line(caught.value)
    assert not (work / "never").exists()


def test_a_dataset_without_anything_to_learn_is_refused(
    work: Path, dataset: Path, tmp_path: Path, error_line: Line
) -> None:
    import hashlib

    shutil.copytree(dataset, tmp_path / "empty")
    record = tmp_path / "empty" / "dataset.json"
    content = json.loads(record.read_text(encoding="utf-8"))
    for item in content["training"]:
        mask = tmp_path / "empty" / item["label"]
        Image.fromarray(np.zeros((64, 64), np.uint8)).save(mask)
        item["label_sha256"] = hashlib.sha256(mask.read_bytes()).hexdigest()
    record.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(Exception) as caught:
        train(work / "never", tmp_path / "empty")
    assert "empty has a foreground pixel: every mask is all background" in error_line(caught.value)


def test_the_network_is_the_u_net_that_is_asked_for() -> None:
    parser = ConfigParser(json.loads(Path(INFERENCE).read_text(encoding="utf-8")))
    network = parser.get_parsed_content("network_def")
    assert isinstance(network, BasicUNet)
    kinds = [type(module).__name__ for module in network.modules()]
    assert kinds.count("MaxPool2d") == kinds.count("ConvTranspose2d") == 4
    dropouts = [module for module in network.modules() if isinstance(module, torch.nn.Dropout)]
    assert len(dropouts) == kinds.count("BatchNorm2d") == kinds.count("ReLU") == 18
    assert {module.p for module in dropouts} == {0.2}
    assert network.final_conv.kernel_size == (1, 1)


def test_train_and_inference_share_one_recipe() -> None:
    first, other = (json.loads(Path(p).read_text(encoding="utf-8")) for p in (TRAIN, INFERENCE))
    for key in ("preprocessing", "network_def", "image_size"):
        assert first[key] == other[key], key
    steps = first["postprocessing"]["transforms"]
    assert other["postprocessing"]["transforms"][: len(steps)] == steps
    assert first["score"]["evaluator"]["inferer"] == other["inferer"]
    assert other["labels"] == list(LABELS)
    assert other["colours"] == PALETTE.tolist()


def test_the_bundles_own_checks_pass(tmp_path: Path) -> None:
    meta = str(ROOT / "configs" / "metadata.json")
    verify_metadata(meta_file=meta, filepath=str(ROOT.parent / "metadata_schema.json"))
    verify_net_in_out("network_def", meta_file=meta, config_file=INFERENCE)
    parser = ConfigParser(json.loads(Path(INFERENCE).read_text(encoding="utf-8")))
    network = parser.get_parsed_content("network_def").eval()
    torch.save(network.state_dict(), tmp_path / "model.pt")
    ckpt_export(
        "network_def",
        filepath=str(tmp_path / "model.ts"),
        ckpt_file=str(tmp_path / "model.pt"),
        meta_file=meta,
        config_file=INFERENCE,
    )
    image = torch.rand(1, 3, 64, 48)
    exported = torch.jit.load(tmp_path / "model.ts")
    torch.testing.assert_close(exported(image), network(image))


def test_every_property_of_both_bundles_is_there(
    trained: Path, work: Path, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work)
    given = {**SMALL, "dataset_dir": str(dataset), "output_dir": str(work / "properties")}
    workflow = ConfigWorkflow(config_file=[TRAIN], workflow_type="train", **given)
    workflow.initialize()
    assert not workflow.check_properties()
    config = str(trained / "configs" / "inference.json")
    given = {"dataset_dir": str(dataset / "images"), "output_dir": str(tmp_path / "out")}
    workflow = ConfigWorkflow(config_file=config, workflow_type="infer", **given)
    workflow.initialize()
    assert not workflow.check_properties()


def test_preview_shows_the_crops_that_train(dataset: Path) -> None:
    view = network_view(read(dataset), find_bundle("tissue_segmentation"), count=1, size=64)
    assert len(view.sheet.tiles) == 8
    assert [entry.name for entry in view.sheet.legend] == list(LABELS[1:])


@pytest.mark.slow
def test_a_narrow_network_learns_its_phantoms(tmp_path: Path) -> None:
    dataset = made_dataset(tmp_path, 300, 128, 1, 5)
    folder = train(
        tmp_path / "run",
        dataset,
        epochs=70,
        val_interval=5,
        image_size=64,
        batch_size=8,
        learning_rate=0.01,
        **{"network_def::features": [8, 8, 16, 32, 64, 8]},
    )
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))["scores"]
    assert scores["dice"]["value"] > 0.85
