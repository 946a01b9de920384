from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.datasets.audit.out_folder import check_out
from pipelines.errors import InputError

REPORT = json.dumps({"med2d": "0.1.0", "findings": [], "verdict": "passes"})


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    folder.mkdir()
    (folder / "dataset.json").write_text("{}")
    return folder


def folder_of(path: Path, **files: str) -> Path:
    """Makes a folder of text files; two underscores in a name stand for a dot."""
    path.mkdir()
    for name, text in files.items():
        (path / name.replace("__", ".")).write_text(text)
    return path


def test_the_dataset_folder_a_new_one_an_empty_one_and_an_earlier_audit_will_do(
    dataset: Path, tmp_path: Path
) -> None:
    check_out(dataset, dataset)
    check_out(dataset, tmp_path / "new" / "report")
    check_out(dataset, folder_of(tmp_path / "empty"))
    check_out(dataset, folder_of(tmp_path / "earlier", audit__json=REPORT, audit__html="x"))
    link = tmp_path / "link"
    link.symlink_to(dataset)
    check_out(dataset, link)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"scan__png": "x"}, r"holds scan\.png, which no audit made"),
        ({"audit__json": REPORT, "notes__txt": "mine"}, r"holds notes\.txt, which no audit made"),
        ({"audit__json": "{}"}, "that med2d audit did not make"),
        ({"audit__json": "my own"}, "that med2d audit did not make"),
        ({"audit__html": "mine"}, "that med2d audit did not make"),
    ],
)
def test_files_of_others_are_left_alone(
    dataset: Path, tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    with pytest.raises(InputError, match=expected):
        check_out(dataset, folder_of(tmp_path / "out", **files))


def test_a_file_and_folders_inside_and_around_the_dataset_are_refused(
    dataset: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="a file stands there"):
        check_out(dataset, tmp_path / "file")
    for out in (dataset / "report", tmp_path):
        with pytest.raises(InputError, match="lie in one another"):
            check_out(dataset, out)
