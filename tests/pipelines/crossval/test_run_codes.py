from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.crossval.run_codes import code_now, codes_of, mixed_code_text
from pipelines.training.code_digest import code_files, digest_of
from tests.pipelines.crossval.made_training import begun_with

ONE, OTHER = "1" * 64, "2" * 64


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Two runs of one code, of which the second went on by another; one that was not begun."""
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder, resumed in zip(folders, ([], [OTHER, OTHER]), strict=False):
        folder.mkdir()
        (folder / "record.json").write_text(json.dumps(begun_with(ONE, *resumed)))
    return folders


def test_each_code_names_its_runs(runs: list[Path]) -> None:
    assert codes_of(runs) == [
        {"digest": ONE, "name": "med2d 0.0.1", "runs": ["a", "b"]},
        {"digest": OTHER, "name": None, "runs": ["b"]},
    ]


def test_several_codes_are_told(runs: list[Path]) -> None:
    text = mixed_code_text(codes_of(runs))
    assert "not of one code" in text and "--check" in text
    assert "a, b of med2d 0.0.1 (code 111111111111); b of code 222222222222." in text


def test_one_code_is_not_told(runs: list[Path]) -> None:
    assert mixed_code_text(codes_of(runs[:1])) == mixed_code_text([]) == ""
    now = code_now(["d"])
    assert now["digest"] == digest_of(code_files()) and now["runs"] == ["d"]
    assert mixed_code_text([now, code_now(["e"])]) == ""
