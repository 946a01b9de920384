"""Thresholds of classes are checked before anything is answered by them."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.deployment import called_classes
from pipelines.deployment.called_classes import check_thresholds
from pipelines.errors import InputError


@pytest.mark.parametrize(
    ("thresholds", "told"),
    [
        (0.5, r"thresholds is 0.5; expected thresholds of classes, such as \{'b': 0.3\}, or \{\}"),
        ({"c": 0.5}, r"thresholds names 'c'; the classes are 'a', 'b'"),
        ({"a": 0}, r"thresholds::a is 0; expected a number above 0, up to 1"),
        ({"a": True}, r"thresholds::a is True"),
        ({"a": "0,5"}, r"thresholds::a is '0,5'"),
        ({"a": float("nan")}, r"thresholds::a is nan"),
    ],
)
def test_what_is_no_threshold_of_a_class_is_refused(thresholds: Any, told: str) -> None:
    check_thresholds({"a": 1, "b": 0.3}, ["a", "b"])
    with pytest.raises(InputError, match=told):
        check_thresholds(thresholds, ["a", "b"])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"flip_average": False}, "--flip_average makes other probabilities"),
        (
            {"network_def#network#backbone": "a", "weights": "b"},
            "--network_def and --weights make",
        ),
        ({"dataset_dir": "a", "device": "cpu"}, None),
        ({"flip_average": False, "thresholds": {"a": 0.3}}, None),
    ],
)
def test_thresholds_hold_for_the_answers_that_they_were_chosen_for(
    given: dict[str, Any], told: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(called_classes, "given_overrides", lambda: (["inference.json"], given))
    check_thresholds({}, ["a", "b"])
    if told is None:
        check_thresholds({"a": 0.3}, ["a", "b"])
        return
    with pytest.raises(InputError, match=f"^{told}.*threshold of a was chosen; give --thresholds"):
        check_thresholds({"a": 0.3}, ["a", "b"])
