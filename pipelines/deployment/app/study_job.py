"""A study to answer: what is read, what answers, what writes; the SDK's operators call it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipelines.deployment.app.answered_frame import AnsweredFrame, ReadFrame
from pipelines.deployment.app.capture_writer import CaptureWriter
from pipelines.deployment.app.decoders import decode_as_in_training
from pipelines.deployment.app.device import usable_device
from pipelines.deployment.app.frame_answerer import answer_frame
from pipelines.deployment.app.frames import read_frames
from pipelines.deployment.app.model import Model, load_model, read_intended_use
from pipelines.deployment.app.output_folder import prepare_folder
from pipelines.deployment.app.report_writer import ReportWriter
from pipelines.deployment.app.result_series import ResultSeries
from pipelines.deployment.app.segmentation_writer import SegmentationWriter
from pipelines.deployment.app.study import Study, read_study
from pipelines.deployment.app.summary import Summary
from pipelines.deployment.array_answerer import SEGMENTATION
from pipelines.errors import InputError
from transforms.picture import PictureError

_FIRST_SERIES = 9000  # numbers of series from there on are free in most studies


class Writer(Protocol):
    """Makes results of one kind of frames."""

    kind: str

    def take(self, frame: AnsweredFrame) -> dict[str, str]:
        """Takes a frame; gives what was written after it, kind to file."""
        ...

    def end(self, frame: AnsweredFrame) -> dict[str, str]:
        """Ends a frame, also one that could not be taken; gives what was written after it."""
        ...


@dataclass
class StudyJob:
    """A study on its way through a model.

    Attributes:
        study: what is in the folder.
        model: what answers.
        writers: what writes, each one kind of results.
        summary: what happened.
    """

    study: Study
    model: Model
    writers: list[Writer]
    summary: Summary

    def frames(self) -> Iterator[ReadFrame]:
        """Reads frame after frame."""
        return read_frames(self.study.images)

    def answer(self, frame: ReadFrame) -> AnsweredFrame:
        """Answers a frame."""
        answered = answer_frame(frame, self.model.answerer, self.model.training_images)
        self.summary.take(answered)
        return answered

    def write(self, frame: AnsweredFrame, writer: Writer) -> None:
        """Lets a writer take a frame; a header that cannot be copied stops no other image."""
        for step in (writer.take, writer.end):
            try:
                self.summary.written(frame, step(frame))
            except PictureError as error:
                self.summary.failed(frame, writer.kind, str(error))

    @property
    def is_complete(self) -> bool:
        """Whether all results of what was answered are written."""
        return not self.summary.not_written

    def finish(self) -> str:
        """Writes the summary; says in a line what was done.

        Raises:
            InputError: nothing could be answered.
        """
        self.summary.write()
        if not self.summary.answered:
            raise InputError(self.summary.nothing())
        return self.summary.line()


def prepare(source: Path, output: Path, model: Path, device: str | None = None) -> StudyJob:
    """Reads the headers of a study, loads the model and makes the folder of the results.

    Args:
        source: folder of DICOM files.
        output: folder of the results.
        model: see ``load_model``.
        device: where the model computes; by default a GPU where there is one.

    Raises:
        InputError: one of them cannot be used.
    """
    study = read_study(source, read_intended_use(model))
    decode_as_in_training()
    device = usable_device(device)
    prepare_folder(output)
    loaded = load_model(model, device)
    labels, task, use = loaded.answerer.labels, loaded.answerer.task, loaded.use
    summary = Summary(labels, task, use, study.left_out, output, loaded.point)

    def series(kind: str, number: int) -> ResultSeries:
        return ResultSeries(kind, _FIRST_SERIES + number, output, use)

    writers: list[Writer] = [
        ReportWriter(labels, series(ReportWriter.kind, 2), loaded.point),
        CaptureWriter(labels, series(CaptureWriter.kind, 3), loaded.point),
    ]
    if task == SEGMENTATION:
        writers.insert(0, SegmentationWriter(labels, series(SegmentationWriter.kind, 1)))
    return StudyJob(study, loaded, writers, summary)
