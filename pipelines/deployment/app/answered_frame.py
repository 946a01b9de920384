"""One frame of an image on its way: read, answered, written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from pipelines.datasets.sources.dicom_spacing import Spacing
from pipelines.deployment.app.lesions import Lesion
from pipelines.deployment.app.study_image import StudyImage
from pipelines.deployment.array_answerer import Answer

UNLIKE = "unlike the training images"
"""The mark of a picture that the model has seen nothing like."""


@dataclass(frozen=True)
class ReadFrame:
    """A frame as it was read.

    Attributes:
        image: the file.
        frame: its number, from 1.
        picture: (height, width) or (height, width, 3), uint8; None where it cannot be read.
        problem: why not.
        ends_study: whether it is the last of its study.
        spacing: of this frame, millimetres from row to row and from column to column, or nothing.
    """

    image: StudyImage
    frame: int
    picture: NDArray[Any] | None
    problem: str | None = None
    ends_study: bool = False
    spacing: Spacing | None = None

    @property
    def ends_image(self) -> bool:
        """Whether it is the last of its file."""
        return self.frame == self.image.frames


@dataclass(frozen=True)
class AnsweredFrame:
    """A frame with what the model says of it.

    Attributes:
        read: the frame.
        answer: of the model; None where there is none.
        lesions: what its mask holds, the largest first; empty of a classification.
        left_out: regions of the mask that are smaller than those.
        problem: why there is no answer.
        is_unlike: whether the picture is unlike the training images; None where that is not known.
    """

    read: ReadFrame
    answer: Answer | None
    lesions: tuple[Lesion, ...] = ()
    left_out: int = 0
    problem: str | None = None
    is_unlike: bool | None = None

    @property
    def marks(self) -> tuple[str, ...]:
        """What a reader of the answer should know."""
        return (*self.read.image.marks, *((UNLIKE,) if self.is_unlike else ()))
