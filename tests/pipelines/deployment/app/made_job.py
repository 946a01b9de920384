"""A job without a model, to try the operators by."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from pipelines.deployment.app.answered_frame import AnsweredFrame, ReadFrame
from pipelines.deployment.app.study_job import StudyJob
from tests.pipelines.deployment.app.made_image import made_image


class Recorder:
    """Notes the frames that it is given."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.taken: list[int] = []

    def take(self, frame: AnsweredFrame) -> dict[str, str]:
        """Takes a frame."""
        self.taken.append(frame.read.frame)
        return {self.kind: "file"} if frame.read.ends_image else {}

    def end(self, frame: AnsweredFrame) -> dict[str, str]:
        """Ends a frame."""
        return {}


class Notes:
    """Stands for the summary."""

    def __init__(self) -> None:
        self.files: list[dict[str, str]] = []

    def written(self, frame: AnsweredFrame, files: dict[str, str]) -> None:
        """Notes what was written."""
        if files:
            self.files.append(files)


class MadeJob(StudyJob):
    """Frames of one clip; an answer is None."""

    def __init__(self, frames: int) -> None:
        image = made_image(path=Path("a.dcm"), frames=frames)
        study: Any = SimpleNamespace(images=[image])
        self.notes: Any = Notes()
        model: Any = None
        super().__init__(study, model, [Recorder("a"), Recorder("b")], self.notes)

    def frames(self) -> Any:
        """Gives the frames."""
        (image,) = self.study.images
        picture = np.zeros((4, 5), np.uint8)
        return (ReadFrame(image, number, picture) for number in range(1, image.frames + 1))

    def answer(self, frame: ReadFrame) -> AnsweredFrame:
        """Answers a frame by nothing."""
        return AnsweredFrame(frame, None)
