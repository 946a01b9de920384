from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from monai.auto3dseg import datafold_read

from pipelines.datasets.exports.auto3dseg import volume, write


def test_the_datalist_is_read_by_auto3dseg_itself(
    dataset_of: Callable, request_of: Callable
) -> None:
    dataset = dataset_of(testing=2)
    request = request_of(dataset)
    write(request)
    datalist, root = str(request.folder / "datalist.json"), str(request.folder)
    for fold in dataset.folds:
        training, validating = datafold_read(datalist, root, fold=fold)
        assert len(training) == 6 and len(validating) == 3
        ours = {Path(item["image"]).stem for item in dataset.items if item["fold"] == fold}
        assert {Path(item["image"]).name.split(".")[0] for item in validating} == ours
    testing, none = datafold_read(datalist, root, fold=-1, key="testing")
    assert len(testing) == 2 and none == []
    for item in [*training, *validating, *testing]:
        assert Path(item["image"]).is_file() and Path(item["label"]).is_file()


def test_a_part_testing_is_there_even_if_empty(dataset_of: Callable, request_of: Callable) -> None:
    request = request_of(dataset_of())
    write(request)
    assert json.loads((request.folder / "datalist.json").read_text())["testing"] == []
    assert any("volumes" in line for line in request.said)


@pytest.mark.parametrize("channels", [1, 3])
def test_auto3dsegs_analyser_takes_the_files(
    dataset_of: Callable, request_of: Callable, channels: int, tmp_path: Path
) -> None:
    from monai.apps.auto3dseg import DataAnalyzer

    request = request_of(dataset_of(channels=channels, count=3))
    write(request)
    analyser = DataAnalyzer(
        str(request.folder / "datalist.json"),
        str(request.folder),
        output_path=str(tmp_path / "stats.yaml"),
        device="cpu",
        worker=0,
    )
    report = analyser.get_all_case_stats()
    summary = report["stats_summary"]
    assert summary["n_cases"] == 3
    assert summary["label_stats"]["labels"] == [0, 1, 2]
    assert summary["image_stats"]["channels"]["max"] == channels
    assert summary["image_stats"]["shape"]["max"] == [30, 22, 1]


def test_volumes_are_upright_slices_with_their_spacing(
    dataset_of: Callable, request_of: Callable, pixels_of, mask_of
) -> None:
    request = request_of(dataset_of(kind="nifti", dtype=np.uint16, spacing=[0.5, 0.25]))
    write(request)
    image = nibabel.load(request.folder / "images" / "malignant_0002.nii.gz")
    label = nibabel.load(request.folder / "labels" / "malignant_0002.nii.gz")
    assert image.shape == label.shape == (30, 21, 1)
    assert np.array_equal(np.asarray(image.dataobj)[..., 0].T, pixels_of(1, 1, np.uint16))
    assert np.array_equal(np.asarray(label.dataobj)[..., 0].T, mask_of(1))
    assert image.header.get_zooms() == (0.25, 0.5, 1.0)
    assert np.array_equal(image.affine, label.affine)


def test_a_volume_keeps_colours_last_and_its_bytes() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    data = volume(pixels, None)
    assert data == volume(pixels, None)
    import gzip

    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(data))
    assert image.shape == (4, 2, 1, 3)
    assert np.asarray(image.dataobj)[3, 1, 0].tolist() == pixels[1, 3].tolist()


def test_workers_do_not_change_the_result(
    dataset_of: Callable, request_of: Callable, tmp_path: Path
) -> None:
    dataset, found = dataset_of(), []
    for workers in (1, 2):
        (tmp_path / f"new{workers}").mkdir()
        request = request_of(dataset, workers=workers, folder=tmp_path / f"new{workers}")
        write(request)
        files = sorted(path for path in request.folder.rglob("*") if path.is_file())
        found.append([(p.relative_to(request.folder), p.read_bytes()) for p in files])
    assert found[0] == found[1] and len(found[0]) == 19
