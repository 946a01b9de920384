"""The table of answers has a line a picture, with its path below the folder, and is whole."""

from pathlib import Path

import pandas as pd
import pytest
import torch
from ignite.engine import Engine

from pipelines.deployment.called_classes import is_called
from pipelines.deployment.class_answers import ClassAnswers
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
