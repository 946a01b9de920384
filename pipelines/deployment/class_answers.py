"""The classes that a model answers for a folder of pictures, in one table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from ignite.engine import Engine, Events

from pipelines.atomic import write_text
from pipelines.evaluation.classification import check_probabilities

FILE = "predictions.csv"
PREFIX = "p_"
"""Put before a class's name: the column of its probability."""


class ClassAnswers:
    """Collects an evaluator's answers and writes ``predictions.csv`` when all are there.

    A line for each picture, in the order of the pictures: ``image`` (its path below the folder),
    ``predicted``, and ``p_<class>`` for each class. The file appears whole or not at all.

    The engine's output, after its postprocessing, is a list of dictionaries with ``pred``, the
    probabilities (classes,); its batch holds ``path``.

    Args:
        labels: the class names in the order of their indices.
        dataset_dir: the folder of the pictures.
        output_dir: the folder of the table.
    """

    def __init__(
        self, labels: Sequence[str], dataset_dir: str | Path, output_dir: str | Path
    ) -> None:
        self.labels = list(labels)
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
            self.rows.append([name, self.labels[best], *probabilities])

    def _write(self, engine: Engine) -> None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["image", "predicted", *(PREFIX + name for name in self.labels)])
        writer.writerows(self.rows)
        write_text(self.path, text.getvalue())
