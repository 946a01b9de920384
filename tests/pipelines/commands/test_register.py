"""``med2d register``: what it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.deployment import model_registry
from pipelines.deployment.best_model import Choice
from pipelines.deployment.model_registry import Registered


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the registry was asked; nothing is registered."""
    found: list[Any] = []

    @contextmanager
    def tracked(run: str) -> Iterator[Any]:
        yield SimpleNamespace(run=run)

    def made(tracked: Any, best: bool, score: str | None) -> Registered:
        found.append((tracked.run, best, score))
        choice = Choice(False, "1", "no evidence of a difference") if best else None
        return Registered("bundle", "2", not best, choice)

    monkeypatch.setattr(model_registry, "tracked_folder", tracked)
    monkeypatch.setattr(model_registry, "register", made)
    return found


def test_it_says_what_was_made_and_how_to_load_it(asked: list[Any]) -> None:
    result = CliRunner().invoke(main, ["register", "runs/a"])
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "model        bundle version 2",
        "load it by   mlflow.pyfunc.load_model('models:/bundle/2')",
    ]
    assert asked == [("runs/a", False, None)]


def test_it_says_what_became_of_best(asked: list[Any]) -> None:
    result = CliRunner().invoke(main, ["register", "runs/a", "--best", "--score", "auroc"])
    assert "(registered before)" in result.output
    assert result.output.splitlines()[-1] == "best stays version 1: no evidence of a difference"
    assert asked == [("runs/a", True, "auroc")]


def test_a_score_alone_is_refused(asked: list[Any]) -> None:
    result = CliRunner().invoke(main, ["register", "runs/a", "--score", "auroc"])
    assert result.exit_code == 2 and "--best" in result.output and asked == []
