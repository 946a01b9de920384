"""What is auto is chosen once, recorded, and taken up by a resume."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pipelines.errors import InputError
from pipelines.training import machine_fit
from pipelines.training.class_loss import ClassLoss
from pipelines.training.machine_fit import (
    FILE,
    MachineFit,
    check_machine,
    fit_machine,
    record_machine,
    recorded_layout,
)
from pipelines.training.speed_probe import Timing

FIXED = {"precision": "fp32", "memory_layout": "channels_last"}


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3))


def fit(**given: Any) -> MachineFit:
    arguments = {"image_size": 16, "images": 100, "device": "cpu", "batch_size": 8, **given}
    return fit_machine(network(), ClassLoss(), **arguments)


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The candidates of each probe; the last of them is the fastest."""
    seen: list[Any] = []

    def probe(net: Any, loss: Any, size: int, device: Any, choices: Any, most: int) -> list[Timing]:
        seen.append((choices, most))
        last = len(choices) - 1
        return [Timing(*c, 50.0 if i == last else 100.0, 8) for i, c in enumerate(choices)]

    monkeypatch.setattr(machine_fit, "probe", probe)
    monkeypatch.setattr(machine_fit, "candidates", lambda device: ["float32", "bfloat16"])
    return seen


def test_fixed_settings_are_taken_without_a_trial(probed: list[Any]) -> None:
    found = fit(accumulation=4, **FIXED)
    assert found == MachineFit(32, 8, "float32", "channels_last", "cpu")
    assert (found.accumulation, found.memory_format) == (4, torch.channels_last)
    assert not probed


def test_auto_is_probed_and_told(probed: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "med2d"):
        found = fit()
    assert (found.precision, found.memory_layout) == ("bfloat16", "channels_last")
    choices, most = probed[0]
    assert len(choices) == 4
    assert most == 8
    told = [record.getMessage() for record in caplog.records][-2:]
    assert told[0].endswith("bfloat16 channels_last 50; taken: bfloat16 channels_last")
    assert told[1] == "8 images at once, 8 to a step, bfloat16, channels_last"


def test_one_fixed_setting_leaves_the_other_to_the_probe(probed: list[Any]) -> None:
    assert fit(precision="float32").precision == "float32"
    assert fit(memory_layout="contiguous").memory_layout == "contiguous"
    assert [len(choices) for choices, _ in probed] == [2, 2]


def test_the_largest_batch_is_found(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "med2d"):
        found = fit(batch_size="auto", accumulation=2, images=40, **FIXED)
    assert (found.batch_size, found.effective_batch) == (32, 64)
    assert "batch_size auto: 32 fit into memory (at most 64 are tried)" in caplog.text


def test_a_resume_takes_what_was_recorded(probed: list[Any], tmp_path: Path) -> None:
    first = fit(batch_size="auto", output_dir=tmp_path, resume=True)
    first.halve(100)
    record_machine(first, tmp_path)
    assert json.loads((tmp_path / FILE).read_text())["accumulation"] == 2
    probed.clear()
    again = fit(batch_size="auto", output_dir=tmp_path, resume="true")
    assert again == first
    assert not probed
    assert fit(output_dir=tmp_path, resume=False) != first
    assert recorded_layout(tmp_path) == torch.channels_last


def test_on_another_kind_of_device_the_format_is_chosen_anew(
    probed: list[Any], tmp_path: Path
) -> None:
    MachineFit(64, 16, "float16", "contiguous", "cuda").write(tmp_path)
    found = fit(output_dir=tmp_path, resume=True)
    assert found == MachineFit(64, 16, "bfloat16", "channels_last", "cpu")


def test_processes_agree_on_the_smallest_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    def others(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        other = {"batch_size": 4, "effective_batch": 8, "precision": "bfloat16"}
        return [rows[0], {**rows[0], **other}]

    monkeypatch.setattr(machine_fit, "gathered", others)
    found = fit(accumulation=2, **FIXED)
    assert found == MachineFit(8, 4, "float32", "channels_last", "cpu")


def test_halving_keeps_the_step() -> None:
    found = MachineFit(20, 16, "float32", "contiguous", "cpu")
    sizes = []
    for _ in range(5):
        found.halve(20)
        sizes.append((found.batch_size, found.accumulation))
    assert sizes == [(8, 3), (4, 5), (2, 10), (1, 20), (1, 20)]
    found.batch_size = 16
    found.halve(6)  # the only batch of an epoch was smaller than allowed
    assert found.batch_size == 3


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"batch_size": "most"}, "batch_size is 'most'; expected a whole number .*, or auto"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": True}, "batch_size is True"),
        ({"accumulation": 1.5}, "accumulation is 1.5; expected a whole number of at least 1$"),
        ({"accumulation": "auto"}, "accumulation is 'auto'"),
        ({"precision": "fp8"}, "precision is 'fp8'; expected one of float32, tf32"),
        ({"memory_layout": "nhwc"}, "memory_layout is 'nhwc'; expected one of auto, contiguous"),
    ],
)
def test_a_setting_that_is_none_is_named(given: dict[str, Any], expected: str) -> None:
    fine = {"batch_size": "auto", "accumulation": 1, "precision": "auto", "memory_layout": "auto"}
    check_machine(**fine)
    with pytest.raises(InputError, match=expected):
        check_machine(**{**fine, **given})


@pytest.mark.parametrize("text", ["{", '{"batch_size": 1}', "[]"])
def test_a_broken_record_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(InputError, match=r"machine\.json cannot be read .*; train again"):
        fit(output_dir=tmp_path, resume=True, **FIXED)


def test_a_run_without_a_record_is_channels_last(tmp_path: Path) -> None:
    assert recorded_layout(tmp_path) == torch.channels_last


def test_what_cannot_be_done_is_said_before_the_probe(probed: list[Any]) -> None:
    batch_norm = nn.Sequential(network()[:3], nn.BatchNorm1d(2), nn.Linear(2, 3))  # type: ignore[index]
    arguments: Any = {"image_size": 16, "images": 9, "device": "cpu"}
    with pytest.raises(InputError, match="batch_size is 1, but network_def normalises"):
        fit_machine(batch_norm, ClassLoss(), batch_size=1, **arguments)
    with pytest.raises(InputError, match="unfreeze is 'all'; expected what trains by epoch"):
        fit_machine(network(), ClassLoss(), unfreeze="all", **arguments)  # type: ignore[arg-type]
    assert not probed
    assert fit(batch_size=1, unfreeze="null").batch_size == 1
