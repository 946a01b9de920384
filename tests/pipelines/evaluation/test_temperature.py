"""The temperature is the one that made the logits, and stays finite where nothing tells it."""

from typing import Any

import numpy as np
import pytest
import torch

from pipelines.evaluation.temperature import BOUNDS, fit_temperature, log_probabilities
from transforms.class_probabilities import ClassProbabilitiesd

LABELS = ["a", "b", "c"]


def drawn(images: int, activation: str = "softmax", times: float = 1.0) -> tuple[Any, Any]:
    """Classes drawn from the probabilities of logits, which are then multiplied."""
    random = np.random.default_rng(0)
    logits = random.normal(size=(images, 3)) * 2
    shares = np.exp(log_probabilities(logits, 1.0, activation))
    truth = np.array([random.choice(3, p=share) for share in shares])
    return logits * times, truth


def loss(logits: Any, truth: Any, temperature: float, activation: str) -> float:
    answers = log_probabilities(logits, temperature, activation)
    return -float(answers[np.arange(len(truth)), truth].mean())


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("times", [0.4, 1.0, 5.0])
def test_it_finds_what_the_logits_were_multiplied_by(activation: str, times: float) -> None:
    logits, truth = drawn(8000, activation, times)
    found = fit_temperature(logits, truth, LABELS, activation)
    assert found.value == pytest.approx(times, rel=0.06)
    assert found.remarks == ()
    assert found.mistakes == (logits.argmax(axis=1) != truth).sum()


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_no_other_temperature_is_likelier(activation: str) -> None:
    logits, truth = drawn(60, activation, 3.0)
    found = fit_temperature(logits, truth, LABELS, activation).value
    least = loss(logits, truth, found, activation)
    assert all(loss(logits, truth, t, activation) >= least for t in np.geomspace(*BOUNDS, 500))


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_probabilities_are_those_that_are_answered(activation: str) -> None:
    logits = np.random.default_rng(0).normal(size=(20, 3)) * 5
    given = {"pred": torch.tensor(logits) / 1.7}
    expected = ClassProbabilitiesd("pred", activation)(given)["pred"].double().numpy()
    found = np.exp(log_probabilities(logits, 1.7, activation))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_where_all_is_right_nothing_tells_how_sure_to_be() -> None:
    logits = np.eye(3)[[0, 1, 2, 0]] * 900  # probabilities of 1
    found = fit_temperature(logits, np.array([0, 1, 2, 0]), LABELS)
    assert (found.value, found.mistakes) == (1.0, 0)
    assert found.remarks == ("no image is answered wrong: it stays 1",)


@pytest.mark.parametrize("truth", [0, 1])
def test_a_single_image_has_a_temperature_within_the_bounds(truth: int) -> None:
    found = fit_temperature(np.array([[3.0, 1.0, -1.0]]), np.array([truth]), LABELS)
    assert BOUNDS[0] <= found.value <= BOUNDS[1]
    assert {"no image is c"} < set(found.remarks)
    assert found.mistakes == truth


def test_certain_and_wrong_is_the_largest_temperature() -> None:
    found = fit_temperature(np.eye(3)[[0, 1, 2]] * 900, np.array([1, 2, 0]), LABELS)
    assert found.value == BOUNDS[1]
    assert found.remarks[0] == "only 3 of 3 images are answered wrong"
    assert "tell nothing of the classes" in found.remarks[1]


def test_next_to_no_difference_is_the_smallest_temperature() -> None:
    logits = np.eye(3)[[0, 1, 2] * 20] * 1e-3
    truth = np.array([0, 1, 2] * 19 + [1, 2, 0])
    found = fit_temperature(logits, truth, LABELS)
    assert found.value == BOUNDS[0]
    assert found.remarks[-1] == "it would be below 0.05, which is the least that is tried"


def test_no_difference_at_all_leaves_it_at_1() -> None:
    assert fit_temperature(np.zeros((9, 3)), np.arange(9) % 3, LABELS).value == 1
