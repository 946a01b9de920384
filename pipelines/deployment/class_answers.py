"""The classes that a model answers for a folder of pictures, in one table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events

from pipelines.atomic import write_text
from pipelines.errors import InputError
from pipelines.evaluation.classification import check_probabilities
from pipelines.training.workflow import given_overrides

FILE = "predictions.csv"
PREFIX = "p_"
"""Put before a class's name: the column of its probability."""
CALLED = "called_"
"""Put before a class's name: the column that says whether its threshold is reached."""


_ANSWERS = {
    *("weights", "ensemble", "image_size", "flip_average", "calibrated", "activation"),
    *("network_def", "network", "preprocessing", "postprocessing", "inferer"),
}
"""Settings by which a bundle's probabilities become others."""


def is_called(probability: float, threshold: float) -> str:
    """What a table says of a probability at an operating point: ``yes`` from the threshold on."""
    return "yes" if probability >= threshold else "no"


def check_thresholds(thresholds: Any, labels: Sequence[str]) -> None:
    """Check the operating points of a classification, and that they fit what is asked.

    Args:
        thresholds: of the probability of classes, by name.
        labels: all class names.

    Raises:
        InputError: it is no such mapping, names no class of the model, a threshold is no
            probability above 0, or the running ``monai.bundle run`` was told to answer otherwise
            than the thresholds of its configuration were chosen for.
    """
    expected = "expected thresholds of classes, such as {'" + labels[-1] + "': 0.3}, or {}"
    if not isinstance(thresholds, Mapping):
        raise InputError(f"thresholds is {thresholds!r}; {expected}")
    for label, value in thresholds.items():
        if label not in labels:
            known = ", ".join(map(repr, labels))
            raise InputError(f"thresholds names {label!r}; the classes are {known}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            raise InputError(
                f"thresholds::{label} is {value!r}; expected a number above 0, up to 1"
            )
    _, overrides = given_overrides()
    names = {str(name).lstrip("+").replace("#", "::").split("::")[0] for name in overrides}
    if thresholds and "thresholds" not in names and names & _ANSWERS:
        others = sorted(f"--{name}" for name in names & _ANSWERS)
        raise InputError(
            f"{' and '.join(others)} {'make' if len(others) > 1 else 'makes'} other probabilities "
            f"than those for which the threshold of {' and '.join(thresholds)} was chosen; give "
            '--thresholds, too, with one of yours, or --thresholds "{}" for none'
        )


class ClassAnswers:
    """Collects an evaluator's answers and writes ``predictions.csv`` when all are there.

    A line for each picture, in the order of the pictures: ``image`` (its path below the folder),
    ``predicted`` (the most probable class), ``p_<class>`` for each class, and ``called_<class>``
    (``yes`` or ``no``) for each class with a threshold. The file appears whole or not at all.

    The engine's output, after its postprocessing, is a list of dictionaries with ``pred``, the
    probabilities (classes,); its batch holds ``path``.

    Args:
        labels: the class names in the order of their indices.
        dataset_dir: the folder of the pictures.
        output_dir: the folder of the table.
        thresholds: operating points: the probability from which a class is called, by class.
    """

    def __init__(
        self,
        labels: Sequence[str],
        dataset_dir: str | Path,
        output_dir: str | Path,
        thresholds: Mapping[str, float] | None = None,
    ) -> None:
        self.labels = list(labels)
        self.points = {self.labels.index(name): at for name, at in (thresholds or {}).items()}
        self.source = Path(dataset_dir)
        self.path = Path(output_dir) / FILE
        self.rows: list[list[object]] = []

    def attach(self, engine: Engine) -> None:
        """Collect at every iteration of ``engine``, write when it has completed."""
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._collect)
        engine.add_event_handler(Events.COMPLETED, self._write)

    def _start(self, engine: Engine) -> None:
        self.rows = []

    def _collect(self, engine: Engine) -> None:
        for item, output in zip(engine.state.batch, engine.state.output, strict=True):
            probabilities = output["pred"].detach().double().cpu().flatten().tolist()
            name = Path(str(item["path"])).relative_to(self.source).as_posix()
            check_probabilities(name, probabilities)
            best = probabilities.index(max(probabilities))
            called = [is_called(probabilities[place], at) for place, at in self.points.items()]
            self.rows.append([name, self.labels[best], *probabilities, *called])

    def _write(self, engine: Engine) -> None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        heads = [PREFIX + name for name in self.labels]
        heads += [CALLED + self.labels[place] for place in self.points]
        writer.writerow(["image", "predicted", *heads])
        writer.writerows(self.rows)
        write_text(self.path, text.getvalue())
