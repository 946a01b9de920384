from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.series.overrides import merged_config, read_overrides

OWN_HERE = {"fold": "name the folds"}


def test_words_are_read_as_monai_reads_them() -> None:
    words = ("--epochs", "3", "--rate=0.5", "--options", "{'a': [1]}", "--w", "null", "--x", "-1")
    overrides = read_overrides(words, OWN_HERE)
    assert overrides.words == words
    assert overrides.values == {
        **{"epochs": 3, "rate": 0.5, "options": {"a": [1]}},
        **{"w": None, "x": -1},
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("epochs", "3"), "'epochs' is unexpected; write settings as --name value"),
        (("--epochs",), "--epochs was given no value"),
        (("--epochs", "--seeds", "3"), "--epochs was given no value"),
        (("--epochs", "3", "--epochs=4"), "--epochs was given twice"),
        (("--fold", "1"), "--fold is set for every run by itself; name the folds"),
        (("--output-dir", "x"), "--output_dir is set for every run by itself"),
        (("--weights", "2024"), "put ./ before the name"),
    ],
)
def test_words_that_cannot_be_settings_are_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_overrides(words, OWN_HERE)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    contents = ({"epochs": 5, "loss": {"_target_": "torch.nn.MSELoss"}}, {"epochs": 7})
    paths = [tmp_path / f"{number}.json" for number in range(2)]
    for path, content in zip(paths, contents, strict=True):
        path.write_text(json.dumps(content))
    return paths


def test_later_files_and_overrides_win(files: list[Path]) -> None:
    config = merged_config(files, {"loss::reduction": "sum"})
    assert config == {"epochs": 7, "loss": {"_target_": "torch.nn.MSELoss", "reduction": "sum"}}


def test_arguments_of_a_new_component_are_known(files: list[Path]) -> None:
    given = {"loss::gamma": 2, "loss::_target_": "monai.losses.FocalLoss"}
    assert merged_config(files, given)["loss"]["gamma"] == 2


def test_a_misspelt_name_is_refused_with_the_nearest(files: list[Path]) -> None:
    with pytest.raises(InputError, match=r"there is no epoch .* did you mean epochs\?"):
        merged_config(files, {"epoch": 3})
