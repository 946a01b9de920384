"""Score a run on other images than its own fold, and say how much worse it does there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ignite.engine import Engine
from rich.console import Console

from pipelines.datasets.dataset import LEAKY, digest
from pipelines.errors import InputError
from pipelines.evaluation.cases import FLAGS, read_cases
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.score_drop import drop_table, score_drop
from pipelines.evaluation.scores import scores_table, write_scores
from pipelines.training.class_map_results import ClassMapResults
from pipelines.training.classification_results import ClassificationResults
from pipelines.training.run_folder import DIGEST, recorded
from pipelines.training.scored_part import FOLD, ScoredPart, own_folder
from pipelines.training.scoring import (
    CASES,
    SCORES,
    CaseTable,
    Scorer,
    evaluate_command,
    grouping_text,
)
from pipelines.training.segmentation_results import SegmentationResults

PartResults = ClassificationResults | ClassMapResults | SegmentationResults
"""What is made of the cases, and how their drop is computed."""

_SAME = frozenset({"id", "group", "fold", "class", FLAGS, LEAKY})
"""Columns that do not depend on the run."""


class PartScorer(Scorer):
    """Runs the scoring evaluator over a part that `scored_part` found, and writes the results.

    A run's own fold by its own model is scored as every training does it at its end. Anything else
    gets a folder of its own with ``cases.csv``, ``scores.json`` and pictures; ``scores.json``
    holds ``drop``, how much worse each score is than on the fold of each run that answers, with
    its interval (see ``pipelines.evaluation.score_drop``).

    Args:
        evaluator: engine over the part's images.
        cases: the handler of ``evaluator`` that collects its rows.
        network: the network that ``evaluator`` runs; for an ensemble it has its weights already.
        output_dir: the run's folder.
        dataset_dir: the dataset folder that the run was trained on.
        fold: the run's fold.
        bundle: the bundle's name, for the command that scores again.
        results: what is made of the cases.
        part: what is scored.
        metric: the validation's metric that named the best epoch.
        options: the options that the part was asked for by, for the command that scores again.
    """

    results: PartResults

    def __init__(
        self,
        evaluator: Engine,
        cases: CaseTable,
        network: Any,
        output_dir: str | Path,
        dataset_dir: str | Path,
        fold: int,
        bundle: str,
        results: PartResults,
        part: ScoredPart,
        metric: str = "val_balanced_accuracy",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            evaluator, cases, network, output_dir, dataset_dir, fold, bundle, metric, results
        )
        self.part = part
        self.options = dict(options or {})

    def _load(self) -> None:
        if len(self.part.runs) == 1:
            super()._load()

    def _write(self) -> dict[str, Any]:
        if self.part.is_plain:
            return super()._write()
        part, dataset = self.part, self.part.dataset
        leaky = dataset.leaky and not part.site
        cases = self.cases.table.assign(**{LEAKY: int(leaky)})
        drop = self._drop(cases)
        scores = {
            "scored": {
                "part": part.part,
                "site": part.site,
                "dataset_digest": digest(dataset),
                "runs": [str(run) for run in part.runs],
                **({} if part.flip_average is None else {"flip_average": part.flip_average}),
            },
            **self.results.scores(cases),
            **({} if drop is None else {"drop": drop}),
        }
        part.folder.mkdir(parents=True, exist_ok=True)
        self._write_tables(cases, part.folder)
        write_scores(
            part.folder / SCORES,
            scores,
            grouping=grouping_text(dataset),
            fold=part.fold,
            command=evaluate_command(self.bundle, self.folder, **self.options),
        )
        self.results.draw(cases, scores, dataset, part.folder)
        self._print(scores, drop)
        return scores

    def _drop(self, cases: pd.DataFrame) -> dict[str, Any] | None:
        """Compares with the folds that the runs were judged by; None where these are scored."""
        if self.part.part == FOLD:
            return None
        own = own_cases(self.part.runs, self.results, self.part.flip_average)
        if isinstance(self.results, ClassificationResults):
            drop = score_drop(own, cases, self.results.labels)
        else:
            drop = self.results.drop(own, cases)
        return {LEAKY: bool(own[LEAKY].any()), **drop}

    def _print(self, scores: Mapping[str, Any], drop: Mapping[str, Any] | None) -> None:
        console = Console(highlight=False)
        console.print(self.part.name, markup=False, soft_wrap=True)
        console.print(scores_table(scores))
        if drop is not None:
            console.print(drop_table(drop, self.part.site or self.part.part))
        self._list(console, self.part.folder)


def own_cases(
    runs: tuple[Path, ...], results: PartResults, flip_average: bool | None = None
) -> pd.DataFrame:
    """Reads what each run scored of its own fold; of a fold of several runs, what they say
    together.

    Args:
        runs: folders of runs.
        results: whose columns the tables have.
        flip_average: whether mirror images were asked as well; None for what each run does.

    Returns:
        The cases of all those folds; groups of different datasets have different names. Where
        several runs have scored a fold of a classification, its probabilities are their means, as
        an ensemble gives them. The table of a segmentation holds no probabilities: there the scores
        and counts of an image are the means of theirs, what one of them reaches on average.

    Raises:
        InputError: a table is missing or cannot be read, or tables of a fold do not fit together.
    """
    tables: dict[tuple[str, int], list[pd.DataFrame]] = {}
    for run in runs:
        config = recorded(run)
        table = read_cases(own_folder(run, flip_average) / CASES, results.columns)
        groups = f"{config[DIGEST][:8]}/" + table["group"]
        key = (config[DIGEST], config["fold"])
        tables.setdefault(key, []).append(table.assign(group=groups))
    return pd.concat(
        [_together(of_fold, results) for of_fold in tables.values()], ignore_index=True
    )


def _together(tables: list[pd.DataFrame], results: PartResults) -> pd.DataFrame:
    """Gives the cases of a fold as all its tables tell them."""
    if len(tables) == 1:
        return tables[0]
    ordered = [table.sort_values("id") for table in tables]
    if any(table["id"].tolist() != ordered[0]["id"].tolist() for table in ordered):
        raise InputError(
            f"the runs of an ensemble hold different images of one fold in their {CASES}; evaluate "
            "each again without --site_dir, --part and --ensemble"
        )
    if not isinstance(results, ClassificationResults):
        return _means(ordered, [str(name) for name in ordered[0] if name not in _SAME])
    names = [PREFIX + label for label in results.labels]
    means = _means(ordered, names)
    places = means[names].to_numpy(float).argmax(axis=1)
    return means.assign(predicted=np.array(results.labels)[places])


def _means(tables: list[pd.DataFrame], names: Sequence[str]) -> pd.DataFrame:
    """Gives the first of several tables with the means over all of them in some columns."""
    values = [table[names].to_numpy(dtype=float, na_value=np.nan) for table in tables]
    return tables[0].assign(**dict(zip(names, np.mean(values, axis=0).T, strict=True)))
