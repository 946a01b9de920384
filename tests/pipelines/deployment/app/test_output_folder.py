from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.deployment.app.output_folder import prepare_folder
from pipelines.errors import InputError


def test_a_folder_is_made_or_taken_if_it_is_empty(tmp_path: Path) -> None:
    for _ in range(2):
        prepare_folder(tmp_path / "new" / "results")
    assert list((tmp_path / "new" / "results").iterdir()) == []


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "summary.json").touch()
    with pytest.raises(InputError, match=r"is not empty \(it holds summary.json\); name a new"):
        prepare_folder(tmp_path)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be written .*name another folder"):
        prepare_folder(tmp_path / "file" / "results")
