from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.datasets import split_folder as module
from pipelines.datasets.dataset import Dataset, read
from pipelines.datasets.split_folder import split_folder
from pipelines.datasets.split_options import SplitOptions
from pipelines.errors import InputError
from tests.pipelines.datasets.made_split import (
    GROUPS,
    make_dataset,
    make_items,
    quiet,
    write_dataset,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_dataset(make_dataset(make_items(GROUPS), tmp_path / "données (1)")).folder


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_only_the_record_is_rewritten(folder: Path) -> None:
    before = files(folder)
    made = split_folder(folder, SplitOptions(folds=4, test=0.2), say=quiet)
    assert read(folder) == made and made.folds == [0, 1, 2, 3]
    after = files(folder)
    assert after.pop("dataset.json") != before.pop("dataset.json")
    assert after == before
    split_folder(folder, SplitOptions(folds=3), say=quiet)
    split_folder(folder, SplitOptions(folds=4, test=0.2), say=quiet)
    assert read(folder) == made


def test_a_dry_run_writes_nothing(folder: Path, tmp_path: Path) -> None:
    before = files(folder)
    made = split_folder(
        folder, SplitOptions(folds=4), tmp_path / "split.json", dry_run=True, say=quiet
    )
    assert made.folds == [0, 1, 2, 3]
    assert files(folder) == before and not (tmp_path / "split.json").exists()


def test_a_split_goes_by_a_file_to_another_folder(folder: Path, tmp_path: Path) -> None:
    made = split_folder(folder, SplitOptions(folds=4), tmp_path / "split.json", say=quiet)
    other = write_dataset(make_dataset(make_items(GROUPS), tmp_path / "other")).folder
    split_folder(other, tmp_path / "split.json", say=quiet)
    assert read(other).items == made.items


def test_exporting_alone_changes_nothing(folder: Path, tmp_path: Path) -> None:
    before = files(folder)
    split_folder(folder, None, tmp_path / "split.json", say=quiet)
    assert files(folder) == before
    split_folder(folder, tmp_path / "split.json", say=quiet)
    assert [i["fold"] for i in read(folder).items] == [
        i["fold"] for i in json.loads(before["dataset.json"])["training"]
    ]


def test_an_applied_leaky_split_is_told(folder: Path, tmp_path: Path) -> None:
    split_folder(folder, SplitOptions(leaky=True), tmp_path / "split.json", say=quiet)
    split_folder(folder, SplitOptions(), say=quiet)
    said: list[str] = []
    assert split_folder(folder, tmp_path / "split.json", say=said.append).leaky
    assert len(said) == 1 and said[0].startswith("warning: leaky split, made on purpose")
    split_folder(folder, None, tmp_path / "again.json", say=said.append)
    assert said[1:] == said[:1]


def test_the_mark_of_a_leaky_split_does_not_go_in_silence(folder: Path, tmp_path: Path) -> None:
    split_folder(folder, SplitOptions(), tmp_path / "split.json", say=quiet)
    for options in (SplitOptions(), tmp_path / "split.json"):
        split_folder(folder, SplitOptions(leaky=True), say=quiet)
        said: list[str] = []
        assert not split_folder(folder, options, say=said.append).leaky
        assert said == [module.CLEARED]


def edit(folder: Path, change: object) -> None:
    path = folder / "dataset.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)  # type: ignore[operator]
    path.write_text(json.dumps(content), encoding="utf-8")


def test_folds_that_are_wrong_or_missing_are_made_anew(folder: Path) -> None:
    first = split_folder(folder, SplitOptions(), say=quiet)

    def break_folds(content: dict) -> None:
        for number, item in enumerate(content["training"]):
            item["fold"] = number % 7
        del content["training"][3]["fold"]

    edit(folder, break_folds)
    with pytest.raises(InputError, match='lacks the key "fold"'):
        read(folder)
    with pytest.raises(InputError, match='lacks the key "fold"'):
        split_folder(folder, None, folder.parent / "split.json", say=quiet)
    assert split_folder(folder, SplitOptions(), say=quiet).items == first.items


def test_a_stale_audit_goes_and_is_told(folder: Path) -> None:
    split_folder(folder, SplitOptions(), say=quiet)
    for name in ("audit.json", "audit.html"):
        (folder / name).write_text("{}")
    said: list[str] = []
    split_folder(folder, SplitOptions(), say=said.append)
    assert said == [] and (folder / "audit.json").is_file()  # nothing has changed
    split_folder(folder, SplitOptions(folds=3), dry_run=True, say=said.append)
    assert (folder / "audit.json").is_file()
    split_folder(folder, SplitOptions(folds=3), say=said.append)
    assert not list(folder.glob("audit.*"))
    assert said == [
        "audit.json and audit.html told of the split before and went; "
        f"med2d audit '{folder}' makes them anew"
    ]


def test_a_missing_image_is_named_and_nothing_written(folder: Path) -> None:
    before = files(folder)
    (folder / "images" / "a_0003.png").unlink()
    with pytest.raises(InputError, match=r"training\[2\].*a_0003.png, which does not exist"):
        split_folder(folder, SplitOptions(), say=quiet)
    assert files(folder)["dataset.json"] == before["dataset.json"]


def test_a_full_disk_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(folder)

    def full(dataset: Dataset) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device; nothing was"):
        split_folder(folder, SplitOptions(), say=quiet)
    assert files(folder) == before
