"""The operator that reads a study, one frame at a time."""

from __future__ import annotations

from typing import Any

from holoscan.conditions import BooleanCondition
from monai.deploy.core import Fragment, Operator, OperatorSpec

from pipelines.deployment.app.study_job import StudyJob

FRAME = "frame"
"""Name of the port."""


class ReadOperator(Operator):
    """Emits a frame each time that it runs, and stops after the last.

    Args:
        fragment: the application.
        job: whose frames are read.
    """

    def __init__(self, fragment: Fragment, job: StudyJob, name: str) -> None:
        self.frames = job.frames()
        self.left = sum(image.frames for image in job.study.images)
        self.goes_on = BooleanCondition(fragment, enable_tick=True, name="goes_on")
        super().__init__(fragment, self.goes_on, name=name)

    def setup(self, spec: OperatorSpec) -> None:
        """Declares the output."""
        spec.output(FRAME)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Emits the next frame."""
        op_output.emit(next(self.frames), FRAME)
        self.left -= 1
        if not self.left:
            self.goes_on.disable_tick()
