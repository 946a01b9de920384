"""Score one fold once, with the best model, and leave what a person needs to judge it."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import ignite.distributed as idist
import pandas as pd
import torch
from ignite.engine import Engine, Events
from rich.console import Console

from pipelines.atomic import write_text
from pipelines.datasets.dataset import Dataset, digest, read
from pipelines.errors import InputError
from pipelines.evaluation.cases import LEAKY, Column, write_cases
from pipelines.evaluation.scores import LEAKY_LINE, scores_table, write_scores
from pipelines.training.epochs import Epochs, epochs_of
from pipelines.training.finite_answers import FiniteAnswers
from pipelines.training.run_folder import DIGEST, MODEL, recorded, setting
from pipelines.training.segmentation_results import PLOTS, PREDICTIONS, SegmentationResults
from pipelines.training.weights import load_weights

_LOG = logging.getLogger("med2d")

CASES = "cases.csv"
SCORES = "scores.json"
PATIENTS = "patient ids"
LEAKAGE = "leakage between a patient's own images cannot be excluded"


class CaseTable(Protocol):
    """A handler that leaves a row for each image of its engine in ``table``."""

    table: pd.DataFrame


class Results(Protocol):
    """What a task makes of its cases; see ``SegmentationResults``, ``ClassificationResults``."""

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns of cases.csv."""

    @property
    def pictures(self) -> str:
        """Name of the folder of the pictures, in the run's folder."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Further tables that stand beside cases.csv, by the names of their files."""

    def scores(self, cases: pd.DataFrame) -> dict[str, Any]:
        """Compute every score with its interval, as scores.json holds them."""

    def draw(
        self, cases: pd.DataFrame, scores: Mapping[str, Any], dataset: Dataset, folder: Path
    ) -> None:
        """Draw the pictures into the run's folder."""


class Scorer:
    """Runs the scoring evaluator with a run's best model and writes the results beside it.

    In the run's folder: ``cases.csv`` (a row an image), ``scores.json`` (each score with n and
    95 % interval) and the task's pictures: of a segmentation ``overlays/`` (best, median and worst
    cases, and false positives), of a classification ``plots/``.

    Args:
        evaluator: engine over the scored fold.
        cases: the handler of ``evaluator`` that collects its rows.
        network: the network that ``evaluator`` runs; the best model's weights are put into it.
        output_dir: the run's folder, with ``model.pt``.
        dataset_dir: the dataset folder.
        fold: the fold that is scored.
        bundle: the bundle's name, for the command that scores again.
        metric: the validation's metric that named the best epoch.
        results: what is made of the cases; that of a segmentation where not given.
    """

    def __init__(
        self,
        evaluator: Engine,
        cases: CaseTable,
        network: torch.nn.Module,
        output_dir: str | Path,
        dataset_dir: str | Path,
        fold: int,
        bundle: str,
        metric: str = "val_f1",
        results: Results | None = None,
    ) -> None:
        self.evaluator = evaluator
        FiniteAnswers().attach(evaluator)
        self.cases = cases
        self.network = network
        self.folder = Path(output_dir)
        self.dataset_dir = dataset_dir
        self.fold = fold
        self.bundle = bundle
        self.metric = metric
        self.results: Results = SegmentationResults() if results is None else results

    def attach(self, engine: Engine) -> None:
        """Score when the trainer ``engine`` has completed."""
        engine.add_event_handler(Events.COMPLETED, lambda _: self.run())

    def run(self) -> dict[str, Any] | None:
        """Score, write and print.

        Returns:
            What ``results.scores`` gives; None on other processes than the first.

        Raises:
            InputError: the run has no model, or one that answers NaN.
        """
        idist.barrier()  # the first process may still be writing the model
        self._load()
        self.evaluator.run()
        if idist.get_rank() != 0:
            return None
        return self._write()

    def _load(self) -> None:
        load_weights(getattr(self.network, "module", self.network), self.folder / MODEL)

    def _write(self) -> dict[str, Any]:
        dataset = read(self.dataset_dir)
        cases = self.cases.table.assign(**{LEAKY: int(dataset.leaky)})
        scores = self.results.scores(cases)
        epochs = self._epochs()
        self._write_tables(cases, self.folder)
        write_scores(
            self.folder / SCORES,
            scores,
            grouping=grouping_text(dataset),
            fold=self.fold,
            command=evaluate_command(self.bundle, self.folder),
            epoch=epochs.best if epochs else None,
            epochs_run=epochs.run if epochs else None,
        )
        self.results.draw(cases, scores, dataset, self.folder)
        console = Console(highlight=False)
        console.print(scores_table(scores))
        self._list(console, self.folder, MODEL)
        return scores

    def _list(self, console: Console, folder: Path, *first: str) -> None:
        """Print where everything is that was written."""
        names = (*first, SCORES, CASES, *self.results.tables, self.results.pictures, PLOTS)
        found = [n for n in dict.fromkeys((*names, PREDICTIONS)) if (folder / n).exists()]
        width = max(map(len, found))
        for name in found:
            console.print(f"{name:<{width}}  {folder / name}", soft_wrap=True, markup=False)

    def _write_tables(self, cases: pd.DataFrame, folder: Path) -> None:
        """Write the tables before the scores: whoever finds scores finds what they are made of."""
        write_cases(folder / CASES, cases, self.results.columns)
        for name, table in self.results.tables.items():
            write_text(folder / name, table.to_csv(index=False, lineterminator="\n"))

    def _epochs(self) -> Epochs | None:
        epochs = epochs_of(self.folder, self.metric)
        if epochs is not None and not epochs.ended:
            _LOG.warning(
                f"the run in {self.folder} did {epochs.run} of {epochs.asked} epochs and never "
                f"ended; the model scored is of epoch {epochs.best}. To go on, give the command "
                "that started it with --resume true"
            )
        return epochs


def leakage(grouping: str, leaky: bool) -> str:
    """Which leakage a split leaves possible; empty where the groups are patients.

    Args:
        grouping: what the groups are, as ``source.grouping`` of the dataset says.
        leaky: whether the split ignores them on purpose.
    """
    if leaky:
        return LEAKY_LINE
    return "" if grouping.startswith(PATIENTS) and " for " not in grouping else LEAKAGE


def grouping_text(dataset: Dataset) -> str:
    """What the groups of a dataset are, and which leakage they leave possible."""
    grouping = str(dataset.source.get("grouping", "unknown"))
    return "; ".join(filter(None, [grouping, leakage(grouping, dataset.leaky)]))


def evaluate_command(bundle: str, output_dir: str | Path, **options: Any) -> str:
    """The command that scores a run again, from a checkout's root.

    Args:
        bundle: the bundle's name.
        output_dir: the run's folder.
        **options: further options of the command; those that are None are left out.
    """
    given = {name: value for name, value in options.items() if value is not None}
    more = "".join(f" --{name} {shlex.quote(str(value))}" for name, value in given.items())
    configs = f"bundles/{bundle}/configs"
    return (
        f"python -m monai.bundle run --config_file "
        f"\"['{configs}/train.json','{configs}/evaluate.json']\" "
        f"--output_dir {shlex.quote(str(output_dir))}{more}"
    )


def check_bundle(output_dir: str | Path, bundle: str) -> None:
    """Refuse to score a run with the configuration of another bundle than trained it.

    Args:
        output_dir: the run's folder.
        bundle: name of the bundle whose configuration runs.

    Raises:
        InputError: the folder holds no run, or one of another bundle.
    """
    trained = recorded(output_dir).get("scorer", {}).get("bundle")
    if trained not in (None, bundle):
        raise InputError(
            f"the run in {output_dir} is of the bundle {trained}, not of {bundle}; score it by the "
            f"configurations of {trained}"
        )


def check_trained_on(dataset_dir: str | Path, output_dir: str | Path, **settings: Any) -> None:
    """Refuse to score a run on other folds, or with another recipe, than it was trained with.

    Args:
        dataset_dir: the dataset folder to be scored.
        output_dir: the run's folder.
        **settings: what must be as in the training, above all ``fold``: every other fold trained
            or chose the model.

    Raises:
        InputError: the folder holds no run, a setting differs, or the dataset's content or folds
            have changed.
    """
    for name, value in settings.items():
        trained = setting(output_dir, name)
        if value != trained:
            raise InputError(
                f"{name} is {value}, but the run in {output_dir} was trained with {trained}; "
                f"leave --{name} out, or train with it"
            )
    if digest(read(dataset_dir)) != recorded(output_dir).get(DIGEST):
        raise InputError(
            f"{dataset_dir} is not the dataset that the run in {output_dir} was trained on, or its "
            "folds have changed: the fold to be scored may hold images of the training. Name the "
            "original by --dataset_dir, or train again"
        )
