"""How often the intervals of `med2d score` hold the truth, by simulation.

Images are drawn from a model whose scores are known: a binormal classifier with an AUROC of 0.856
(threshold between both classes, so that accuracy, balanced accuracy and sensitivity are 0.773), and
outlines whose Dice is 0 in a tenth of the images with a lesion and beta(6, 2) in the others (mean
0.675). A group has one image, or one to three (two on average) of the same class whose errors
correlate by a half. Coverage is over the simulations that define the interval; the others are
counted apart.

The calibration error has no interval in `med2d score`. Here are those that a bootstrap would give,
of two classifiers: one whose probabilities are the true ones (calibration error 0), and one whose
log odds are three times those.

    python benchmarks/interval_coverage.py --simulations 1000
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import beta, norm

from pipelines.atomic import write_text
from pipelines.evaluation.bca import bca_bounds
from pipelines.evaluation.calibration_scores import BINS
from pipelines.evaluation.calibration_statistics import CalibrationStatistics
from pipelines.evaluation.classification_statistics import ClassificationStatistics
from pipelines.evaluation.group_intervals import (
    PROPORTIONS,
    left_out_values,
    percentile_bounds,
    resampled_values,
)
from pipelines.evaluation.group_statistics import GroupStatistics, Quantity
from pipelines.evaluation.segmentation_statistics import segmentation_statistics

SIZES, PREVALENCES, GROUPS = (50, 200, 1000), (0.1, 0.5), (1, 2)
SHIFT = 1.5  # between the means of both classes, in standard deviations
CORRELATION = 0.5
MISSED = 0.1
LEVEL = 0.95
LABELS = ("negative", "positive")
AT_THRESHOLD = float(norm.cdf(SHIFT / 2))
SURENESS = {"true probabilities": 1.0, "log odds times 3": 3.0}
"""By what the log odds of the true probabilities are multiplied."""


def true_calibration_error(sureness: float) -> float:
    """Integrates the calibration error of a classifier over its confidences.

    Both classes have the same: at a distance from the threshold, the log odds of being right are
    ``SHIFT`` times that.
    """
    distance, step = np.linspace(0, 9, 900_001, retstep=True)
    weight = (norm.pdf(distance - SHIFT / 2) + norm.pdf(distance + SHIFT / 2)) * step
    confidence, right = expit(sureness * SHIFT * distance), expit(SHIFT * distance)
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(places, weight * (confidence - right))).sum())


TRUTH = {
    "accuracy": AT_THRESHOLD,
    "balanced_accuracy": AT_THRESHOLD,
    "auroc": float(norm.cdf(SHIFT / np.sqrt(2))),
    "sensitivity": AT_THRESHOLD,
    "dice": (1 - MISSED) * 6 / 8,
    **{f"calibration_error, {name}": true_calibration_error(k) for name, k in SURENESS.items()},
}
_GRID = np.linspace(0, 1, 4001)
_DICE = np.where(_GRID < MISSED, 0.0, beta.ppf((_GRID - MISSED).clip(0) / (1 - MISSED), 6, 2))


def main() -> None:
    """Simulate every setting and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("docs/results/interval_coverage.csv"))
    options = parser.parse_args()
    rows = []
    for n, prevalence, size in product(SIZES, PREVALENCES, GROUPS):
        rows += simulate(n, prevalence, size, options.simulations, options.resamples, options.seed)
        text = io.StringIO()
        pd.DataFrame(rows).to_csv(text, index=False, lineterminator="\n")
        write_text(options.out, text.getvalue())
        print(f"n {n}, prevalence {prevalence}, groups of {size}: done", flush=True)


def simulate(
    n: int, prevalence: float, size: int, simulations: int, resamples: int, seed: int
) -> list[dict[str, object]]:
    """Gives a row for each score and interval of one setting.

    Args:
        n: images.
        prevalence: share of groups of the positive class, or with a lesion.
        size: images of a group, 1 or on average 2.
        simulations: number of simulated tables.
        resamples: of each bootstrap.
        seed: of everything.
    """
    generator = np.random.default_rng([seed, n, int(100 * prevalence), size])
    held: dict[tuple[str, str], list[bool]] = {}
    widths: dict[tuple[str, str], list[float]] = {}
    values: dict[tuple[str, str], list[float]] = {}
    for number in range(simulations):
        cases = simulated_cases(generator, n, prevalence, size)
        for score, kind, value, low, high in intervals(cases, resamples, number):
            key = (score, kind)
            held.setdefault(key, []).append(low <= TRUTH[score] <= high)
            widths.setdefault(key, []).append(high - low)
            values.setdefault(key, []).append(value)
    return [
        {
            "score": score,
            "interval": kind,
            "n": n,
            "prevalence": prevalence,
            "group_size": size,
            "coverage": round(float(np.mean(hits)), 4),
            "error": round(float(np.sqrt(np.mean(hits) * (1 - np.mean(hits)) / len(hits))), 4),
            "truth": round(TRUTH[score], 4),
            "mean_value": round(float(np.mean(values[score, kind])), 4),
            "mean_width": round(float(np.mean(widths[score, kind])), 4),
            "simulations": simulations,
            "undefined": simulations - len(hits),
            "resamples": resamples,
        }
        for (score, kind), hits in held.items()
    ]


def simulated_cases(
    generator: np.random.Generator, n: int, prevalence: float, size: int
) -> pd.DataFrame:
    """Draws a table of cases that is of both kinds of task at once."""
    sizes = generator.integers(1, 4, n) if size > 1 else np.ones(n, dtype=int)
    group = np.repeat(np.arange(n), sizes)[:n]
    positive = (generator.random(n) < prevalence)[group]
    latent, outline = (_correlated(generator, group) for _ in range(2))
    distance = latent + SHIFT * positive - SHIFT / 2
    probability = norm.cdf(distance)
    right = (probability > 0.5) == positive
    return pd.DataFrame(
        {
            "group": group.astype(str),
            "class": np.where(positive, *LABELS[::-1]),
            "predicted": np.where(right == positive, *LABELS[::-1]),
            "p_negative": 1 - probability,
            "p_positive": probability,
            "distance": distance,
            "dice": np.where(positive, np.interp(norm.cdf(outline), _GRID, _DICE), np.nan),
        }
    )


def _correlated(generator: np.random.Generator, group: NDArray[np.integer]) -> NDArray[np.float64]:
    """Draws standard normal numbers that correlate within groups."""
    shared, own = generator.standard_normal((2, len(group)))
    return np.sqrt(CORRELATION) * shared[group] + np.sqrt(1 - CORRELATION) * own


def intervals(
    cases: pd.DataFrame, resamples: int, seed: int
) -> Iterator[tuple[str, str, float, float, float]]:
    """Yields score, interval, value and bounds of every interval that is defined."""
    yield from _calibration_intervals(cases, resamples, seed)
    tables: list[GroupStatistics] = [
        ClassificationStatistics(cases, LABELS),
        segmentation_statistics(cases[["group", "dice"]]),
    ]
    for statistics in tables:
        drawn = resampled_values(statistics, resamples, seed)
        left_out = left_out_values(statistics)
        values = statistics.values(np.ones((1, statistics.groups)))[0]
        for column, quantity in enumerate(statistics.quantities):
            name = _name(quantity)
            if name is None or quantity.resampled_groups < 2:
                continue
            percentile = percentile_bounds(drawn[:, column], LEVEL)
            value = float(values[column])
            yield name, "percentile", value, *percentile
            bca = bca_bounds(values[column], drawn[:, column], left_out[:, column], LEVEL)
            yield name, "bca", value, *(percentile if np.isnan(bca).any() else bca)
            if quantity.proportion and statistics.groups == len(cases):
                for kind, function in PROPORTIONS.items():
                    yield name, kind, value, *function(*quantity.proportion, LEVEL)


def _calibration_intervals(
    cases: pd.DataFrame, resamples: int, seed: int
) -> Iterator[tuple[str, str, float, float, float]]:
    """Yields the intervals of both calibration errors that a bootstrap would give.

    ``normal`` is the value and 1.96 standard errors of the bootstrap to either side.
    """
    for name, sureness in SURENESS.items():
        probability = expit(sureness * SHIFT * cases["distance"])
        answers = cases.assign(p_negative=1 - probability, p_positive=probability)
        statistics = CalibrationStatistics(answers, LABELS)
        column = [quantity.inflated for quantity in statistics.quantities].index(True)
        value = float(statistics.values(np.ones((1, statistics.groups)))[0, column])
        drawn = resampled_values(statistics, resamples, seed)[:, column]
        score, half = f"calibration_error, {name}", norm.ppf((1 + LEVEL) / 2) * drawn.std(ddof=1)
        yield score, "percentile", value, *percentile_bounds(drawn, LEVEL)
        yield score, "normal", value, max(value - half, 0.0), min(value + half, 1.0)
        bca = bca_bounds(value, drawn, left_out_values(statistics)[:, column], LEVEL)
        if not np.isnan(bca).any():
            yield score, "bca", value, *bca


def _name(quantity: Quantity) -> str | None:
    """Names a score as the table of truths does; None where it is not in it."""
    name = "sensitivity" if quantity.score == "recall" else quantity.score
    part = LABELS[1] if name in ("sensitivity", "auroc") else ""
    return name if name in TRUTH and quantity.part == part else None


if __name__ == "__main__":
    main()
