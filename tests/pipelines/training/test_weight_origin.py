"""What weights have seen is told by the records beside them, along the whole chain."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines.datasets.dataset import Dataset, read
from pipelines.errors import InputError
from pipelines.training.weight_origin import (
    check_began_unseen,
    check_weights,
    origin_of_run,
    origin_of_weights,
)
from tests.pipelines.training.made_record import edit_record, recorded_run


@pytest.fixture
def dataset(busi_dataset: Path) -> Dataset:
    return read(busi_dataset)


def run(folder: Path, dataset: Dataset, fold: int, weights: Any = None) -> Path:
    """Makes a run that scored a fold; gives its model."""
    given = {"weights": None if weights is None else str(weights)}
    recorded_run(folder, dataset.folder, fold=fold, **given)
    (folder / "model.pt").write_bytes(folder.name.encode())
    return folder / "model.pt"


def refused(weights: Path | str, dataset: Dataset, fold: int) -> str:
    with pytest.raises(InputError) as caught:
        check_weights({"weights": str(weights)}, dataset, fold)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_weights_that_have_seen_the_fold_are_refused(tmp_path: Path, dataset: Dataset) -> None:
    model = run(tmp_path / "first", dataset, 0)
    check_weights({"weights": str(model)}, dataset, 0)
    for fold in (1, 2, 3, 4):  # fold 1 chose its epoch, the others trained it
        text = refused(model, dataset, fold)
        assert f"the run in {tmp_path / 'first'} was trained on or chosen by 6 (images/" in text
        assert f"of the 6 images of fold {fold}" in text and "and 1 more" in text
        assert "score a fold that they never saw (--fold 0)" in text


def test_a_link_to_weights_and_weights_deep_in_the_configuration_are_followed(
    tmp_path: Path, dataset: Dataset
) -> None:
    model = run(tmp_path / "first", dataset, 0)
    (tmp_path / "link.pt").symlink_to(model)
    assert "was trained on or chosen by 6" in refused(tmp_path / "link.pt", dataset, 2)
    with pytest.raises(InputError, match="was trained on or chosen by 6"):
        check_weights({"network_def": {"options": {"weights": str(model)}}}, dataset, 2)


def test_images_are_known_by_their_content_in_another_dataset(
    tmp_path: Path, dataset: Dataset
) -> None:
    model = run(tmp_path / "first", dataset, 0)
    other = tmp_path / "other"
    shutil.copytree(dataset.folder, other)
    content = json.loads((other / "dataset.json").read_text(encoding="utf-8"))
    images = [item for item in content["training"] if item["fold"] == 2]
    for item in images[1:]:
        item["sha256"] = "0" * 64  # an image of elsewhere
    (other / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
    text = refused(model, read(other), 2)
    assert f"chosen by 1 ({images[0]['image']}) of the 6 images of fold 2 of {other}" in text


def test_the_chain_is_followed_through_runs(tmp_path: Path, dataset: Dataset) -> None:
    first = run(tmp_path / "first", dataset, 0)
    second = run(tmp_path / "second", dataset, 2, first)  # made before this was refused
    assert str(tmp_path / "second") not in refused(second, dataset, 2)
    origin = origin_of_weights({"weights": str(second)})
    assert [each.run.name for each in origin.runs] == ["second", "first"] and not origin.unknown
    assert "--fold" not in refused(second, dataset, 2).partition("Instead")[2].partition("begin")[0]


def test_where_a_file_is_gone_or_another_the_rest_is_unknown(
    tmp_path: Path, dataset: Dataset
) -> None:
    first = run(tmp_path / "first", dataset, 0)
    second = run(tmp_path / "second", dataset, 0, first)
    first.write_bytes(b"trained anew")
    origin = origin_of_weights({"weights": str(second)})
    assert [each.run.name for each in origin.runs] == ["second"]
    assert origin.unknown == (f"model.pt of {tmp_path / 'first'}, which is another file now",)
    shutil.rmtree(tmp_path / "first")
    assert origin_of_run(tmp_path / "second").unknown == (
        f"model.pt of {tmp_path / 'first'}, which is gone",
    )


def test_weights_of_elsewhere_are_taken_and_unknown(tmp_path: Path, dataset: Dataset) -> None:
    path = tmp_path / "imagenet.pth"
    path.write_bytes(b"weights")
    check_weights({"weights": str(path)}, dataset, 0)
    assert origin_of_weights({"weights": str(path)}).unknown == (
        "imagenet.pth, a file without a record",
    )
    for weights in (None, "null", "torchvision.ResNet50_Weights.IMAGENET1K_V2"):
        run(tmp_path / str(weights), dataset, 0, weights)
        assert origin_of_run(tmp_path / str(weights)) == ((), ())


def test_a_run_without_hashes_is_followed_by_its_configuration(
    tmp_path: Path, dataset: Dataset
) -> None:
    first = run(tmp_path / "first", dataset, 0)
    for name in ("record.json", "dataset_items.json"):
        (first.parent / name).unlink()
    assert "was trained on or chosen by 6" in refused(first, dataset, 2)  # by its dataset
    second = run(tmp_path / "second", dataset, 0, first)
    (second.parent / "record.json").unlink()
    assert [each.run.name for each in origin_of_run(second.parent).runs] == ["first"]
    config = json.loads((first.parent / "config.json").read_text(encoding="utf-8"))
    (first.parent / "config.json").write_text(json.dumps({**config, "dataset_dir": "gone"}))
    assert origin_of_run(second.parent).unknown == (
        f"model.pt of {tmp_path / 'first'}, whose images are not recorded",
    )


def test_weights_that_a_run_did_not_record_are_unknown(tmp_path: Path, dataset: Dataset) -> None:
    run(tmp_path / "first", dataset, 0, "$'some' + '.pt'")
    (text,) = origin_of_run(tmp_path / "first").unknown
    assert text == f"$'some' + '.pt', which the run in {tmp_path / 'first'} did not record"


def test_a_run_that_names_its_own_weights_ends(tmp_path: Path, dataset: Dataset) -> None:
    model = run(tmp_path / "first", dataset, 0)
    edit_record(
        tmp_path / "first",
        files={"weights": {"path": str(model), "sha256": "0" * 64}},
    )
    assert origin_of_weights({"weights": str(model)}).unknown[0].endswith("another file now")
    (tmp_path / "first" / "record.json").write_text("{")
    with pytest.raises(InputError, match=r"record\.json cannot be read"):
        origin_of_weights({"weights": str(model)})


def test_images_that_the_weights_of_a_run_have_seen_are_not_scored(
    tmp_path: Path, dataset: Dataset
) -> None:
    first = run(tmp_path / "first", dataset, 0)
    folder = run(tmp_path / "second", dataset, 2, first).parent
    items = [item for item in dataset.items if item["fold"] in (0, 2)]
    check_began_unseen([item for item in items if item["fold"] == 0], dataset, folder)
    with pytest.raises(InputError) as caught:
        check_began_unseen(items, dataset, folder)
    text = str(caught.value)
    assert f"the run in {tmp_path / 'first'} was trained on or chosen by 6 (" in text
    assert f"of the 12 images of {dataset.folder} to be scored" in text
    assert f"the run in {folder} began from weights that come from it" in text
