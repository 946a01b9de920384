"""The out-of-fold cases of all runs, their scores by seed, and how much the seeds differ."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipelines.crossval.own_scores import REGIONS, check_own_scores
from pipelines.errors import InputError
from pipelines.evaluation.case_files import CASES_FILE, CLASSIFICATION, Cases, read_case_files
from pipelines.evaluation.case_scores import case_scores
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.froc import froc_scores
from pipelines.evaluation.group_intervals import IntervalOptions
from pipelines.evaluation.lesion_candidates import read_candidates

SEED = "seed"
"""Column that tells the runs of one fold apart."""


class Pooled(NamedTuple):
    """What all runs give together.

    Attributes:
        cases: a line for each image and seed, as text, as in the runs' cases.csv.
        regions: a line for each region and seed; None where the runs list none.
        by_seed: the scores of the pooled cases of each seed, see ``pooled_scores``.
        spread: mean, standard deviation and range over the seeds, see ``spread_of``.
        together: the scores of the mean of the seeds' probabilities; None where there is a single
            seed, or where the runs give none.
    """

    cases: pd.DataFrame
    regions: pd.DataFrame | None
    by_seed: dict[int, dict[str, Any]]
    spread: dict[str, Any]
    together: dict[str, Any] | None


def pool(
    folders: Mapping[int, Sequence[Path]],
    images: Collection[str],
    options: IntervalOptions | None = None,
) -> Pooled:
    """Pools what the runs have scored, each its own fold.

    Args:
        folders: of the runs, by seed; those of a seed are of different folds.
        images: ids of the images of these folds, each of which every seed must have scored.
        options: how the intervals are made; the defaults where not given.

    Raises:
        InputError: a table is missing or cannot be used, two runs of a seed scored one image, none
            did, or a run's tables do not give the scores that it told.
    """
    read = {seed: _read(each) for seed, each in folders.items()}
    for seed, cases in read.items():
        _check_images(cases, images, folders[seed])
        for run in folders[seed]:
            check_own_scores(run)
    by_seed = {seed: pooled_scores(each, options) for seed, each in folders.items()}
    together = None
    if len(read) > 1 and _has_probabilities(next(iter(read.values()))):
        mean = mean_answers(list(read.values()))
        together = case_scores(mean, options or IntervalOptions())
    tables = _joined(folders, CASES_FILE)
    has_regions = all((each / REGIONS).is_file() for runs in folders.values() for each in runs)
    return Pooled(
        cases=tables.sort_values([SEED, "id"], kind="stable", ignore_index=True),
        regions=_joined(folders, REGIONS) if has_regions else None,
        by_seed=by_seed,
        spread=spread_of(list(by_seed.values())),
        together=together,
    )


def pooled_scores(
    folders: Sequence[Path], options: IntervalOptions | None = None
) -> dict[str, Any]:
    """Computes the scores of the pooled cases of runs, as ``med2d score`` does.

    Args:
        folders: of the runs, each of another fold.
        options: how the intervals are made; the defaults where not given.

    Returns:
        What ``case_scores`` gives, and where every run lists its regions ``froc``, see
        ``froc_scores``.

    Raises:
        InputError: a table is missing or cannot be used, or two runs scored one image.
    """
    options = options or IntervalOptions()
    cases = _read(folders)
    content = case_scores(cases, options)
    if all((folder / REGIONS).is_file() for folder in folders):
        regions = pd.concat([read_candidates(folder / REGIONS) for folder in folders])
        content["froc"] = froc_scores(regions, cases.table, options)
    return content


def mean_answers(seeds: Sequence[Cases]) -> Cases:
    """Gives the cases of the mean of the probabilities that several seeds give each image.

    Args:
        seeds: the cases of each seed, of the same images and classes.
    """
    columns = [PREFIX + label for label in seeds[0].labels]
    tables = [each.table.set_index("id") for each in seeds]
    images = tables[0].index
    mean = np.mean([table.loc[images, columns].to_numpy(dtype=float) for table in tables], axis=0)
    best = np.array(seeds[0].labels, dtype=object)[mean.argmax(axis=1)]
    table = tables[0].assign(**dict(zip(columns, mean.T, strict=True)), predicted=best)
    return seeds[0]._replace(table=table.reset_index())


def spread_of(scores: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Tells how much the scores differ between seeds.

    Args:
        scores: of each seed, see ``pooled_scores``.

    Returns:
        ``scores`` (score to ``mean``, ``sd`` with n - 1, ``min``, ``max`` and the number of
        ``seeds`` that define it), ``by_class`` (class to the same), and ``froc`` where the seeds
        have it. What is not defined is None.
    """
    first = scores[0]
    content: dict[str, Any] = {
        "scores": _spreads([each["scores"] for each in scores]),
        "by_class": {
            label: _spreads([each["by_class"][label] for each in scores])
            for label in first["by_class"]
            if all(label in each["by_class"] for each in scores)
        },
    }
    if all("froc" in each for each in scores):
        content["froc"] = _spreads([each["froc"]["scores"] for each in scores])
    return content


def _spreads(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: _spread([each[name]["value"] for each in entries]) for name in entries[0]}


def _spread(values: Sequence[float | None]) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    return {
        "mean": statistics.fmean(known) if known else None,
        "sd": statistics.stdev(known) if len(known) > 1 else None,
        "min": min(known, default=None),
        "max": max(known, default=None),
        "seeds": len(known),
    }


def _check_images(cases: Cases, images: Collection[str], folders: Sequence[Path]) -> None:
    """Refuses tables that were changed since they were written: scores of fewer images."""
    found = set(cases.table["id"])
    missing, further = set(images) - found, found - set(images)
    if missing or further:
        what = f"lack {len(missing)} of {len(images)} images" if missing else "hold other images"
        first = min(missing or further)
        raise InputError(
            f"the {CASES_FILE} of the runs in {folders[0].parent} {what}, such as {first!r}; "
            f"they were changed since the trainings wrote them. Delete the {CASES_FILE} of the run "
            "of its fold and give the same command again: it is scored anew"
        )


def _has_probabilities(cases: Cases) -> bool:
    named = all(PREFIX + label in cases.table for label in cases.labels)
    return cases.task == CLASSIFICATION and named


def _read(folders: Sequence[Path]) -> Cases:
    return read_case_files([folder / CASES_FILE for folder in folders])


def _joined(folders: Mapping[int, Sequence[Path]], name: str) -> pd.DataFrame:
    """Joins the tables of all runs as text, with the seed beside the fold."""
    parts = []
    for seed, runs in folders.items():
        for run in runs:
            table = pd.read_csv(run / name, dtype=str, keep_default_na=False)
            table.insert(list(table.columns).index("fold"), SEED, str(seed))
            parts.append(table)
    return pd.concat(parts, ignore_index=True)
