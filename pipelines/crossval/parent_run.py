"""The MLflow run above those of the trainings: common settings, pooled scores, tables."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.crossval.plan import Plan
from pipelines.crossval.pooled import Pooled
from pipelines.datasets.dataset import LEAKY
from pipelines.series.series_run import SeriesRun, experiment_of

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
        )

    def log_pooled(self, pooled: Pooled, files: list[str]) -> None:
        """Logs the pooled scores and the files that hold them."""
        self.log(_metrics(pooled), files)


def _metrics(pooled: Pooled) -> Iterator[tuple[str, float | None, int]]:
    """Yields name, value and step: scores of a seed at the step of its number, then the spread."""
    for seed, content in pooled.by_seed.items():
        entries = {**content["scores"], **content.get("froc", {}).get("scores", {})}
        for name, entry in entries.items():
            ends = (("", "value"), ("_low", "low"), ("_high", "high"), ("_n", "n"))
            yield from ((f"score/{name}{end}", entry[key], seed) for end, key in ends)
    for name, entry in pooled.spread["scores"].items():
        yield from ((f"score/{name}_{key}", entry[key], 0) for key in ("mean", "sd"))
    for name, entry in (pooled.together or {"scores": {}})["scores"].items():
        yield f"seeds_together/{name}", entry["value"], 0


def _joined(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))
