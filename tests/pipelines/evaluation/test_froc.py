"""The free-response curve: by hand, by a plain implementation, and by MONAI's."""

import numpy as np
import pandas as pd
import pytest
from monai.metrics import compute_froc_curve_data, compute_froc_score

from pipelines.evaluation.froc import MEAN, MOST_POINTS, POINTS, FrocStatistics, froc_scores
from pipelines.evaluation.group_intervals import IntervalOptions
from pipelines.evaluation.lesion_candidates import candidate_table
from pipelines.evaluation.wilson import wilson_bounds

FEW = IntervalOptions(resamples=200)


def regions(*rows: tuple[str, float, int], presence: float = np.nan) -> pd.DataFrame:
    """Regions by image, confidence and matched lesion."""
    names = ("id", "confidence", "lesion")
    return candidate_table(
        {**dict(zip(names, row, strict=True)), "presence": presence} for row in rows
    )


def images(lesions: list[int], groups: int = 0, flags: str = "") -> pd.DataFrame:
    count = len(lesions)
    return pd.DataFrame(
        {
            "id": [f"i{k}" for k in range(count)],
            "group": [f"g{k % (groups or count)}" for k in range(count)],
            "lesions": lesions,
            "flags": [flags if k % 2 else "" for k in range(count)],
        }
    )


def made(seed: int, count: int = 30, groups: int = 12) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    cases = images(rng.integers(0, 3, count).tolist(), groups, "text")
    rows = []
    for name, lesions in zip(cases["id"], cases["lesions"], strict=True):
        matched = [k for k in range(1, lesions + 1) if rng.random() < 0.8]
        for lesion in [*matched, *[0] * rng.poisson(1.5)]:
            rows.append((name, round(float(rng.beta(4 + lesion, 3)), 1), lesion))
    return regions(*rows, presence=0.5), cases


def plain(
    scores: np.ndarray, matched: np.ndarray, image_count: int, lesion_count: int, point: float
) -> float:
    """The definition, threshold by threshold."""
    best = 0
    for threshold in scores:
        drawn = matched[scores >= threshold]
        if (~drawn).sum() <= point * image_count:
            best = max(best, drawn.sum())
    return best / lesion_count


def test_a_curve_by_hand() -> None:
    table = regions(("i0", 0.9, 1), ("i1", 0.8, 0), ("i1", 0.7, 1), ("i2", 0.6, 0), ("i3", 0.5, 1))
    found = froc_scores(table, images([1, 1, 1, 1]), FEW)
    assert found["curve"] == [[0, 0.25, 0.9], [0.25, 0.5, 0.7], [0.5, 0.75, 0.5]]
    values = [entry["value"] for entry in found["scores"].values()]
    assert values == [0.25, 0.5, 0.75, 0.75, 0.75, 0.6]
    entry = found["scores"][MEAN]
    assert (entry["n"], entry["unit"], entry["groups"]) == (4, "lesions", 4)


def test_regions_of_one_score_come_in_together() -> None:
    table = regions(("i0", 0.9, 1), ("i1", 0.9, 0), ("i2", 0.9, 0))
    found = froc_scores(table, images([1, 0, 0, 0]), FEW)
    assert found["curve"] == [[0.5, 1, 0.9]]
    assert [e["value"] for e in found["scores"].values()][:3] == [0, 0, 1]


def test_presence_weighs_the_confidence() -> None:
    table = regions(("i0", 0.8, 1), ("i1", 0.9, 0)).assign(presence=[0.9, 0.1])
    assert froc_scores(table, images([1, 0]), FEW)["curve"][0] == [0, 1, pytest.approx(0.72)]


@pytest.mark.parametrize("seed", range(4))
def test_values_are_those_of_the_definition_also_of_resamples(seed: int) -> None:
    candidates, cases = made(seed)
    statistics = FrocStatistics(candidates, cases)
    counts = np.random.default_rng(seed).integers(0, 3, (5, 12))
    names = np.unique(cases["group"]).tolist()
    groups = dict(zip(cases["id"], cases["group"], strict=True))
    place = [names.index(groups[image]) for image in candidates["id"]]
    scores = (candidates["confidence"] * candidates["presence"]).to_numpy()
    matched = (candidates["lesion"] > 0).to_numpy()
    for row, values in zip(counts, statistics.values(counts.astype(np.float32)), strict=True):
        drawn = np.repeat(np.arange(len(scores)), row[place])
        times = row[[names.index(group) for group in cases["group"]]]
        size = (times.sum(), (times * cases["lesions"]).sum())
        expected = [plain(scores[drawn], matched[drawn], *size, point) for point in POINTS]
        assert values == pytest.approx([*expected, np.mean(expected)])


def test_monai_agrees_where_a_threshold_reaches_the_point() -> None:
    # MONAI interpolates and leaves the lowest threshold out: 8 images make each point a step,
    # and a last false region takes the place of the one left out.
    rng = np.random.default_rng(0)
    scores = rng.permutation(np.linspace(0.1, 0.9, 30))
    rows = [("i0", s, k + 1 if k < 12 else 0) for k, s in enumerate(scores)]
    cases = images([15, 0, 0, 0, 0, 0, 0, 0])
    table = regions(*rows, ("i1", 0.05, 0))
    false = np.append(scores[12:], 0.05)
    rates, shares = compute_froc_curve_data(false, scores[:12], 15, 8)
    found = froc_scores(table, cases, FEW)
    expected = compute_froc_score(rates, shares, POINTS)
    assert found["scores"][MEAN]["value"] == pytest.approx(expected)
    steps = set(zip(rates.round(9), shares.round(9), strict=True))
    corners = {(round(x, 9), round(y, 9)) for x, y, _ in found["curve"][:-1]}
    assert corners <= steps


def test_order_changes_nothing() -> None:
    candidates, cases = made(1)
    mixed = candidates.sample(frac=1, random_state=0), cases.sample(frac=1, random_state=1)
    assert froc_scores(*mixed, FEW) == froc_scores(candidates, cases, FEW)


def test_intervals_hold_the_values_and_marks_divide_the_images() -> None:
    candidates, cases = made(2, count=60, groups=40)
    found = froc_scores(candidates, cases, FEW)
    for entry in found["scores"].values():
        assert 0 <= entry["low"] <= entry["value"] <= entry["high"] <= 1
        assert entry["interval"] == "percentile" or entry["n"] == entry["groups"]
    marked = cases["flags"] == "text"
    for name, which in (("with burnt-in marks", marked), ("without", ~marked)):
        part = cases[which]
        of_part = candidates[candidates["id"].isin(part["id"])]
        assert found["by_marks"][name] == froc_scores(of_part, part, FEW)["scores"]
    assert froc_scores(candidates, cases.drop(columns="flags"), FEW)["by_marks"] == {}


def test_where_all_regions_always_count_the_share_has_a_closed_interval() -> None:
    table = regions(*((f"i{k}", 0.9, 1) for k in range(6)))
    entry = froc_scores(table, images([1] * 6), FEW)["scores"][MEAN]
    assert (entry["low"], entry["high"]) == wilson_bounds(6, 6)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_what_is_not_defined_is_none(method: str) -> None:
    options = FEW._replace(method=method)
    nothing = froc_scores(regions(), images([0, 0]), options)
    assert nothing["curve"] == [] and nothing["normal_images"] == 2
    assert {(e["value"], e["n"]) for e in nothing["scores"].values()} == {(None, 0)}
    empty = froc_scores(regions(), images([]), options)
    assert {e["value"] for e in empty["scores"].values()} == {None}
    silent = froc_scores(regions(), images([1, 1]), options)["scores"]
    assert {e["value"] for e in silent.values()} == {0}
    alone = froc_scores(regions(("i0", 0.9, 1)), images([1, 1], groups=1), options)["scores"]
    assert {(e["value"], e["low"]) for e in alone.values()} == {(0.5, None)}


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    rows = [("i0", 0.9 - k / 1000, k // 2 + 1 if k % 2 else 0) for k in range(600)]
    cases = images([300, 0])
    curve = froc_scores(regions(*rows), cases, FEW)["curve"]
    whole = FrocStatistics(regions(*rows), cases).curve().tolist()
    assert len(whole) == 300 and len(curve) <= MOST_POINTS
    assert (curve[0], curve[-1]) == (whole[0], whole[-1])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("i9", 0.9, 0)], "'i9', which is none of the cases"),
        ([("i0", 0.9, 1), ("i0", 0.8, 1)], "'i0' match the same lesion"),
        ([("i1", 0.9, 1)], "'i1' matches a lesion that the cases do not have"),
    ],
)
def test_tables_that_do_not_fit_are_refused(rows: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        froc_scores(regions(*rows), images([1, 0]), FEW)
    with pytest.raises(ValueError, match="'i0' stands twice"):
        froc_scores(regions(), pd.concat([images([1]), images([1])]), FEW)
