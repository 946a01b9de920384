"""A setting that cannot be used is named, with what was expected."""

from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.errors import InputError
from pipelines.training.settings import (
    check_activation,
    check_device,
    check_image_size,
    check_numbers,
    check_texts,
    is_none,
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 2.5),
        ("epochs", "ten"),
        ("epochs", True),
        ("batch_size", -1),
        ("num_workers", -1),
        ("seed", None),
        ("fold", 1.0),
        ("learning_rate", 0),
        ("learning_rate", -0.1),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("learning_rate", "fast"),
        ("learning_rate", True),
        ("threshold", 0),
        ("threshold", 1.0),
        ("threshold", "half"),
        ("positive_weight", "abc"),
        ("positive_weight", -1),
        ("cache_gigabytes", "lots"),
        ("cache_gigabytes", -0.5),
        ("cache_gigabytes", None),
    ],
)
def test_numbers_out_of_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"{name} is {value!r}; expected a"):
        check_numbers(**{"image_size": 128, name: value})


def test_numbers_in_range_pass() -> None:
    check_numbers(positive_weight=None, cache_gigabytes=0, val_interval=2)
    check_numbers(positive_weight=2.5, cache_gigabytes=0.5, val_interval=3, epochs=3)
    check_numbers(epochs=1, num_workers=0, seed=0, fold=0, learning_rate=1e-5, batch_size=16)


@pytest.mark.parametrize(("size", "near"), [(100, 96), (1, 32), (170, 160)])
def test_a_size_that_the_network_cannot_halve_is_refused(size: int, near: int) -> None:
    with pytest.raises(InputError, match=f"multiple of 32, for instance {near}"):
        check_image_size(size, 32)
    check_image_size(near, 32)


def test_an_interval_without_any_validation_is_refused() -> None:
    with pytest.raises(InputError, match="val_interval is 4, but there are 3 epochs"):
        check_numbers(epochs=3, val_interval=4)


@pytest.mark.parametrize("name", ["name", "dataset_dir", "output_dir", "weights"])
def test_a_path_that_is_no_text_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"--{name} was given no value"):
        check_texts({name: True})
    for value in (2024, 1.5, ["a"], Path("a")):
        with pytest.raises(InputError, match=f"--{name} was read as .*--{name} ./2024"):
            check_texts({"epochs": 3, name: value})
    check_texts({name: "2024"})


def test_weights_may_be_none_and_a_folder_not() -> None:
    check_texts({"weights": None})
    with pytest.raises(InputError, match="--output_dir was read as None"):
        check_texts({"output_dir": None})


@pytest.mark.parametrize("device", ["gpu", "cpu:x", None, True, 1.5, [0]])
def test_what_is_no_device_is_refused(device: Any) -> None:
    with pytest.raises(InputError, match="device is"):
        check_device(device)


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="device is 'cuda:99', which cannot be used here"):
        check_device("cuda:99")


def test_the_processor_is_a_device() -> None:
    check_device("cpu")
    check_device(torch.device("cpu"))


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("head_rate", (0, -1, "a", True), (0.002, None)),
        ("least_share", (1, -0.1, "a", True), (0, 0.01, None)),
        ("weight_decay", (-0.1, None, float("inf")), (0, 0.05)),
        ("label_smoothing", (1, -0.1, None), (0, 0.1)),
        ("class_weight_exponent", (-1, "auto"), (0, 0.5, 1)),
    ],
)
def test_the_numbers_of_a_classification(name: str, wrong: tuple, right: tuple) -> None:
    for value in wrong:
        with pytest.raises(InputError, match=f"{name} is "):
            check_numbers(**{name: value})
    for value in right:
        check_numbers(**{name: value})


def test_the_command_lines_word_for_none_is_none() -> None:
    assert all(map(is_none, (None, "null", "None", " none ")))
    assert not any(map(is_none, (False, 0, "", "no", {})))


def test_an_activation_that_is_none_names_the_nearest() -> None:
    for name in ("softmax", "sigmoid"):
        check_activation(name)
    with pytest.raises(InputError, match=r"'sigmod'; expected softmax or sigmoid; did you mean si"):
        check_activation("sigmod")
    with pytest.raises(InputError, match=r"activation is None; expected softmax or sigmoid$"):
        check_activation(None)
