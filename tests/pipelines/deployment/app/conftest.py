"""What the tests of the application share: packages, a made study, and what it was answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pipelines.deployment.app.study_job import prepare
from pipelines.deployment.made_study import BAD, IMAGES, write_study
from tests.pipelines.deployment.app.made_package import made_package


class Answered(NamedTuple):
    """A study that was answered: its folder, the results, and their summary."""

    study: Path
    folder: Path
    package: Path
    line: str
    summary: dict[str, Any]

    def image(self, name: str) -> dict[str, Any]:
        """What was said of a file."""
        return next(each for each in self.summary["images"] if each["file"] == name)


def answer_study(source: Path, output: Path, model: Path, device: str | None = None) -> str:
    """Takes a study through a job frame by frame, as the SDK's operators do."""
    job = prepare(source, output, model, device)
    for frame in job.frames():
        answered = job.answer(frame)
        for writer in job.writers:
            job.write(answered, writer)
    return job.finish()


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the package of a bundle, by its name; do not write into it."""
    folder, done = tmp_path_factory.mktemp("packages"), dict[str, Path]()

    def of(name: str) -> Path:
        if name not in done:
            done[name] = made_package(name, folder / name)
        return done[name]

    return of


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made DICOM files of all kinds, good and bad; do not write into it."""
    folder = tmp_path_factory.mktemp("made") / "study"
    write_study(folder, (*IMAGES, *BAD), broken=True)
    return folder


@pytest.fixture(scope="session")
def answered(
    package: Callable[[str], Path], study: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Answered]:
    """Answers the study by a bundle, once."""
    folder, done = tmp_path_factory.mktemp("results"), dict[str, Answered]()

    def by(name: str) -> Answered:
        if name not in done:
            results = folder / name
            line = answer_study(study, results, package(name), device="cpu")
            summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
            done[name] = Answered(study, results, package(name), line, summary)
        return done[name]

    return by
