"""The operators that write: one for each kind of results."""

from __future__ import annotations

from typing import Any

from monai.deploy.core import Fragment, Operator, OperatorSpec

from pipelines.deployment.app.answer_operator import ANSWERED
from pipelines.deployment.app.study_job import StudyJob, Writer


class WriteOperator(Operator):
    """Hands the answered frames to a writer.

    Args:
        fragment: the application.
        job: that the writer is of.
        writer: of one kind of results.
    """

    def __init__(self, fragment: Fragment, job: StudyJob, writer: Writer) -> None:
        self.job, self.writer = job, writer
        super().__init__(fragment, name=f"write_{writer.kind}")

    def setup(self, spec: OperatorSpec) -> None:
        """Declares the input."""
        spec.input(ANSWERED)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Takes a frame."""
        self.job.write(op_input.receive(ANSWERED), self.writer)
