"""The operator that asks the model."""

from __future__ import annotations

from typing import Any

from monai.deploy.core import Fragment, Operator, OperatorSpec

from pipelines.deployment.app.read_operator import FRAME
from pipelines.deployment.app.study_job import StudyJob

ANSWERED = "answered"
"""Name of the port."""


class AnswerOperator(Operator):
    """Answers the frame that it receives.

    Args:
        fragment: the application.
        job: whose model answers.
    """

    def __init__(self, fragment: Fragment, job: StudyJob, name: str) -> None:
        self.job = job
        super().__init__(fragment, name=name)

    def setup(self, spec: OperatorSpec) -> None:
        """Declares input and output."""
        spec.input(FRAME)
        spec.output(ANSWERED)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Answers a frame."""
        op_output.emit(self.job.answer(op_input.receive(FRAME)), ANSWERED)
