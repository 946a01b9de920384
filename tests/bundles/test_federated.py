"""MONAI's client for federated learning trains and evaluates the bundles as they are."""

import contextlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from mlflow.tracking import MlflowClient
from monai.fl.client import MonaiAlgo
from monai.fl.utils.constants import ExtraItems
from monai.fl.utils.exchange_object import ExchangeObject

from pipelines.bundles import bundle_names, bundle_root
from pipelines.deployment.checks.runs import MADE_DATA
from pipelines.errors import InputError
from pipelines.training.workflow import check_id, readable_cause
from tests.bundles.conftest import med2d

PAGE = Path(__file__).resolve().parents[2] / "docs" / "federated.md"
FILES = ["configs/train.json", "configs/federated_train.json"]
SMALL: dict[str, dict[str, Any]] = {
    "bone_xray_classification": {"network_def::dense": 8},
    "breast_us_classification": {"network_def::options": {"width_mult": 0.35}},
    "breast_us_segmentation": {"network_def::channels": [4, 4, 8, 8, 16]},
    "fetal_plane_classification": {
        "network_def::backbone": "torchvision.mobilenet_v2",
        "network_def::options": {"width_mult": 0.35},
    },
    "tissue_segmentation": {"network_def::features": [4, 4, 4, 8, 8, 4]},
}


def configuration(name: str, file: str) -> dict[str, Any]:
    return json.loads((bundle_root(name) / file).read_text(encoding="utf-8"))


def client(name: str, dataset: Path, folder: Path, files: Any = FILES) -> MonaiAlgo:
    content = configuration(name, "configs/train.json")
    given = {
        **SMALL[name],
        **{key: value for key, value in FAST.items() if key in content},
        "dataset_dir": str(dataset),
        "output_dir": str(folder),
    }
    for place, handler in enumerate(content["train"]["handlers"]):
        if handler["_target_"].endswith(".Tracking"):
            given[f"train::handlers::{place}::_disabled_"] = True
    algo = MonaiAlgo(
        str(bundle_root(name)),
        local_epochs=1,
        send_weight_diff=False,
        config_train_filename=files,
        train_kwargs=given,
        eval_kwargs={"output_dir": str(folder), "precision": "float32"},
    )
    algo.initialize({ExtraItems.CLIENT_NAME: "site"})
    return algo


FAST = {
    "image_size": 64,
    "batch_size": 4,
    "num_workers": 0,
    "epochs": 2,
    "precision": "float32",
    "memory_layout": "channels_last",
}


def received(algo: MonaiAlgo) -> ExchangeObject:
    """The weights as a server would send them back: copies."""
    weights = algo.get_weights().weights
    return ExchangeObject(weights={key: value.clone() for key, value in weights.items()})


@pytest.mark.parametrize("name", bundle_names())
def test_the_file_changes_names_that_there_are(name: str) -> None:
    train = configuration(name, "configs/train.json")
    for each in configuration(name, FILES[1]):
        check_id(train, each)


def two_rounds(algo: MonaiAlgo, folder: Path) -> None:
    before = received(algo)
    for epoch in (1, 2):
        algo.train(before)
        after = received(algo)
        assert algo.trainer is not None and algo.trainer.state.epoch == epoch
        changed = [
            not torch.equal(before.weights[key], after.weights[key]) for key in after.weights
        ]
        assert any(changed)
        before = after
    metrics = algo.evaluate(after).metrics
    history = (folder / "history.csv").read_text(encoding="utf-8").splitlines()
    last = dict(zip(history[0].split(","), history[-1].split(","), strict=True))
    name = next(each for each in metrics if each in ("val_f1", "val_dice", "val_balanced_accuracy"))
    assert metrics[name] == pytest.approx(float(last[name]), abs=1e-6)  # of the last weights
    assert not (folder / "scores.json").exists()
    algo.finalize()


def test_a_site_trains_and_evaluates_a_segmentation(busi_dataset: Path, tmp_path: Path) -> None:
    algo = client("breast_us_segmentation", busi_dataset, tmp_path / "run")
    two_rounds(algo, tmp_path / "run")
    with pytest.raises(RuntimeError) as caught:  # another client begins in the folder of this one
        client("breast_us_segmentation", busi_dataset, tmp_path / "run")
    cause = readable_cause(caught.value)
    assert isinstance(cause, InputError) and "already holds a run" in str(cause)


def made(name: str, folder: Path) -> Path:
    """The made data of a bundle, in three folds."""
    from pipelines.datasets.phantoms import PHANTOMS

    data, target = MADE_DATA[name], folder / name
    phantom = PHANTOMS[data.phantom]
    numbers = ("--count", data.count, "--size", 64, "--seed", 1, "--workers", 1)
    med2d("phantom", data.phantom, folder / "raw", *numbers)
    words = (*data.words, "--folds", 3, "--workers", 1, "--no-audit")
    med2d("convert", phantom.convert, folder / "raw", target, *words)
    return target


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [each for each in bundle_names() if each != "breast_us_segmentation"]
)
def test_a_site_trains_and_evaluates(name: str, tmp_path: Path) -> None:
    algo = client(name, made(name, tmp_path), tmp_path / "run")
    two_rounds(algo, tmp_path / "run")


def items(dataset: Path) -> list[dict[str, Any]]:
    """The images of a dataset folder."""
    return json.loads((dataset / "dataset.json").read_text(encoding="utf-8"))["training"]


def halves(dataset: Path, folder: Path) -> list[set[str]]:
    """Divides the groups of a dataset between two sites; gives the groups of each."""
    content = json.loads((dataset / "dataset.json").read_text(encoding="utf-8"))
    groups = sorted({item["group"] for item in content["training"]})
    parts = [set(groups[::2]), set(groups[1::2])]
    for name, part in zip(("site_a", "site_b"), parts, strict=True):
        shutil.copytree(dataset, folder / name)
        own = [item for item in content["training"] if item["group"] in part]
        text = json.dumps({**content, "training": own})
        (folder / name / "dataset.json").write_text(text, encoding="utf-8")
        med2d("split", folder / name, "--folds", 3)
    return parts


@pytest.mark.slow
def test_two_sites_learn_together_by_the_code_of_the_page(
    empty_store: Path, tmp_path: Path
) -> None:
    numbers = ("--count", 120, "--size", 128, "--seed", 3, "--workers", 1)
    med2d("phantom", "busi", tmp_path / "raw", *numbers)
    options = ("--task", "segmentation", "--workers", 1, "--no-audit")
    med2d("convert", "busi", tmp_path / "raw", tmp_path / "dataset", *options)
    (tmp_path / "datasets").mkdir()
    first, second = halves(tmp_path / "dataset", tmp_path / "datasets")
    assert first and second and not first & second
    images = [items(tmp_path / "datasets" / name) for name in ("site_a", "site_b")]
    one, other = ({item["sha256"] for item in each} for each in images)
    assert not one & other
    (tmp_path / "bundles").symlink_to(bundle_root("breast_us_segmentation").parent)
    shutil.copy(empty_store, tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    with contextlib.chdir(tmp_path):
        exec(code, names)
    start, end = (sum(names["scores"][place]) / 2 for place in (0, -1))
    assert start < 0.3 and end > 0.5
    store = MlflowClient(f"sqlite:///{tmp_path / empty_store.name}")
    runs = store.search_runs([each.experiment_id for each in store.search_experiments()])
    assert sorted(run.info.run_name for run in runs) == ["site_a", "site_b"]
    epochs = names["ROUNDS"] * names["EPOCHS"]
    assert len(store.get_metric_history(runs[0].info.run_id, "val_f1")) == epochs
    assert names["counts"] == [sum(item["fold"] == 2 for item in each) for each in images]
