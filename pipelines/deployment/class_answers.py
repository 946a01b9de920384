"""The classes that a model answers for a folder of pictures, in one table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from ignite.engine import Engine, Events

from pipelines.atomic import write_text
from pipelines.deployment.called_classes import CALLED, is_called
from pipelines.evaluation.classification import check_probabilities

FILE = "predictions.csv"
PREFIX = "p_"
"""Put before a class's name: the column of its probability."""


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
