"""The table of answers has a line a picture, with its path below the folder, and is whole."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from ignite.engine import Engine

from pipelines.deployment import class_answers
from pipelines.deployment.class_answers import ClassAnswers, check_thresholds, is_called
from pipelines.errors import InputError


def answered(
    tmp_path: Path, fails: bool = False, thresholds: dict[str, float] | None = None
) -> Engine:
    def step(engine: Engine, batch: list[dict]) -> list[dict]:
        if fails and engine.state.iteration == 2:
            raise ValueError("broken")
        return [{"pred": torch.tensor([0.25, 0.75])} for _ in batch]

    engine = Engine(step)
    ClassAnswers(["a", "b"], tmp_path / "in", tmp_path, thresholds).attach(engine)
    names = ["x, 1.png", "deeper/y.png", "z.jpg", "é.png"]
    items = [{"path": str(tmp_path / "in" / name)} for name in names]
    engine.run([items[:2], items[2:]])
    return engine


def test_every_picture_has_its_line(tmp_path: Path) -> None:
    answered(tmp_path)
    table = pd.read_csv(tmp_path / "predictions.csv")
    assert list(table) == ["image", "predicted", "p_a", "p_b"]
    assert list(table["image"]) == ["x, 1.png", "deeper/y.png", "z.jpg", "é.png"]
    assert set(table["predicted"]) == {"b"}
    assert set(table["p_b"]) == {0.75}


@pytest.mark.parametrize(("threshold", "called"), [(0.25, "yes"), (0.26, "no")])
def test_a_class_is_called_from_its_threshold_on(
    tmp_path: Path, threshold: float, called: str
) -> None:
    answered(tmp_path, thresholds={"a": threshold})
    table = pd.read_csv(tmp_path / "predictions.csv")
    assert list(table) == ["image", "predicted", "p_a", "p_b", "called_a"]
    assert set(table["called_a"]) == {called} == {is_called(0.25, threshold)}
    assert set(table["predicted"]) == {"b"}


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
    monkeypatch.setattr(class_answers, "given_overrides", lambda: (["inference.json"], given))
    check_thresholds({}, ["a", "b"])
    if told is None:
        check_thresholds({"a": 0.3}, ["a", "b"])
        return
    with pytest.raises(InputError, match=f"^{told}.*threshold of a was chosen; give --thresholds"):
        check_thresholds({"a": 0.3}, ["a", "b"])


def test_a_run_that_fails_leaves_no_table(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"):
        answered(tmp_path, fails=True)
    assert list(tmp_path.iterdir()) == []


def test_no_class_is_made_of_nan(tmp_path: Path) -> None:
    engine = Engine(lambda engine, batch: [{"pred": torch.tensor([float("nan"), 0.5])}])
    ClassAnswers(["a", "b"], tmp_path / "in", tmp_path).attach(engine)
    with pytest.raises(InputError, match=r"x.png: the model answers the probabilities \[nan, 0.5"):
        engine.run([[{"path": str(tmp_path / "in" / "x.png")}]])
    assert list(tmp_path.iterdir()) == []
