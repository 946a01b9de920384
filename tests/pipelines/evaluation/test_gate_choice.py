import numpy as np
import pandas as pd
import pytest

from pipelines.errors import InputError
from pipelines.evaluation.gate_choice import chosen_gate
from pipelines.evaluation.lesion_candidates import candidate_table


def regions(*rows: tuple[str, float, float, int]) -> pd.DataFrame:
    """Regions from image, presence, share and matched lesion."""
    names = ("id", "presence", "share", "lesion")
    empty = {"group": "g", "fold": 0, "class": "", "flags": "", "area": 9, "confidence": 0.9}
    return candidate_table({**empty, **dict(zip(names, row, strict=True))} for row in rows)


def images(*rows: tuple[str, float, int]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["id", "presence", "lesions"])


IMAGES = images(("a", 0.9, 1), ("b", 0.8, 1), ("c", 0.4, 1), ("d", 0.1, 1), ("n", 0.6, 0))
REGIONS = regions(
    ("a", 0.9, 0.1, 1),
    ("b", 0.8, 0.1, 1),
    ("c", 0.4, 0.1, 1),
    ("d", 0.1, 0.1, 1),
    ("n", 0.6, 0.2, 0),
)


@pytest.mark.parametrize(
    ("sensitivity", "gate", "reached", "rate"),
    [
        (0.5, 0.7, 0.5, 0.0),
        (0.51, 0.25, 0.75, 1.0),
        (0.75, 0.25, 0.75, 1.0),
        (1.0, 0.0, 1.0, 1.0),
        (0.25, 0.85, 0.25, 0.0),
    ],
)
def test_the_gate_is_the_highest_that_finds_enough(
    sensitivity: float, gate: float, reached: float, rate: float
) -> None:
    choice = chosen_gate(REGIONS, IMAGES, sensitivity)
    assert choice.gate == pytest.approx(gate)
    assert (choice.sensitivity, choice.false_positive_rate) == (reached, rate)
    assert (choice.lesions, choice.normal_images, choice.least_share) == (4, 1, 0.0)


def test_a_lesion_that_no_mask_holds_is_not_asked_for() -> None:
    choice = chosen_gate(REGIONS.iloc[:2], IMAGES, 1.0)
    assert (choice.drawn, choice.sensitivity) == (0.5, 0.5)
    assert choice.gate == pytest.approx(0.7)


def test_small_regions_go_where_that_silences_normal_images() -> None:
    table = pd.concat([REGIONS.iloc[:4], regions(("n", 0.6, 0.003, 0))], ignore_index=True)
    choice = chosen_gate(table, IMAGES, 1.0)
    assert choice.least_share == 0.004
    assert (choice.false_positive_rate, choice.sensitivity) == (0.0, 1.0)


def test_small_regions_go_where_they_are_no_lesions() -> None:
    table = pd.concat([REGIONS, regions(("a", 0.9, 0.0004, 0))], ignore_index=True)
    assert chosen_gate(table, IMAGES, 0.5).least_share == 0.0005


def test_small_regions_stay_where_a_wanted_lesion_is_one() -> None:
    table = REGIONS.assign(share=[0.1, 0.1, 0.1, 0.0003, 0.0003])
    choice = chosen_gate(table, IMAGES, 1.0)
    assert choice.least_share == 0.0
    assert choice.sensitivity == 1.0


def test_the_order_of_the_rows_changes_nothing() -> None:
    random = np.random.default_rng(2)
    names = [f"i{n}" for n in range(40)]
    presence = random.random(40)
    rows = images(
        *((n, p, int(k % 4 > 0)) for k, (n, p) in enumerate(zip(names, presence, strict=True)))
    )
    table = regions(
        *(
            (n, p, random.random() * 0.01, int(k % 4 > 0 and p > 0.2))
            for k, (n, p) in enumerate(zip(names, presence, strict=True))
        )
    )
    one = chosen_gate(table, rows, 0.8)
    assert one == chosen_gate(table[::-1], rows.sample(frac=1, random_state=1), 0.8)
    assert one.sensitivity >= 0.8 * one.drawn > 0


def test_without_normal_images_the_gate_stays_open() -> None:
    choice = chosen_gate(REGIONS.iloc[:4], IMAGES.iloc[:4], 0.5)
    assert choice.false_positive_rate is None
    assert (choice.gate, choice.sensitivity) == (0.0, 1.0)


@pytest.mark.parametrize("shares", [(), (0.1,), (0, 1.0), (0, "x")])
def test_shares_that_are_none_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="0 among them"):
        chosen_gate(REGIONS, IMAGES, 0.9, shares)


def test_a_network_that_draws_nothing_has_no_gate() -> None:
    choice = chosen_gate(candidate_table([]), IMAGES, 0.9)
    assert (choice.gate, choice.sensitivity, choice.false_positive_rate) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("sensitivity", [0, 1.1, True, "abc"])
def test_a_sensitivity_out_of_range_is_refused(sensitivity: float) -> None:
    with pytest.raises(InputError, match="sensitivity"):
        chosen_gate(REGIONS, IMAGES, sensitivity)


def test_no_lesion_to_choose_by_is_refused() -> None:
    with pytest.raises(InputError, match="no lesion"):
        chosen_gate(REGIONS, IMAGES.assign(lesions=0), 0.9)


def test_a_least_share_that_is_given_stays_and_the_gate_alone_is_chosen() -> None:
    table = REGIONS.assign(share=[0.1, 0.1, 0.1, 0.0003, 0.1])
    choice = chosen_gate(table, IMAGES, 1.0, least_share=0.001)
    assert (choice.least_share, choice.drawn, choice.sensitivity) == (0.001, 1.0, 0.75)
    assert choice.gate == pytest.approx(0.25)  # between c, the least sure that is left, and d
    assert chosen_gate(table, IMAGES, 1.0, least_share=0.0).sensitivity == 1.0


def test_a_least_share_that_leaves_no_lesion_leaves_the_gate_open() -> None:
    choice = chosen_gate(REGIONS, IMAGES, 0.9, least_share=0.5)
    assert (choice.gate, choice.sensitivity, choice.drawn) == (0.0, 0.0, 1.0)
