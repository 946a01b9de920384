from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.deployment.app.model import SCRIPT, find_bundle, load_model, read_intended_use
from pipelines.errors import InputError
from tests.pipelines.deployment.app.made_package import made_package

NAME = "breast_us_classification"


def test_torchscript_answers_as_the_weights_do(
    package: Callable[[str], Path], tmp_path: Path
) -> None:
    script = load_model(package(NAME), "cpu")
    weights = load_model(made_package(NAME, tmp_path / "p", script=False), "cpu")
    assert (script.file, weights.file) == (SCRIPT, "weights")
    picture = np.random.default_rng(0).integers(0, 256, (50, 70), dtype=np.uint8)
    answers = [each.answerer.answer(picture).probabilities for each in (script, weights)]
    np.testing.assert_allclose(*answers, atol=1e-6)


def test_a_bundle_is_found_by_its_folder_its_file_or_the_folder_around_it(
    package: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = package(NAME)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "one").symlink_to(folder)
    for path in (folder, folder / SCRIPT, tmp_path / "models"):
        assert find_bundle(path).resolve() == folder.resolve()
    assert read_intended_use(folder).modalities == ("US",)


def test_where_no_bundle_is_or_several_are_it_says_so(
    package: Callable[[str], Path], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="is no bundle; expected a package"):
        find_bundle(tmp_path)
    for name in ("one", "two"):
        (tmp_path / name).symlink_to(package(NAME))
    with pytest.raises(InputError, match="is 2 bundles in it"):
        find_bundle(tmp_path)


def test_a_file_beside_a_bundle_is_not_taken_for_it(
    package: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "old").symlink_to(package(NAME))
    (tmp_path / "new.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"new.zip is a file; expected .* \(unpack a zip first\)"):
        find_bundle(tmp_path / "new.zip")


def test_torchscript_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    folder = made_package(NAME, tmp_path / "p", script=False)
    (folder / SCRIPT).write_bytes(b"no script")
    with pytest.raises(InputError, match=r"model.ts is no TorchScript that can be loaded"):
        load_model(folder, "cpu")


def test_a_model_without_metadata_is_refused(tmp_path: Path) -> None:
    folder = made_package(NAME, tmp_path / "p", script=False, dicom=None)
    with pytest.raises(InputError, match='has no "dicom", so it is unknown'):
        load_model(folder, "cpu")
    (folder / "configs" / "metadata.json").unlink()
    with pytest.raises(InputError, match=r"has no configs/metadata.json"):
        load_model(folder, "cpu")


def test_the_device_is_a_gpu_where_there_is_one(package: Callable[[str], Path]) -> None:
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert load_model(package(NAME)).answerer.device.type == expected
