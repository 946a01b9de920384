"""A package is whole, checked, answers without this project, and else is not there."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.bundle import run as run_bundle
from monai.data import load_net_with_metadata

from pipelines.datasets import staging
from pipelines.deployment.array_answerer import ArrayAnswerer
from pipelines.deployment.packaging import package
from pipelines.deployment.packaging.agreement_pictures import LEAST
from pipelines.deployment.packaging.checksums import CHECKSUMS
from pipelines.deployment.packaging.operating_point import Wanted
from pipelines.deployment.packaging.package import Request, Written, write_package
from pipelines.errors import InputError
from pipelines.file_hash import sha256_of
from tests.pipelines.deployment.packaging import made_answering_run
from tests.pipelines.deployment.packaging.unpacked_package import (
    elsewhere,
    pictures,
    run_without_med2d,
)
from tests.pipelines.report import made_run

FEW = 9


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packages")


@pytest.fixture(scope="module", autouse=True)
def few_pictures() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "LEAST", FEW)
        yield


@pytest.fixture(scope="module")
def class_run(folder: Path) -> Path:
    dataset = made_run.made_dataset(folder / "class data", "classification")
    return made_answering_run.classification(folder / "class_run", dataset)


@pytest.fixture(scope="module")
def mask_run(folder: Path) -> Path:
    dataset = made_run.made_dataset(folder / "mask data", "segmentation")
    return made_answering_run.segmentation(folder / "mask_run", dataset)


@pytest.fixture(scope="module")
def classes(class_run: Path, folder: Path) -> Written:
    wanted = Wanted(sensitivity=0.9, label="tumour")
    return write_package(Request(class_run, folder / "out" / "classes", wanted=wanted))


@pytest.fixture(scope="module")
def masks(mask_run: Path, folder: Path) -> Written:
    request = Request(mask_run, folder / "out" / "masks", wanted=Wanted(best_dice=True))
    return write_package(request._replace(formats=("ts",)))


def test_a_package_holds_all_that_is_promised(classes: Written) -> None:
    files = {path.relative_to(classes.folder).as_posix() for path in classes.folder.rglob("*.*")}
    assert {f"models/model.{each}" for each in ("pt", "ts", "pt2", "onnx")} <= files
    assert {f"configs/{each}.json" for each in ("metadata", "inference", "package")} <= files
    assert {"configs/logging.conf", "docs/README.md", "docs/data_license.txt"} <= files
    assert "transforms/upright_reader.py" in files and "requirements.txt" in files
    assert "pipelines/cli.py" not in files and (classes.folder / "LICENSE").is_file()
    listed = (classes.folder / CHECKSUMS).read_text().splitlines()
    assert len(listed) == len([p for p in classes.folder.rglob("*") if p.is_file()]) - 1
    for line in listed:
        digest, _, name = line.partition("  ")
        assert sha256_of(classes.folder / name) == digest
    with zipfile.ZipFile(classes.zip) as packed:
        assert {name.partition("/")[0] for name in packed.namelist()} == {"classes"}
        assert len(packed.namelist()) == len(listed) + 1


def test_the_record_says_what_it_is(classes: Written, masks: Written) -> None:
    record = json.loads((classes.folder / "configs" / "package.json").read_text())
    assert record == classes.record
    assert (record["task"], record["labels"]) == ("classification", list(made_run.LABELS))
    assert record["temperature"] == 1.25 and record["research"] is False
    assert record["run"]["fold"] == 0 and record["operating_point"]["class"] == "tumour"
    assert record["modality"] == ["US"] and record["body_part"] == ["BREAST"]
    assert record["training_images"] is None  # too few
    assert [each["format"] for each in record["checks"]] == ["TorchScript", "torch.export", "ONNX"]
    for check in record["checks"]:
        assert check["images"] == FEW and check["largest_difference"] <= 1e-4
    assert masks.record["task"] == "segmentation"
    assert masks.record["labels"] == ["background", "tumour"]
    threshold = masks.record["operating_point"]["threshold"]
    inference = json.loads((masks.folder / "configs" / "inference.json").read_text())
    assert inference["threshold"] == threshold and masks.record["temperature"] is None


def test_the_torchscript_brings_metadata_and_configuration(classes: Written) -> None:
    path = str(classes.folder / "models" / "model.ts")
    network, metadata, more = load_net_with_metadata(path, more_extra_files=("inference.json",))
    assert metadata == json.loads((classes.folder / "configs" / "metadata.json").read_text())
    inference = json.loads((classes.folder / "configs" / "inference.json").read_text())
    assert json.loads(more["inference.json"]) == inference
    answerer = ArrayAnswerer(classes.folder, network)
    picture = np.random.default_rng(0).integers(0, 256, (50, 40), dtype=np.uint8)
    own = ArrayAnswerer(classes.folder).answer(picture).probabilities
    np.testing.assert_allclose(answerer.answer(picture).probabilities, own, atol=1e-6)


def test_the_card_tells_scores_data_and_limits(classes: Written) -> None:
    card = (classes.folder / "docs" / "README.md").read_text(encoding="utf-8")
    assert re.search(r"\| Brier score \| 0\.\d{3} \| 0\.\d{3} to", card)
    assert "These weights answered 6 of the scored images again: probabilities" in card
    assert f"on {FEW} pictures ({FEW} images of the dataset), 8 of them again in batches" in card
    assert "is called tumour from a probability of 0." in card
    assert "leakage cannot be excluded" in card and "| cyst | " in card
    for heading in ("Intended use", "Limits", "How to use it", "Versions", "Licences"):
        assert f"## {heading}\n" in card
    assert "--dataset_dir PICTURES" in card and "temperature 1.25" in card


def test_the_card_tells_at_which_threshold_the_masks_were_scored(masks: Written) -> None:
    card = (masks.folder / "docs" / "README.md").read_text(encoding="utf-8")
    threshold = masks.record["operating_point"]["threshold"]
    assert f"belongs to the mask from a probability of {threshold} on" in card
    assert "whose masks were drawn at 0.5." in card
    assert "A pixel is called lesion" not in card


def test_the_zip_classifies_where_med2d_is_not(
    classes: Written, class_run: Path, tmp_path: Path
) -> None:
    source = pictures(tmp_path, class_run)
    run_without_med2d(elsewhere(classes, tmp_path / "unpacked"), source, tmp_path / "other")
    config = str(class_run / "configs" / "inference.json")
    run_bundle(config_file=config, dataset_dir=str(source), output_dir=str(tmp_path / "own"))
    tables = []
    for name in ("own", "other"):
        with (tmp_path / name / "predictions.csv").open(encoding="utf-8") as file:
            tables.append(list(csv.reader(file)))
    own, (heads, *rows) = tables
    assert own == [each[:-1] for each in (heads, *rows)] and len(own) == 5
    threshold = classes.record["operating_point"]["threshold"]
    place = heads.index("p_tumour")
    called = ["yes" if float(each[place]) >= threshold else "no" for each in rows]
    assert heads[-1] == "called_tumour" and [each[-1] for each in rows] == called


@pytest.mark.slow
def test_the_zip_draws_masks_where_med2d_is_not(
    masks: Written, mask_run: Path, tmp_path: Path
) -> None:
    source = pictures(tmp_path, mask_run)
    unpacked = elsewhere(masks, tmp_path / "unpacked")
    run_without_med2d(unpacked, source, tmp_path / "other")
    run_bundle(
        config_file=str(mask_run / "configs" / "inference.json"),
        dataset_dir=str(source),
        output_dir=str(tmp_path / "own"),
        threshold=masks.record["operating_point"]["threshold"],
    )
    own = {path.name: path.read_bytes() for path in (tmp_path / "own").iterdir()}
    assert own == {path.name: path.read_bytes() for path in (tmp_path / "other").iterdir()}
    assert len(own) == 4


def test_what_is_missing_is_refused_unless_it_is_research(class_run: Path, tmp_path: Path) -> None:
    request = Request(class_run, tmp_path / "p", formats=("ts",))
    with pytest.raises(InputError, match=r"has no operating point: .*--most-probable.*--research"):
        write_package(request)
    bare = shutil.copytree(class_run, tmp_path / "run")
    (bare / "calibration.json").unlink()
    request = request._replace(source=bare, wanted=Wanted(most_probable=True))
    with pytest.raises(InputError, match="are not calibrated"):
        write_package(request)
    assert {path.name for path in tmp_path.iterdir()} == {"run"}
    record = write_package(request._replace(research=True)).record
    assert record["research"] is True and "not calibrated" in record["research_reasons"][0]
    metadata = json.loads((tmp_path / "p" / "configs" / "metadata.json").read_text())
    assert metadata["research"] is True
    assert metadata["intended_use"].startswith("Packaged for research only.")
    assert "Packaged for research only." in (tmp_path / "p" / "docs" / "README.md").read_text()


def test_scores_of_images_that_were_seen_are_a_reason(folder: Path, tmp_path: Path) -> None:
    dataset = made_run.made_dataset(tmp_path / "data", "classification")
    made_run.class_run(tmp_path / "run", dataset, leaky=1)
    run = made_answering_run.classification(tmp_path / "run2", dataset)
    for name in ("cases.csv", "scores.json"):
        shutil.copy(tmp_path / "run" / name, run / name)
    with pytest.raises(InputError, match="are of images that the model knew"):
        write_package(Request(run, tmp_path / "p", wanted=Wanted(most_probable=True)))


def test_a_format_that_answers_otherwise_leaves_nothing(
    class_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = package.FORMATS["ts"]

    def load(path: Path) -> Any:
        network = kind.load(path)
        return lambda images: network(images) + torch.tensor([0.1, 0.0])

    monkeypatch.setattr(package, "FORMATS", {"ts": kind._replace(load=load)})
    request = Request(class_run, tmp_path / "p", wanted=Wanted(most_probable=True))
    with pytest.raises(InputError, match=r"TorchScript differs by up to 0\.02"):
        write_package(request._replace(formats=("ts",)))
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_cannot_be_read_is_named(class_run: Path, tmp_path: Path) -> None:
    data = Path(json.loads((class_run / "config.json").read_text())["dataset_dir"])
    copy = shutil.copytree(data, tmp_path / "data")
    (copy / "images" / "i00.png").write_text("no picture")
    request = Request(class_run, tmp_path / "p", copy, Wanted(most_probable=True))
    with pytest.raises(InputError, match=r"i00\.png"):
        write_package(request._replace(formats=("ts",)))
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_an_occupied_place_is_left_alone(classes: Written, class_run: Path, tmp_path: Path) -> None:
    request = Request(class_run, classes.folder, wanted=Wanted(most_probable=True))
    with pytest.raises(InputError, match="holds a package already; replace it with --overwrite"):
        write_package(request)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("mine")
    with pytest.raises(InputError, match=r"is not empty and holds no configs/package\.json"):
        write_package(request._replace(out=tmp_path / "other", overwrite=True))
    (tmp_path / "p.zip").write_text("mine")
    with pytest.raises(InputError, match=r"p\.zip exists; replace it with --overwrite"):
        write_package(request._replace(out=tmp_path / "p"))


def test_a_place_that_cannot_be_written_is_named_before_the_work(
    class_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match=f"{tmp_path} cannot be written; choose another -o"):
        write_package(Request(class_run, tmp_path / "a" / "p"))


def test_a_package_is_replaced_on_request(mask_run: Path, tmp_path: Path) -> None:
    request = Request(mask_run, tmp_path / "p", research=True, formats=("ts",))
    write_package(request)
    (tmp_path / "p" / "stray").write_text("")
    write_package(request._replace(overwrite=True))
    assert {path.name for path in tmp_path.iterdir()} == {"p", "p.zip"}
    assert not (tmp_path / "p" / "stray").exists()


def test_a_hundred_pictures_are_compared(
    class_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LEAST == 100
    monkeypatch.setattr(package, "agreement_pictures", lambda *given: ([class_run], "one picture"))
    request = Request(class_run, tmp_path / "p", wanted=Wanted(most_probable=True))
    with pytest.raises(InputError, match=f"1 pictures to compare the formats on; expected {FEW}"):
        write_package(request)
    assert list(tmp_path.iterdir()) == []


def test_a_zip_that_is_no_package_is_never_replaced(class_run: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("thesis/chapter.txt", "years of work")
    before = (tmp_path / "p.zip").read_bytes()
    request = Request(class_run, tmp_path / "p", wanted=Wanted(most_probable=True), overwrite=True)
    with pytest.raises(InputError, match=r"p\.zip is no package of med2d .* so it is not replaced"):
        write_package(request)
    assert (tmp_path / "p.zip").read_bytes() == before


def test_a_folder_that_cannot_take_its_place_leaves_no_zip(
    mask_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_place(out: Path, workshop: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(staging, "_replace", no_place)
    request = Request(mask_run, tmp_path / "p", research=True, formats=("ts",))
    with pytest.raises(InputError, match="No space left on device; nothing was changed"):
        write_package(request)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["version", "changelog", "authors", "network_data_format"])
def test_metadata_that_lack_something_are_refused_before_the_work(
    name: str, class_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shutil.copytree(class_run, tmp_path / "run")
    path = run / "configs" / "metadata.json"
    content = json.loads(path.read_text())
    del content[name]
    path.write_text(json.dumps(content))
    monkeypatch.delattr(package, "operating_point")
    with pytest.raises(InputError) as caught:
        write_package(Request(run, tmp_path / "p", wanted=Wanted(most_probable=True)))
    assert str(path) in str(caught.value) and name in str(caught.value)


def test_what_med2d_check_will_say_is_told(
    mask_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shutil.copytree(mask_run, tmp_path / "run")
    path = run / "configs" / "metadata.json"
    content = json.loads(path.read_text())
    formats = content["network_data_format"]["inputs"]
    content["network_data_format"]["inputs"] = {"picture": formats["image"]}
    path.write_text(json.dumps(content))
    told: list[str] = []
    request = Request(run, tmp_path / "p", research=True, formats=("ts",))
    record = write_package(request, told.append).record
    (problem,) = record["problems"]
    assert "the first of network_data_format's inputs is picture; expected image" in problem
    assert f"med2d check will say: {problem}" in told
    assert json.loads((tmp_path / "p" / package.RECORD).read_text())["problems"] == [problem]


def test_weights_that_cannot_be_read_are_named_by_the_run(class_run: Path, tmp_path: Path) -> None:
    run = shutil.copytree(class_run, tmp_path / "run")
    torch.save({"other": torch.zeros(1)}, run / "model.pt")
    with pytest.raises(InputError) as caught:
        write_package(Request(run, tmp_path / "p", wanted=Wanted(most_probable=True)))
    assert str(run / "model.pt") in str(caught.value) and "partial" not in str(caught.value)


def test_what_cannot_be_known_without_the_dataset_is_told(mask_run: Path, tmp_path: Path) -> None:
    run = shutil.copytree(mask_run, tmp_path / "run")
    path = run / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "dataset_dir": "/gone"}))
    told: list[str] = []
    request = Request(run, tmp_path / "p", research=True, formats=("ts",))
    record = write_package(request, told.append).record
    assert record["scored_weights"]["cases"] == 0 and record["training_images"] is None
    steps = "\n".join(told)
    assert "not checked: whether the weights are those that were scored (" in steps
    assert "left out: what the training images look like (" in steps
    card = (tmp_path / "p" / "docs" / "README.md").read_text(encoding="utf-8")
    assert "Whether these weights are those that were scored could not be checked." in card
    assert "holds no description of the images that trained" in card


def test_an_older_run_is_meant_for_what_its_bundle_is() -> None:
    assert package._meant_for("breast_us_classification")["dicom"]["modalities"] == ["US"]
    assert package._meant_for("bundle_of_mine") == {}
