"""The MLflow run above those of the trainings: common settings, pooled scores, tables."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from pipelines.crossval.plan import Plan
from pipelines.crossval.pooled import SEED, Pooled
from pipelines.datasets.dataset import LEAKY
from pipelines.series.series_run import SeriesRun, experiment_of
from pipelines.training.tracked_results import all_scores
from pipelines.training.tracked_tables import MOST_CASES, score_table

_OF_A_RUN = ("fold", "seed", "output_dir")


class ParentRun(SeriesRun):
    """Follows a cross-validation with one MLflow run; nothing depends on it.

    Args:
        plan: the cross-validation.
    """

    def __init__(self, plan: Plan) -> None:
        tags = {"dataset": plan.dataset_digest, "crossval": "parent"}
        tags |= {"folds": _joined(plan.folds), "seeds": _joined(plan.seeds)}
        super().__init__(
            "cross-validation",
            plan.folder,
            experiment_of(plan.config),
            {k: v for k, v in plan.config.items() if k not in _OF_A_RUN},
            {**tags, **({LEAKY: "true"} if plan.dataset.leaky else {})},
            plan.dataset,
        )

    def log_pooled(self, pooled: Pooled, files: list[str]) -> None:
        """Logs the pooled scores, the files that hold them, and both as tables."""
        self.log(_metrics(pooled), files)
        self.log_tables(_tables(pooled))


def _metrics(pooled: Pooled) -> Iterator[tuple[str, float | None, int]]:
    """Yields name, value and step: scores of a seed at the step of its number, then the spread.

    Those of a class bear its name, as in the runs of the trainings.
    """
    ends = (("", "value"), ("_low", "low"), ("_high", "high"), ("_n", "n"))
    for seed, content in pooled.by_seed.items():
        entries = {**all_scores(content), **content.get("froc", {}).get("scores", {})}
        for name, entry in entries.items():
            yield from ((f"score/{name}{end}", entry[key], seed) for end, key in ends)
    for name, entry in all_scores(pooled.spread).items():
        yield from ((f"score/{name}_{key}", entry[key], 0) for key in ("mean", "sd"))
    for name, entry in all_scores(pooled.together or {"scores": {}}).items():
        yield f"seeds_together/{name}", entry["value"], 0


def _tables(pooled: Pooled) -> dict[str, pd.DataFrame]:
    """The scores of each seed and of all together, one below the other; the cases."""
    named = {str(seed): content for seed, content in pooled.by_seed.items()}
    named |= {"together": pooled.together} if pooled.together else {}
    scores = [score_table(content).assign(**{SEED: seed}) for seed, content in named.items()]
    tables = {"scores": pd.concat(scores, ignore_index=True)}
    return tables | ({"cases": pooled.cases} if len(pooled.cases) <= MOST_CASES else {})


def _joined(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))
