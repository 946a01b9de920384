from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.intensity import intensities
from tests.pipelines.datasets.audit.made_cases import case


def cases_of(pictures: list[np.ndarray]) -> list[Case]:
    cases = []
    for number, pixels in enumerate(pictures):
        values = pixels.reshape(pixels.shape[0] * pixels.shape[1], -1).astype(np.int64)
        cases.append(
            case(
                number,
                width=pixels.shape[1],
                height=pixels.shape[0],
                channels=values.shape[1],
                depth=8 * pixels.dtype.itemsize,
                sums=tuple(values.sum(axis=0).tolist()),
                squares=tuple((values**2).sum(axis=0).tolist()),
            )
        )
    return cases


def picture(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def test_all_pixels_count_alike_and_each_fold_leaves_two_out() -> None:
    pictures = [picture(n, 4 + n, 7) for n in range(8)]
    found = intensities(cases_of(pictures), [0, 1, 2])
    values = np.concatenate([each.ravel() for each in pictures]) / 255
    assert found["training"]["mean"] == [pytest.approx(values.mean(), abs=1e-5)]
    assert found["training"]["std"] == [pytest.approx(values.std(), abs=1e-5)]
    assert found["training"]["images"] == 8
    # Fold 0 is scored and fold 1 validates: fold 2 trains.
    trained = np.concatenate([pictures[n].ravel() for n in (2, 5)]) / 255
    assert found["folds"][0]["mean"] == [pytest.approx(trained.mean(), abs=1e-5)]
    assert [row["images"] for row in found["folds"]] == [2, 3, 3]


def test_channels_are_apart_and_grey_counts_in_each() -> None:
    pictures = [picture(0, 5, 5, 3), picture(1, 5, 5)]
    found = intensities(cases_of(pictures), [0, 1, 2])["training"]
    for channel in range(3):
        values = np.concatenate([pictures[0][..., channel].ravel(), pictures[1].ravel()]) / 255
        assert found["mean"][channel] == pytest.approx(values.mean(), abs=1e-5)
        assert found["std"][channel] == pytest.approx(values.std(), abs=1e-5)


def test_sixteen_bits_are_divided_by_their_own_range() -> None:
    deep = picture(0, 6, 6).astype(np.uint16) * 257
    found = intensities(cases_of([deep, picture(0, 6, 6)]), [0, 1, 2])["training"]
    assert found["mean"] == [pytest.approx(picture(0, 6, 6).mean() / 255, abs=1e-5)]


def test_the_test_part_and_what_cannot_be_read_do_not_enter() -> None:
    cases = cases_of([picture(n, 4, 4) for n in range(3)])
    others = [case(7, fold=None, sums=(999,), squares=(999,)), case(8, problem="torn")]
    assert intensities([*cases, *others], [0, 1, 2]) == intensities(cases, [0, 1, 2])


def test_too_few_folds_have_no_training_part() -> None:
    cases = cases_of([picture(n, 4, 4) for n in range(2)])
    assert intensities(cases, [0, 1])["folds"] == []
    nothing = intensities([case(0, problem="torn")], [0])
    assert nothing["training"] == {"images": 0, "mean": [0.0], "std": [0.0]}
