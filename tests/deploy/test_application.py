"""DICOM in, DICOM out: what the whole application gives, in its own environment."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from highdicom.seg import segread
from monai.bundle import run as run_bundle
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread

from pipelines.datasets.sources.dicom_frame import DicomFrame
from pipelines.deployment.app.__main__ import main
from pipelines.deployment.made_study import IMAGES, write_study
from pipelines.deployment.map.context import write_context

ROOT = Path(__file__).resolve().parents[2]
BUNDLES = {
    "breast_us_classification": 12,
    "breast_us_segmentation": 12,
    "fetal_plane_classification": 1,
    "bone_xray_classification": 2,
    "tissue_segmentation": 1,
}
"""The bundles, and how many frames of the made study each answers."""

Run = subprocess.CompletedProcess[str]


def app(source: Path, output: Path, model: Path, **more: Any) -> Run:
    """Runs the application as a person or a container does."""
    words = ["-m", "pipelines.deployment.app", "-i", source, "-o", output, "-m", model]
    return started([*map(str, words)], **more)


def started(words: list[str], **more: Any) -> Run:
    given = {"cwd": ROOT, "env": {**os.environ, "PYTHONPATH": str(ROOT)}, **more}
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        **given,
    )


@pytest.fixture(scope="session")
def done(
    package: Callable[[str], Path], study: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Path, Run]]:
    """Runs the application on the made study by a bundle, once; gives results and process."""
    folder, runs = tmp_path_factory.mktemp("results"), dict[str, tuple[Path, Run]]()

    def by(name: str) -> tuple[Path, Run]:
        if name not in runs:
            runs[name] = folder / name, app(study, folder / name, package(name))
        return runs[name]

    return by


def summary(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "frames"), BUNDLES.items())
def test_the_application_answers_and_ends_with_code_0(
    done: Callable[[str], tuple[Path, Run]], name: str, frames: int
) -> None:
    folder, run = done(name)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"{frames} frame")
    assert run.stderr == ""
    assert sum(len(each["answers"]) for each in summary(folder)["images"]) == frames


@pytest.mark.parametrize("name", BUNDLES)
def test_predictions_equal_those_of_a_bundle_run_on_the_same_pixels(
    done: Callable[[str], tuple[Path, Run]],
    package: Callable[[str], Path],
    study: Path,
    tmp_path: Path,
    name: str,
) -> None:
    folder, _ = done(name)
    pictures, answers = tmp_path / "pictures", tmp_path / "answers"
    pictures.mkdir()
    for image in summary(folder)["images"]:
        for frame in range(image["frames"]):
            picture = DicomFrame(study / image["file"], frame).read(image["file"]).pixels
            Image.fromarray(picture).save(pictures / f"{_stem(image)}-{frame + 1}.png")
    run_bundle(
        config_file=str(package(name) / "configs" / "inference.json"),
        bundle_root=str(package(name)),
        dataset_dir=str(pictures),
        output_dir=str(answers),
        device="cpu",
    )
    for image in summary(folder)["images"]:
        compare = _same_masks if name.endswith("segmentation") else _same_classes
        compare(folder, image, answers)


def _stem(image: dict[str, Any]) -> str:
    return Path(image["file"]).stem


def _same_masks(folder: Path, image: dict[str, Any], answers: Path) -> None:
    """Compares what highdicom reads back with the masks of the bundle: no pixel differs."""
    numbers = range(1, image["frames"] + 1)
    masks = np.stack(
        [np.asarray(Image.open(answers / f"{_stem(image)}-{n}_mask.png")) for n in numbers]
    )
    masks = np.where(masks == 255, 1, masks) if masks.max() == 255 else masks
    np.testing.assert_array_equal(_read_back(folder, image), masks)
    assert masks.any()


def _read_back(folder: Path, image: dict[str, Any]) -> NDArray[np.uint8]:
    result = segread(folder / image["results"]["segmentation"])
    uid, numbers = image["sop_instance_uid"], range(1, image["frames"] + 1)
    if image["frames"] > 1:
        found = result.get_pixels_by_source_frame(
            uid, numbers, combine_segments=True, assert_missing_frames_are_empty=True
        )
    else:
        found = result.get_pixels_by_source_instance([uid], combine_segments=True)
    return found.astype(np.uint8)


def _same_classes(folder: Path, image: dict[str, Any], answers: Path) -> None:
    """Compares probabilities with those of the bundle: to 1e-5."""
    rows = csv.DictReader((answers / "predictions.csv").open(encoding="utf-8"))
    told = {row["image"]: row for row in rows}
    for answer in image["answers"]:
        row = told[f"{_stem(image)}-{answer['frame']}.png"]
        assert row["predicted"] == answer["class"]
        for label, value in answer["probabilities"].items():
            assert float(row[f"p_{label}"]) == pytest.approx(value, abs=1e-5)


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy (dicom3tools)")
@pytest.mark.parametrize("name", BUNDLES)
def test_dciodvfy_finds_no_error_in_any_result(
    done: Callable[[str], tuple[Path, Run]], name: str
) -> None:
    folder, _ = done(name)
    files = sorted(folder.glob("*.dcm"))
    assert {path.name.partition("_")[0] for path in files} >= {"report", "capture"}
    for path in files:
        check = subprocess.run(
            ["dciodvfy", str(path)], capture_output=True, text=True, errors="replace", check=False
        )
        said = (check.stdout + check.stderr).splitlines()
        assert [line for line in said if line.startswith("Error")] == [], path.name


def test_a_clip_of_500_frames_gives_one_object_of_each_kind(
    package: Callable[[str], Path], tmp_path: Path
) -> None:
    """Also that its pixels are never all in memory: the clip is larger than what is added."""
    write_study(tmp_path / "one", IMAGES[5:6])
    clip = dcmread(tmp_path / "one" / "us_clip.dcm")
    frames = np.tile(clip.pixel_array, (100, 1, 1))[:500]
    clip.NumberOfFrames, clip.PixelData = len(frames), frames.tobytes()
    (tmp_path / "long").mkdir()
    clip.save_as(tmp_path / "long" / "clip.dcm")
    run = app(tmp_path / "long", tmp_path / "out", package("breast_us_classification"))
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("500 frames of 1 image answered; see")
    (image,) = summary(tmp_path / "out")["images"]
    assert [each["frame"] for each in image["answers"]] == [*range(1, 501)]
    assert dcmread(tmp_path / "out" / "capture_0001.dcm").NumberOfFrames == 500
    assert len(list((tmp_path / "out").glob("*.dcm"))) == 2


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("nothing meant", "no image could be answered: 2 files refused. First: file "),
        ("no DICOM", "no image could be answered: 1 file not DICOM"),
        ("no study", "is not there; expected a folder with the DICOM files"),
        ("no metadata", "has no configs/metadata.json"),
        ("no place", "cannot be written"),
    ],
)
def test_bad_input_is_one_line_and_code_2(
    package: Callable[[str], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    case: str,
    words: str,
) -> None:
    source, output, model = tmp_path / "in", tmp_path / "out", package("breast_us_classification")
    if case == "nothing meant":
        write_study(source, IMAGES[7:9])
    elif case == "no DICOM":
        source.mkdir()
        (source / "notes.txt").write_text("words")
    elif case == "no metadata":
        write_study(source, IMAGES[:1])
        model = tmp_path / "model"
        shutil.copytree(package("breast_us_classification"), model)
        (model / "configs" / "metadata.json").unlink()
    elif case == "no place":
        write_study(source, IMAGES[:1])
        (tmp_path / "file").touch()
        output = tmp_path / "file" / "out"
    assert main(["-i", str(source), "-o", str(output), "-m", str(model)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.startswith("Error: ") and error.count("\n") == 1


def test_the_application_of_a_build_context_runs_as_in_its_container(
    package: Callable[[str], Path], study: Path, tmp_path: Path
) -> None:
    """With the context's own modules and the variables of the image, in another folder."""
    context = tmp_path / "map"
    write_context(package("breast_us_segmentation"), context)
    variables = {
        "HOLOSCAN_INPUT_PATH": str(study),
        "HOLOSCAN_OUTPUT_PATH": str(tmp_path / "out"),
        "HOLOSCAN_MODEL_PATH": str(context / "models"),
        "PYTHONPATH": str(context / "app"),
    }
    command = json.loads((context / "map" / "app.json").read_text(encoding="utf-8"))["command"]
    words = json.loads(command)[1:]
    run = started(words, cwd=tmp_path, env={**os.environ, **variables, "PYTHONSAFEPATH": "1"})
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("12 frames of 7 images answered")


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "images"), [("breast_us_segmentation", 4), ("bone_xray_classification", 1)]
)
def test_real_files_are_answered(
    package: Callable[[str], Path], tmp_path: Path, name: str, images: int
) -> None:
    folder = Path(os.environ.get("MED2D_DATA") or ROOT.parent / "shared" / "data") / "dicom"
    if not folder.is_dir():
        pytest.skip("no real DICOM files here")
    run = app(folder, tmp_path / "out", package(name))
    assert run.returncode == 0, run.stderr
    content = summary(tmp_path / "out")
    assert len(content["images"]) == images
    assert not any(each["failed"] for each in content["images"])
