from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.search.space import Choices, Range, plain, read_space

SGD = {"_target_": "torch.optim.SGD"}


def test_ranges_and_choices_are_read(tmp_path: Path) -> None:
    path = tmp_path / "space.json"
    content = {
        "learning_rate": {"low": 1e-4, "high": 0.01, "log": True},
        "epochs": {"low": 10, "high": 100, "step": 10},
        "network_def#head#dropout": {"low": 0.2, "high": 0.5},
        "optimizer": {"choices": [SGD, "@other"]},
    }
    path.write_text(json.dumps(content))
    space = read_space(path)
    assert space == {
        "learning_rate": Range(1e-4, 0.01, log=True),
        "epochs": Range(10, 100, step=10),
        "network_def::head::dropout": Range(0.2, 0.5),
        "optimizer": Choices((SGD, "@other")),
    }
    assert [entry.is_whole for entry in space.values() if isinstance(entry, Range)] == [
        *(False, True, False)
    ]
    assert json.loads(json.dumps(plain(space))) == plain(space)


def test_optuna_draws_within_them() -> None:
    from optuna.trial import FixedTrial

    trial = FixedTrial({"a": 20, "b": 0.25, "c": '{"_target_":"torch.optim.SGD"}'})
    assert Range(10, 100, step=10).draw(trial, "a") == 20  # type: ignore[arg-type]
    assert Range(0.0, 1.0, step=0.25).draw(trial, "b") == 0.25  # type: ignore[arg-type]
    choices = Choices((SGD, None, True, 1))
    assert choices.value(choices.draw(trial, "c")) == SGD  # type: ignore[arg-type]
    assert [choices.value(label) for label in ("null", "true", "1")] == [None, True, 1]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (3, "is 3; expected {.low.: …, .high.: …} or"),
        ({}, "is {}; expected"),
        ({"low": 1, "hihg": 2}, "'hihg', which is unknown beside 'high'"),
        ({"low": 1}, "high is null; expected a number"),
        ({"low": "1", "high": 2}, "low is 1; expected a number"),
        ({"low": 2, "high": 2}, "low is 2, high is 2; expected high above low"),
        ({"low": 0, "high": 2, "log": True}, "a logarithmic range begins above 0"),
        ({"low": 1, "high": 2, "log": "yes"}, "log is yes; expected true or false"),
        ({"low": 1, "high": 2, "log": True, "step": 1}, "log and step exclude one another"),
        ({"low": 1, "high": 2, "step": 0}, "step is 0; expected a number above 0, at most 1"),
        ({"low": 10, "high": 35, "step": 10}, "steps of 10 lead from 10 to 30, not to 35"),
        ({"choices": [1]}, r"choices is \[1\]; expected a list of two or more"),
        ({"choices": [1, 2, 1]}, "the choice 1 stands there twice"),
        ({"choices": [1, 2], "low": 1}, "'low', which is unknown beside 'choices'"),
    ],
)
def test_an_entry_that_is_none_is_named(tmp_path: Path, entry: object, message: str) -> None:
    path = tmp_path / "space.json"
    path.write_text(json.dumps({"epochs": entry}))
    with pytest.raises(InputError, match=rf"space\.json: epochs.*{message}"):
        read_space(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("{", "cannot be read as JSON"),
        ("[]", "names no settings; expected such as"),
        ("{}", "names no settings"),
        ('{"a": 1, "a": 2}', "'a' stands there twice"),
        (
            '{"a#b": {"low": 1, "high": 2}, "a::b": {"low": 1, "high": 2}}',
            "a::b stands there twice",
        ),
    ],
)
def test_a_file_that_is_none_is_named(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "space.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_space(path)
