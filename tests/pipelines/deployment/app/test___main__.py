from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.deployment.app import __main__
from pipelines.deployment.app.__main__ import main

NAME = "breast_us_classification"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("input", "is not there; expected a folder with the DICOM files"),
        ("model", "is no bundle; expected a package"),
        ("output", "cannot be written"),
    ],
)
def test_a_wrong_place_is_one_line_and_code_2(
    package: Callable[[str], Path],
    study: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    place: str,
    words: str,
) -> None:
    (tmp_path / "file").touch()
    good = {"input": study, "output": tmp_path / "out", "model": package(NAME)}
    given = {**good, place: tmp_path / "file" / "none" if place == "output" else tmp_path / "none"}
    code = main([word for name, path in given.items() for word in (f"--{name}", str(path))])
    error = capsys.readouterr().err
    assert code == 2 and words in error
    assert error.startswith("Error: ") and error.count("\n") == 1


def test_a_study_that_the_model_is_not_meant_for_ends_before_the_sdk_starts(
    package: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("no DICOM")
    monkeypatch.setenv("HOLOSCAN_INPUT_PATH", str(tmp_path / "in"))
    monkeypatch.setenv("HOLOSCAN_OUTPUT_PATH", str(tmp_path / "out"))
    monkeypatch.setenv("HOLOSCAN_MODEL_PATH", str(package(NAME)))
    assert main([]) == 2
    assert capsys.readouterr().err == (
        'Error: no image could be answered: 1 file not DICOM. First: file "notes.txt" is no DICOM '
        "file\n"
    )


def test_an_unknown_option_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--nonsense"]) == 2
    assert capsys.readouterr().err == ("Error: unrecognized arguments: --nonsense (see --help)\n")


def test_a_device_that_is_not_there_is_one_line_before_anything_is_made(
    package: Callable[[str], Path], study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ["-i", str(study), "-o", str(tmp_path / "out"), "-m", str(package(NAME))]
    assert main([*places, "--device", "banana"]) == 2
    assert capsys.readouterr().err == (
        "Error: 'banana' is no device; expected cpu, or cuda for a GPU\n"
    )
    assert not (tmp_path / "out").exists()


def test_results_that_are_not_written_are_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(__main__, "_run", lambda given: ("1 result not written \udcfc", False))
    assert main([]) == 1
    assert capsys.readouterr().out == "1 result not written \\xfc\n"
