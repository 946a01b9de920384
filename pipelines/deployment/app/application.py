"""The application: DICOM in, DICOM out."""

from __future__ import annotations

from monai.deploy.core import Application

from pipelines.deployment.app.answer_operator import ANSWERED, AnswerOperator
from pipelines.deployment.app.read_operator import FRAME, ReadOperator
from pipelines.deployment.app.study_job import StudyJob
from pipelines.deployment.app.write_operator import WriteOperator


class StudyApplication(Application):
    """Reads the frames of a study, answers them and writes the results, frame after frame.

    Args:
        job: what is read, what answers and what writes.
    """

    def __init__(self, job: StudyJob) -> None:
        self.job = job
        super().__init__(["study"])  # its own arguments are read before, see __main__

    def compose(self) -> None:
        """Joins the operators."""
        read = ReadOperator(self, self.job, name="read")
        answer = AnswerOperator(self, self.job, name="answer")
        self.add_flow(read, answer, {(FRAME, FRAME)})
        for writer in self.job.writers:
            self.add_flow(answer, WriteOperator(self, self.job, writer), {(ANSWERED, ANSWERED)})
