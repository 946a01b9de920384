"""What was answered, left out and written, as JSON and in a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pipelines
from pipelines.atomic import write_text
from pipelines.deployment.app.answered_frame import AnsweredFrame
from pipelines.deployment.app.class_threshold import ClassThreshold
from pipelines.deployment.app.intended_use import IntendedUse
from pipelines.deployment.app.lesions import Lesion
from pipelines.deployment.app.segmentation_writer import POLICY
from pipelines.deployment.app.study_image import NOT_READ, LeftOut, StudyImage
from pipelines.deployment.array_answerer import CLASSIFICATION, Answer

FILE = "summary.json"


@dataclass
class Summary:
    """Collects what happens to the files of a study.

    Attributes:
        labels: the classes of the model.
        task: of the model.
        use: what the model says of itself.
        left_out: files that were not answered.
        folder: of the results.
        point: the model's operating point, where it has one of a class.
    """

    labels: Sequence[str]
    task: str
    use: IntendedUse
    left_out: Sequence[LeftOut]
    folder: Path
    point: ClassThreshold | None = None
    _images: dict[str, dict[str, Any]] = field(default_factory=dict)
    _files: list[str] = field(default_factory=list)
    answered: int = 0

    def take(self, frame: AnsweredFrame) -> None:
        """Notes the answer to a frame, or why there is none."""
        entry = self._entry(frame.read.image)
        if frame.answer is None:
            problem = {"frame": frame.read.frame, "reason": frame.problem}
            entry["unanswered"].append(problem)
            return
        self.answered += 1
        unlike = {} if frame.is_unlike is None else {"unlike_training_images": frame.is_unlike}
        spacing = frame.read.spacing
        own = {} if spacing == frame.read.image.spacing else {"spacing_mm": spacing}
        said = {**own, **self._said(frame), **unlike}
        entry["answers"].append({"frame": frame.read.frame, **said})

    def written(self, frame: AnsweredFrame, files: Mapping[str, str]) -> None:
        """Notes results that were written after a frame: kind to file."""
        for kind, name in files.items():
            self._files.append(name)
            if kind != "report":  # it is of the whole study
                self._entry(frame.read.image)["results"][kind] = name

    def failed(self, frame: AnsweredFrame, kind: str, reason: str) -> None:
        """Notes a result that could not be made."""
        self._entry(frame.read.image)["failed"].append({"result": kind, "reason": reason})

    @property
    def images(self) -> int:
        """The number of images with an answer."""
        return sum(bool(each["answers"]) for each in self._images.values())

    @property
    def not_written(self) -> int:
        """The number of results that could not be written."""
        return sum(len(each["failed"]) for each in self._images.values())

    def content(self) -> dict[str, Any]:
        """Gives the whole."""
        return {
            "med2d": pipelines.__version__,
            "model": {"name": self.use.name, "version": self.use.version, "task": self.task},
            "intended_use": self.use.statement,
            "research_use_only": True,
            "labels": list(self.labels),
            "segmentation_policy": None if self.task == CLASSIFICATION else POLICY,
            "images": list(self._images.values()),
            "left_out": [
                {"file": each.name, "kind": each.kind, "reason": each.reason}
                for each in self.left_out
            ],
            "files": sorted(self._files),
        }

    def write(self) -> None:
        """Writes ``summary.json``."""
        text = json.dumps(self.content(), indent=1, ensure_ascii=False)
        write_text(self.folder / FILE, text + "\n")

    def line(self) -> str:
        """Says in a line what was done."""
        frames = f"{_counted(self.answered, 'frame')} of {_counted(self.images, 'image')} answered"
        return "; ".join([frames, *self._not_answered(), f"see {self.folder / FILE}"])

    def nothing(self) -> str:
        """Says in a line that nothing was answered, and why."""
        reasons = [each.reason for each in self.left_out]
        reasons += [one["reason"] for each in self._images.values() for one in each["unanswered"]]
        first = f" First: {reasons[0]}" if reasons else ""
        return f"no image could be answered: {', '.join(self._not_answered()) or 'none'}.{first}"

    def _not_answered(self) -> list[str]:
        kinds = Counter(each.kind for each in self.left_out)
        found = [
            f"{_counted(count, 'folder' if kind == NOT_READ else 'file')} {kind}"
            for kind, count in sorted(kinds.items())
        ]
        frames = sum(len(each["unanswered"]) for each in self._images.values())
        results = self.not_written
        found += [f"{_counted(frames, 'frame')} not decoded or answered"] * bool(frames)
        return found + [f"{_counted(results, 'result')} not written"] * bool(results)

    def _entry(self, image: StudyImage) -> dict[str, Any]:
        return self._images.setdefault(
            image.instance,
            {
                "file": image.name,
                "study_instance_uid": image.study,
                "series_instance_uid": image.series,
                "sop_instance_uid": image.instance,
                "modality": image.modality,
                "body_part": image.body_part or None,
                "frames": image.frames,
                "spacing_mm": image.spacing,
                "marks": list(image.marks),
                "answers": [],
                "unanswered": [],
                "results": {},
                "failed": [],
            },
        )

    def _said(self, frame: AnsweredFrame) -> dict[str, Any]:
        assert frame.answer is not None
        if frame.answer.label is not None:
            values = [round(float(each), 6) for each in frame.answer.probabilities]
            told = dict(zip(self.labels, values, strict=True))
            named = {"class": self.labels[frame.answer.label], "probabilities": told}
            return {**named, **self._pointed(frame.answer)}
        found: dict[str, Any] = {"regions": [self._region(each) for each in frame.lesions]}
        if frame.left_out:
            found["smaller_regions_not_measured"] = frame.left_out
        return found

    def _pointed(self, answer: Answer) -> dict[str, Any]:
        """Whether the class of the operating point is called found."""
        if self.point is None:
            return {}
        found = self.point.is_reached(answer.probabilities)
        told = {"class": self.point.label, "threshold": self.point.threshold, "found": found}
        return {"operating_point": told}

    def _region(self, lesion: Lesion) -> dict[str, Any]:
        unit = "mm" if lesion.in_mm else "pixels"
        return {
            "class": self.labels[lesion.label],
            "pixels": lesion.pixels,
            "area": {"value": round(lesion.area, 4), "unit": "mm2" if lesion.in_mm else "pixels"},
            "long_axis": {"value": round(lesion.long_axis, 4), "unit": unit},
            "short_axis": {"value": round(lesion.short_axis, 4), "unit": unit},
        }


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
