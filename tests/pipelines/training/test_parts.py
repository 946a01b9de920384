"""The parts of a fold: nothing on two sides, nothing lost, absolute paths, shares of processes."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from monai.transforms import LoadImaged
from PIL import Image

from pipelines.datasets.dataset import read
from pipelines.errors import InputError
from pipelines.training import parts as module
from pipelines.training.parts import cache_count, fold_parts
from transforms.upright_reader import UprightReader


def test_every_image_and_group_stands_on_one_side(busi_dataset: Path) -> None:
    for fold in range(5):
        parts = fold_parts(busi_dataset, fold)
        assert list(parts) == ["train", "validate", "score"]
        ids = [item["id"] for items in parts.values() for item in items]
        assert len(ids) == len(set(ids)) == len(read(busi_dataset).items)
        groups = [{item["group"] for item in items} for items in parts.values()]
        assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
        assert {item["fold"] for item in parts["score"]} == {fold}
        assert {item["fold"] for item in parts["validate"]} == {(fold + 1) % 5}


def test_items_name_files_and_the_truth(busi_dataset: Path) -> None:
    item = fold_parts(busi_dataset, 0)["score"][0]
    known = {"id", "image", "label", "truth", "group", "fold", "class", "flags", "sha256"}
    assert set(item) == known | {"width", "height"}
    assert item["truth"] == item["label"]
    for key in ("image", "truth"):
        assert Path(item[key]).is_absolute()
        assert Path(item[key]).is_file()
        assert Path(item[key]).stem == item["id"]


def test_a_dataset_for_another_task_is_refused(busi_dataset: Path) -> None:
    with pytest.raises(InputError, match="for segmentation; this bundle does classification"):
        fold_parts(busi_dataset, 0, "classification")


@pytest.mark.parametrize("fold", [5, -1, None, True])
def test_a_fold_that_does_not_exist_is_refused(fold: int, busi_dataset: Path) -> None:
    with pytest.raises(InputError, match=f"fold {fold} does not exist"):
        fold_parts(busi_dataset, fold)


@pytest.fixture
def without_lesions(busi_dataset: Path, tmp_path: Path) -> Callable[[set[int]], Path]:
    """Makes a copy of the data set in which the given folds hold empty masks."""

    def make(folds: set[int]) -> Path:
        folder = tmp_path / "empty"
        shutil.copytree(busi_dataset, folder)
        content = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        for item in content["training"]:
            if item["fold"] in folds:
                path = folder / item["label"]
                Image.new("L", (item["width"], item["height"])).save(path)
                item["label_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        (folder / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
        return folder

    return make


@pytest.mark.parametrize(
    ("empty", "expected"),
    [
        ({1}, "no image of fold 1 has a lesion; it validates where fold 0 is scored"),
        ({2, 3, 4}, r"folds that train \(2, 3, 4\) has a lesion"),
    ],
)
def test_a_part_without_any_lesion_is_refused(
    empty: set[int], expected: str, without_lesions: Callable[[set[int]], Path]
) -> None:
    with pytest.raises(InputError, match=expected):
        fold_parts(without_lesions(empty), 0)


def test_masks_that_are_all_empty_are_told_as_such(
    without_lesions: Callable[[set[int]], Path],
) -> None:
    folder = without_lesions({0, 1, 2, 3, 4})
    with pytest.raises(InputError, match=f"no image of {folder} has a foreground pixel") as caught:
        fold_parts(folder, 0)
    assert "--fold" not in str(caught.value)


def test_a_scored_fold_without_any_lesion_is_told(
    without_lesions: Callable[[set[int]], Path], caplog: pytest.LogCaptureFixture
) -> None:
    folder = without_lesions({0, 3})
    fold_parts(folder, 0)
    assert "no image of fold 0, which is scored, has a lesion" in caplog.text
    caplog.clear()
    fold_parts(folder, 1)
    assert not caplog.records


def test_a_leaking_dataset_is_refused(busi_dataset: Path, tmp_path: Path) -> None:
    shutil.copytree(busi_dataset, tmp_path / "leak")
    path = tmp_path / "leak" / "dataset.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    first = content["training"][0]
    other = next(item for item in content["training"] if item["fold"] != first["fold"])
    other["group"] = first["group"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="must stay on one side"):
        fold_parts(tmp_path / "leak", 0)


def test_a_dataset_that_leaks_on_purpose_is_taken_with_a_warning(
    leaky_dataset: Path, busi_dataset: Path, caplog: pytest.LogCaptureFixture
) -> None:
    parts = fold_parts(leaky_dataset, 0)
    groups = [{item["group"] for item in items} for items in parts.values()]
    assert groups[0] & groups[2]
    (record,) = caplog.records
    assert record.getMessage().startswith("leaky split, made on purpose: ")
    caplog.clear()
    fold_parts(busi_dataset, 0)
    assert not caplog.records


def test_the_processes_share_validation_and_score(
    busi_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fold_parts(busi_dataset, 0)
    monkeypatch.setattr(module.idist, "get_world_size", lambda: 4)
    shares = []
    for rank in range(4):
        monkeypatch.setattr(module.idist, "get_rank", lambda rank=rank: rank)
        shares.append(fold_parts(busi_dataset, 0))
    for part in ("validate", "score"):
        ids = [item["id"] for share in shares for item in share[part]]
        assert sorted(ids) == sorted(item["id"] for item in whole[part])
    assert all(share["train"] == whole["train"] for share in shares)


def test_more_processes_than_images_are_refused(
    busi_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.idist, "get_world_size", lambda: 7)
    with pytest.raises(InputError, match="6 images for 7 processes"):
        fold_parts(busi_dataset, 0)


@pytest.mark.parametrize(
    ("gigabytes", "count"), [(1.0, 50), (0, 0), (-1, 0), (8 * 128**2 * 3.5e-9, 3)]
)
def test_what_fits_is_kept(gigabytes: float, count: int) -> None:
    assert cache_count(50, 128, gigabytes) == count


@pytest.mark.parametrize(("content", "count"), [("grey", 6), ("rgb", 3)])
def test_the_channels_of_the_preprocessing_count(content: str, count: int) -> None:
    reader = UprightReader(content)
    preprocessing = LoadImaged("image", reader=reader, ensure_channel_first=True)
    assert cache_count(50, 128, 6 * 2 * 4 * 128**2 / 1e9 + 1e-9, preprocessing) == count


def test_the_items_of_a_classification_name_their_class(class_dataset: Path) -> None:
    parts = fold_parts(class_dataset, 0, "classification")
    names = ["benign", "malignant", "normal"]
    for item in (item for part in parts.values() for item in part):
        assert item["class"] == names[item["label"]]
        assert item["id"].startswith(item["class"])


def test_a_class_that_is_missing_where_it_is_needed_is_refused(
    class_dataset: Path, tmp_path: Path
) -> None:
    shutil.copytree(class_dataset, tmp_path / "copy")
    path = tmp_path / "copy" / "dataset.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    for item in content["training"]:
        if item["fold"] == 1 and item["class"] == "normal":
            item.update({"class": "benign", "label": 0})
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="no image of fold 1 is normal; it validates where fold 0"):
        fold_parts(tmp_path / "copy", 0, "classification")
