from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from pipelines.crossval.pooled_tables import pooled_tables


def entry(value: float) -> dict[str, Any]:
    bounds = {"low": value - 0.1, "high": value + 0.1, "level": 0.95}
    return {"value": value, "n": 20, "unit": "images", "groups": 20, **bounds}


def content(*values: float, leaky: bool = False, together: bool = False) -> dict[str, Any]:
    scores = {"leaky": leaky, "by_class": {}}
    by_seed = {str(k): {**scores, "scores": {"auroc": entry(v)}} for k, v in enumerate(values)}
    spread = {"mean": 0.75, "sd": 0.05, "min": min(values), "max": max(values)}
    return {
        "leaky": leaky,
        "by_seed": by_seed,
        "spread": {"scores": {"auroc": spread}},
        "seeds_together": {"scores": {"auroc": entry(0.85)}} if together else None,
    }


def shown(given: dict[str, Any]) -> str:
    console = Console(width=80)
    with console.capture() as capture:
        for table in pooled_tables(given):
            console.print(table)
    return capture.get()


def test_a_single_seed_is_shown_as_a_run() -> None:
    text = shown(content(0.7))
    assert "0.700" in text and "0.600 to 0.800" in text and "20 images" in text


def test_regions_add_their_scores_to_a_single_seed() -> None:
    given = content(0.7)
    given["by_seed"]["0"]["froc"] = {"scores": {"mean_sensitivity": entry(0.5)}}
    assert "mean_sensitivity" in shown(given)


def test_several_seeds_show_their_spread_and_each_interval() -> None:
    lines = shown(content(0.7, 0.8, together=True)).splitlines()[3:6]
    rows = [line.replace("│", " ").split() for line in lines]
    assert rows == [
        ["auroc", "0.750", "0.050", "0", "0.700", "0.600", "to", "0.800"],
        ["1", "0.800", "0.700", "to", "0.900"],
        ["together", "0.850", "0.750", "to", "0.950"],
    ]
    assert "together" not in shown(content(0.7, 0.8))


@pytest.mark.parametrize("values", [(0.7,), (0.7, 0.8)])
def test_a_leaky_split_is_told(values: tuple[float, ...]) -> None:
    assert "too good" in shown(content(*values, leaky=True))
    assert "too good" not in shown(content(*values))
