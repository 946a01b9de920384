"""What the bundles of classification have in common is run on phantoms, in this process."""

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

from pipelines.evaluation.cases import read_cases
from pipelines.evaluation.classification import classification_columns
from pipelines.training.workflow import check_id
from tests.bundles.conftest import make_dataset, med2d
from tests.bundles.made_bundle import BUNDLES, SMALL, Bundle

FIRST = BUNDLES["breast_us_classification"]
OTHERS = [bundle for bundle in BUNDLES.values() if bundle is not FIRST]
ALL = pytest.mark.parametrize("bundle", BUNDLES.values(), ids=lambda bundle: bundle.name)
FITTED = {"embeddings_scales", "embeddings_svm"}  # no steps: a classifier is fitted to embeddings
VARIANTS = [(bundle, name) for bundle in BUNDLES.values() for name in bundle.variants]

OWN = {
    *("name", "dataset_dir", "bundle_root", "output_dir", "imports"),
    *("epochs", "batch_size", "learning_rate", "head_rate", "weight_decay", "patience"),
    *("image_size", "normalisation", "class_weights", "label_smoothing", "weight_average"),
    *("network_def", "loss", "optimizer", "scheduler", "preprocessing", "augmentation", "labels"),
}
"""The names in which the bundles' files may differ; all else is one way of training."""

SIZES = {"inception_v3": 96, "xception": 96}
"""Images that suit a backbone which 32 pixels do not."""


GUIDED = "lesion_guided"
"""The variant that trains with masks."""


def _size(variant: str) -> int:
    return next((size for start, size in SIZES.items() if variant.startswith(start)), 32)


def _without_name(content: dict[str, Any], bundle: Bundle) -> dict[str, Any]:
    kept = {key: value for key, value in content.items() if key not in OWN}
    return json.loads(json.dumps(kept).replace(bundle.name, "BUNDLE"))


@pytest.mark.parametrize("bundle", OTHERS, ids=lambda bundle: bundle.name)
@pytest.mark.parametrize("file", ["train", "evaluate", "multi_gpu_train", "inference"])
def test_all_bundles_share_one_way_of_training(file: str, bundle: Bundle) -> None:
    first, other = FIRST.read(file), bundle.read(file)
    assert list(first) == list(other)
    assert _without_name(other, bundle) == _without_name(first, FIRST)
    assert set(first.get("imports", [])) <= set(other.get("imports", []))


@ALL
def test_the_bundle_is_complete(bundle: Bundle) -> None:
    for name in ("LICENSE", "configs/logging.conf", "docs/README.md", "docs/data_license.txt"):
        assert (bundle.root / name).read_bytes(), name
    assert not list(bundle.root.rglob("*.py"))
    metadata = bundle.read("metadata")
    assert metadata["version"] in metadata["changelog"]


@ALL
def test_train_and_inference_share_one_recipe(bundle: Bundle) -> None:
    train, inference = bundle.read("train"), bundle.read("inference")
    inference["network_def"] = inference["network_def"]["network"]  # within what calibrates it
    for each in (train, inference):
        each["network_def"].pop("trained", None)  # what trains is nothing to inference
    shared = ("preprocessing", "postprocessing", "network_def", "image_size", "flip_average")
    for key in (*shared, "activation"):
        assert train[key] == inference[key], key
    assert inference["labels"] == list(bundle.labels)
    formats = bundle.read("metadata")["network_data_format"]
    pred, image = formats["outputs"]["pred"], formats["inputs"]["image"]
    assert pred["num_channels"] == len(bundle.labels)
    assert list(pred["channel_def"].values()) == [f"{name} (logit)" for name in bundle.labels]
    assert image["spatial_shape"] == [train["image_size"]] * 2
    assert image["num_channels"] == train["network_def"]["in_channels"]


@ALL
def test_the_model_card_names_every_variant_and_the_default(bundle: Bundle) -> None:
    card = (bundle.root / "docs" / "README.md").read_text(encoding="utf-8")
    for name in (bundle.read("train")["name"], *bundle.variants):
        assert f"`{name}`" in card


@pytest.mark.parametrize(("bundle", "variant"), VARIANTS, ids=lambda v: getattr(v, "name", v))
def test_a_variant_changes_names_that_there_are(bundle: Bundle, variant: str) -> None:
    content, train = bundle.read(f"variants/{variant}"), bundle.read("train")
    assert content["name"] == variant
    assert {key.partition("::")[0] for key in content} - {"baseline"} <= set(train)
    assert all(value != train.get(key) for key, value in content.items())
    parser = ConfigParser({**train, **content})
    for component in ("network_def", "optimizer", "scheduler", "loss"):
        for argument in content.get(component, {}):
            check_id(parser.get(), f"{component}::{argument}")


def _recipe(bundle: Bundle, variant: str, dataset: Path, folder: Path) -> ConfigParser:
    """A variant's configuration, with handlers that only train."""
    parser = ConfigParser()
    parser.read_config([bundle.config("train"), bundle.config(f"variants/{variant}")])
    handlers = ("EpochSeed", "Mixing", "Unfreeze")
    kept = [h for h in parser["train::handlers"] if h["_target_"].rpartition(".")[2] in handlers]
    given = {**SMALL, "dataset_dir": str(dataset), "output_dir": str(folder), "epochs": 1}
    given |= {"image_size": _size(variant), "batch_size": 2, "device": "cpu", "cache_gigabytes": 0}
    parser.update({**given, "train::handlers": kept, "train::trainer::epoch_length": 1})
    return parser


@pytest.mark.parametrize(
    ("bundle", "variant"),
    [(bundle, name) for bundle, name in VARIANTS if name not in FITTED],
    ids=lambda v: getattr(v, "name", v),
)
def test_every_variant_takes_a_training_step(
    bundle: Bundle,
    variant: str,
    datasets: Callable[[str], Path],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    parser = _recipe(bundle, variant, datasets(bundle.name), tmp_path)
    if variant == GUIDED:
        parser.update({"masks_dir": str(request.getfixturevalue("masks_dir"))})
    network = parser.get_parsed_content("network")
    before = {name: value.clone() for name, value in network.named_parameters()}
    trainer = parser.get_parsed_content("train::trainer")
    trainer.run()
    assert torch.isfinite(trainer.state.output["loss"])
    changed = {k for k, v in network.named_parameters() if not torch.equal(v, before[k])}
    trained = {k for k, v in network.named_parameters() if v.requires_grad}
    assert {"head.scores.weight", "head.scores.bias"} <= changed <= trained
    assert hasattr(parser.get_parsed_content("scheduler"), "step")
    batch = parser["batch_size"] * parser["accumulation"]
    assert len(trainer.state.output["label"]) == batch


@pytest.mark.slow
@pytest.mark.parametrize(("bundle", "variant"), VARIANTS, ids=lambda v: getattr(v, "name", v))
def test_every_variant_trains_for_two_epochs(
    bundle: Bundle,
    variant: str,
    train: Callable[..., Path],
    datasets: Callable[[str], Path],
    request: pytest.FixtureRequest,
) -> None:
    given = {"image_size": max(_size(variant), 64), "batch_size": 4, "small": False}
    if variant == GUIDED:
        given["masks_dir"] = str(request.getfixturevalue("masks_dir"))
    folder = train(bundle, variant, f"variants/{variant}", **given)
    cases = read_cases(folder / "cases.csv", classification_columns(bundle.labels))
    assert len(cases) == len(_scored(datasets(bundle.name)))


@pytest.mark.slow
@ALL
def test_the_default_recipe_learns_its_phantoms(bundle: Bundle, tmp_path: Path) -> None:
    count, size, epochs = bundle.learned
    dataset = make_dataset(bundle, tmp_path, count, size, folds=5)
    with contextlib.chdir(tmp_path):
        run(
            config_file=[bundle.config("train")],
            dataset_dir=str(dataset),
            output_dir=str(tmp_path / "run"),
            image_size=size,
            epochs=epochs,
        )
    scores = json.loads((tmp_path / "run" / "scores.json").read_text(encoding="utf-8"))["scores"]
    assert scores["balanced_accuracy"]["value"] > 0.9


def _scored(dataset: Path) -> dict[str, str]:
    """The class of each image of fold 0, which is scored."""
    items = json.loads((dataset / "dataset.json").read_text(encoding="utf-8"))["training"]
    return {Path(item["image"]).stem: item["class"] for item in items if item["fold"] == 0}


@ALL
def test_a_run_leaves_what_the_contract_says(
    bundle: Bundle, trained: Callable[[Bundle], Path], datasets: Callable[[str], Path]
) -> None:
    folder = trained(bundle)
    cases = read_cases(folder / "cases.csv", classification_columns(bundle.labels))
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    assert dict(zip(cases["id"], cases["class"], strict=True)) == _scored(datasets(bundle.name))
    sums = cases[[f"p_{name}" for name in bundle.labels]].sum(axis=1)
    np.testing.assert_allclose(sums, 1, atol=1e-5)
    assert set(cases["leaky"]) == {0}
    right = (cases["class"] == cases["predicted"]).mean()
    assert scores["scores"]["accuracy"]["value"] == pytest.approx(right)
    assert np.sum(scores["confusion"]) == len(cases)
    assert scores["labels"] == list(bundle.labels)
    assert f"{bundle.name}/configs/evaluate.json" in scores["command"]
    for name in ("curves/loss", "curves/balanced_accuracy", "plots/confusion", "plots/roc"):
        assert (folder / f"{name}.png").is_file()
    history = pd.read_csv(folder / "history.csv")
    assert history["epoch"].tolist() == [1, 2]
    assert {"train_balanced_accuracy", "val_balanced_accuracy", "val_loss"} <= set(history)
    recorded = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert recorded["labels"] == list(bundle.labels)


@ALL
def test_a_run_is_calibrated_and_shows_what_that_changes(
    bundle: Bundle, trained: Callable[[Bundle], Path]
) -> None:
    folder = trained(bundle)
    record = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
    state = torch.load(folder / "model.pt", weights_only=True)
    assert record["temperature"] != 1
    assert float(state["temperature"]) == pytest.approx(record["temperature"])
    columns = classification_columns(bundle.labels)
    after, before = (
        read_cases(folder / name, columns) for name in ("cases.csv", "uncalibrated.csv")
    )
    assert after["predicted"].tolist() == before["predicted"].tolist()
    values = [table[[f"p_{n}" for n in bundle.labels]].to_numpy() for table in (after, before)]
    expected = values[1] ** (1 / record["temperature"])  # of a softmax
    np.testing.assert_allclose(values[0], expected / expected.sum(1, keepdims=True), atol=1e-5)
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    for name in ("brier", "calibration_error"):
        scored = {when: record["scored"][when][name]["value"] for when in ("before", "after")}
        assert scores["scores"][name]["value"] == pytest.approx(scored["after"])
        assert scores["uncalibrated"][name]["value"] == pytest.approx(scored["before"])


@ALL
def test_evaluation_alone_gives_the_same_scores(
    bundle: Bundle, trained: Callable[[Bundle], Path]
) -> None:
    folder = trained(bundle)
    before = (folder / "cases.csv").read_bytes()
    (folder / "cases.csv").unlink()
    with contextlib.chdir(folder.parent):
        run(
            config_file=[bundle.config("train"), bundle.config("evaluate")],
            output_dir=str(folder),
            num_workers=0,
        )
    assert (folder / "cases.csv").read_bytes() == before


@ALL
@pytest.mark.parametrize("calibrated", ["true", "false"])
def test_inference_gives_the_probabilities_of_the_scoring(
    bundle: Bundle,
    calibrated: str,
    trained: Callable[[Bundle], Path],
    datasets: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    table = "cases.csv" if calibrated == "true" else "uncalibrated.csv"
    cases = read_cases(trained(bundle) / table, classification_columns(bundle.labels))
    (tmp_path / "in").mkdir()
    for name in cases["id"]:
        shutil.copy(datasets(bundle.name) / "images" / f"{name}.png", tmp_path / "in")
    config = str(trained(bundle) / "configs" / "inference.json")
    given = {"dataset_dir": str(tmp_path / "in"), "output_dir": str(tmp_path / "out")}
    run(config_file=config, calibrated=calibrated, **given)
    answers = pd.read_csv(tmp_path / "out" / "predictions.csv").set_index("image")
    assert list(answers) == ["predicted", *(f"p_{name}" for name in bundle.labels)]
    assert len(answers) == len(cases)
    for _, case in cases.iterrows():
        answer = answers.loc[f"{case['id']}.png"]
        assert answer["predicted"] == case["predicted"]
        for name in bundle.labels:
            assert answer[f"p_{name}"] == pytest.approx(case[f"p_{name}"], abs=1e-6)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Radiographs of another site, for the bundle of bones."""
    folder = tmp_path_factory.mktemp("site")
    med2d("phantom", "bones", folder / "raw", "--count", 9, "--size", 64, "--seed", 2)
    options = ("--folds", 3, "--workers", 1, "--no-audit", "--levels", "class,region")
    med2d("convert", "class-folders", folder / "raw", folder / "data", *options)
    return folder / "data"


def test_an_ensemble_is_the_mean_of_runs_that_are_each_calibrated(
    trained: Callable[[Bundle], Path], site: Path, tmp_path: Path
) -> None:
    bundle = BUNDLES["bone_xray_classification"]
    runs = {tmp_path / "one": 0.1, tmp_path / "other": 0.4}
    for folder, temperature in runs.items():
        shutil.copytree(trained(bundle), folder)
        state = torch.load(folder / "model.pt", weights_only=True)
        torch.save({**state, "temperature": torch.tensor(temperature)}, folder / "model.pt")
    run(
        config_file=[bundle.config("train"), bundle.config("evaluate")],
        output_dir=str(tmp_path / "one"),
        site_dir=str(site),
        ensemble=[str(folder) for folder in runs],
        num_workers=0,
    )
    folder = tmp_path / "one" / "sites" / "data_ensemble"
    columns = classification_columns(bundle.labels)
    plain, answers = (
        read_cases(folder / name, columns)[[f"p_{n}" for n in bundle.labels]].to_numpy()
        for name in ("uncalibrated.csv", "cases.csv")
    )  # one network, so that without temperatures both runs answer alike
    members = [plain ** (1 / temperature) for temperature in runs.values()]
    shares = [member / member.sum(axis=1, keepdims=True) for member in members]
    np.testing.assert_allclose(answers, np.mean(shares, axis=0), atol=1e-5)
    assert abs(answers - plain).max() > 1e-3
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    assert scores["uncalibrated"]["brier"]["n"] == 9
    assert not (folder / "calibration.json").exists()


@ALL
def test_the_bundles_own_checks_pass(bundle: Bundle, tmp_path: Path) -> None:
    meta, inference = bundle.config("metadata"), bundle.config("inference")
    verify_metadata(meta_file=meta, filepath=str(bundle.root.parent / "metadata_schema.json"))
    verify_net_in_out("network_def", meta_file=meta, config_file=inference)
    network = ConfigParser(bundle.read("inference")).get_parsed_content("network_def").eval()
    network.temperature.fill_(2)
    torch.save(network.state_dict(), tmp_path / "model.pt")
    ckpt_export(
        "network_def",
        filepath=str(tmp_path / "model.ts"),
        ckpt_file=str(tmp_path / "model.pt"),
        meta_file=meta,
        config_file=inference,
    )
    image = torch.rand(1, 1, 96, 64)
    exported = torch.jit.load(tmp_path / "model.ts")
    torch.testing.assert_close(exported(image), network(image))


@ALL
def test_every_property_of_a_training_bundle_is_there(
    bundle: Bundle,
    work: Path,
    datasets: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(work)
    given = {**SMALL, **bundle.smallest, "dataset_dir": str(datasets(bundle.name))}
    given |= {"output_dir": str(work / f"{bundle.name}_properties")}
    workflow = ConfigWorkflow(config_file=[bundle.config("train")], workflow_type="train", **given)
    workflow.initialize()
    assert not workflow.check_properties()
    handlers = bundle.read("train")["train"]["handlers"]
    assert all(isinstance(handler, dict) for handler in handlers)  # MONAI's tools edit that list


@ALL
def test_every_property_of_an_inference_bundle_is_there(
    bundle: Bundle,
    trained: Callable[[Bundle], Path],
    datasets: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    images = datasets(bundle.name) / "images"
    given = {"dataset_dir": str(images), "output_dir": str(tmp_path / "out")}
    config = str(trained(bundle) / "configs" / "inference.json")
    workflow = ConfigWorkflow(config_file=config, workflow_type="infer", **given)
    workflow.initialize()
    assert not workflow.check_properties()


def _refused(bundle: Bundle, folder: Path, files: tuple[str, ...] = (), **overrides: Any) -> Any:
    """The error of a training that must not begin; nothing is written."""
    given = {**SMALL, **bundle.smallest, "output_dir": str(folder / "never"), **overrides}
    with pytest.raises(Exception) as caught:
        run(config_file=[bundle.config("train"), *map(bundle.config, files)], **given)
    assert not (folder / "never").exists()
    return caught.value


@pytest.fixture
def weights_of_another(tmp_path: Path) -> str:
    torch.save({"features.0.weight": torch.zeros(4, 1, 3, 3)}, tmp_path / "other.pth")
    return str(tmp_path / "other.pth")


@ALL
def test_weights_of_another_architecture_are_refused(
    bundle: Bundle,
    weights_of_another: str,
    datasets: Callable[[str], Path],
    tmp_path: Path,
    error_line: Callable[[BaseException], str],
) -> None:
    given = {"weights": weights_of_another, "normalisation": "symmetric"}
    given |= {"dataset_dir": str(datasets(bundle.name))}
    line = error_line(_refused(bundle, tmp_path, **given))
    assert f"{weights_of_another} fits 0 of the" in line
    assert "these are weights of another network" in line


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"weights": "no.pth"}, "there is no file no.pth"),
        ({"network_def::backbone": "torchvision.mobilnet"}, "has no classifier 'mobilnet'"),
        ({"network_def::num_classes": 2}, "expected (1, 3), one logit for each of the classes"),
        ({"network_def::in_channels": 3}, "takes 3-channel images and preprocessing gives 1-"),
        ({"mixing::mixupp": 0.2}, "no mixupp below mixing in the configuration; did you mean"),
        ({"class_weights": [1, 2]}, "class_weights is [1, 2]"),
        ({"label_smoothing": 1}, "label_smoothing is 1; expected a number from 0 to below 1"),
        ({"image_size": 16}, "smaller than the stride of network_def"),
        ({"image_size": 0}, "image_size is 0; expected a whole number of at least 1"),
        ({"flip_average": "maybe"}, "flip_average is 'maybe'"),
        ({"calibration": "maybe"}, "calibration is 'maybe'; expected true or false"),
        ({"dataset_dirr": "x"}, "did you mean dataset_dir?"),
    ],
)
def test_bad_settings_are_named_and_nothing_is_written(
    overrides: dict[str, Any],
    expected: str,
    datasets: Callable[[str], Path],
    tmp_path: Path,
    error_line: Callable[[BaseException], str],
) -> None:
    given = {"dataset_dir": str(datasets(FIRST.name)), **overrides}
    assert expected in error_line(_refused(FIRST, tmp_path, **given))


Change = Callable[[dict[str, Any]], None]


def _label_outside(content: dict[str, Any]) -> None:
    content["training"][0]["label"] = 7


def _class_missing(content: dict[str, Any]) -> None:
    for item in content["training"]:
        if item["class"] == "healthy" and item["fold"] == 1:
            item["fold"] = 0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_label_outside, 'training[0]: "label" is 7; the labels are 0, 1, 2'),
        (_class_missing, "no image of fold 1 is healthy"),
    ],
)
def test_bad_datasets_are_named_and_nothing_is_written(
    change: Change,
    expected: str,
    datasets: Callable[[str], Path],
    tmp_path: Path,
    error_line: Callable[[BaseException], str],
) -> None:
    bundle = BUNDLES["bone_xray_classification"]
    shutil.copytree(datasets(bundle.name), tmp_path / "copy")
    record = tmp_path / "copy" / "dataset.json"
    content = json.loads(record.read_text(encoding="utf-8"))
    change(content)
    record.write_text(json.dumps(content), encoding="utf-8")
    line = error_line(_refused(bundle, tmp_path, dataset_dir=str(tmp_path / "copy")))
    assert expected in line


def test_a_dataset_for_segmentation_is_refused(
    busi_dataset: Path, tmp_path: Path, error_line: Callable[[BaseException], str]
) -> None:
    line = error_line(_refused(FIRST, tmp_path, dataset_dir=str(busi_dataset)))
    assert "is a dataset for segmentation; this bundle does classification" in line


@ALL
def test_classes_that_differ_from_the_metadata_are_named(
    bundle: Bundle, tmp_path: Path, error_line: Callable[[BaseException], str]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.png").write_bytes(_a_picture())
    network = ConfigParser({**bundle.read("inference"), "labels": ["a", "b"]})
    torch.save(network.get_parsed_content("network_def").state_dict(), tmp_path / "model.pt")
    given = {"dataset_dir": str(tmp_path / "in"), "output_dir": str(tmp_path / "out")}
    given |= {"weights": str(tmp_path / "model.pt"), "labels": ["a", "b"]}
    with pytest.raises(Exception) as caught:
        run(config_file=bundle.config("inference"), **given)
    expected = f"labels has 2 (a, b), but {bundle.config('metadata')} tells {len(bundle.labels)}"
    assert expected in error_line(caught.value)
    assert not (tmp_path / "out").exists()


def _a_picture() -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(file, "PNG")
    return file.getvalue()
