"""How much better a model looks on a split that leaks on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.errors import InputError
from pipelines.evaluation.case_scores import case_statistics
from pipelines.evaluation.group_intervals import difference_bounds
from pipelines.evaluation.paired_bootstrap import paired_differences
from pipelines.report.same_recipe import recipe_differences, same_images
from pipelines.report.score_names import HEADLINES
from pipelines.report.score_part import row
from pipelines.report.sources import Sources

RESAMPLES = 2000
_LEVEL = 0.95
_NAMED = 5  # differences that an error names


def leaky_gap(honest: Sources, leaky: Sources) -> dict[str, Any]:
    """Compares the scores of the honest split with those of the leaky one.

    Args:
        honest: what the report is of.
        leaky: the same recipe on the same images, divided by ``med2d split --leaky``.

    Returns:
        ``leaky`` (its name), ``same_images``, and ``scores``, each with ``name``, ``honest`` and
        ``leaky`` (rows), ``gap`` (leaky minus honest) and where both scored the same images
        ``low`` and ``high``, of a paired bootstrap over groups.

    Raises:
        InputError: the other one does not leak, this one does, they are of two recipes, or of other
            images.
    """
    _check(honest, leaky)
    one, other = honest.scores["scores"], leaky.scores["scores"]
    names = [name for name in HEADLINES[honest.task] if name in one and name in other]
    bounds = _bounds(honest, leaky)
    found = []
    for name in names:
        values = one[name]["value"], other[name]["value"]
        gap = None if None in values else values[1] - values[0]
        low, high = (bounds or {}).get(name, (None, None))
        pair = {"honest": row(name, one[name]), "leaky": row(name, other[name])}
        found.append(
            {"name": row(name, one[name])["name"], **pair, "gap": gap, "low": low, "high": high}
        )
    return {"leaky": leaky.name, "same_images": bounds is not None, "scores": found}


def _check(honest: Sources, leaky: Sources) -> None:
    if honest.leaky:
        raise InputError(
            f"{honest.name} is itself of a leaky split; give the honest run first, and the leaky "
            "one by --leaky"
        )
    if not leaky.leaky:
        raise InputError(f"{leaky.name} is not of a leaky split; make one by med2d split --leaky")
    differ = recipe_differences(honest, leaky)
    if honest.task != leaky.task or differ:
        told = "; ".join(differ[:_NAMED]) or f"{honest.task} and {leaky.task}"
        more = f"; and {len(differ) - _NAMED} more" if len(differ) > _NAMED else ""
        raise InputError(
            f"{honest.name} and {leaky.name} differ by more than the split: {told}{more}; expected "
            "the same recipe with the same settings"
        )
    same = same_images(honest, leaky)
    if not same:
        why = "are not recorded, and the dataset is not at hand: put it back"
        if same is not None:
            why = "are not the same: divide a copy of the same dataset by med2d split --leaky"
        raise InputError(f"the images of {honest.name} and of {leaky.name} {why}")


def _bounds(honest: Sources, leaky: Sources) -> dict[str, tuple[float, float]] | None:
    """Gives the interval of each difference that has one; None where other images were scored."""
    tables = [each.cases.table.sort_values("id", ignore_index=True) for each in (honest, leaky)]
    if list(tables[0]["id"]) != list(tables[1]["id"]):
        return None
    # The groups are those of the honest split: what belongs together is drawn together.
    tables[1] = tables[1].assign(group=tables[0]["group"])
    labels = honest.cases.labels
    first, second = (case_statistics(table, honest.cases.task, labels) for table in tables)
    drawn = paired_differences(first, second, RESAMPLES, seed=0)
    points = [table.values(np.ones((1, table.groups)))[0] for table in (first, second)]
    found = {}
    for column, quantity in enumerate(first.quantities):
        value, values = points[1][column] - points[0][column], drawn[:, column]
        if not quantity.part and np.isfinite(values).any():
            low, high = difference_bounds(value, values, _LEVEL, quantity.inflated)
            # Resamples that all agree are no interval.
            if quantity.resampled_groups >= 2 and low < high:
                found[quantity.score] = (float(low), float(high))
    return found
