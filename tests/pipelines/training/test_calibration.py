"""The temperature is fitted to the validation fold's answers, and goes where the model goes."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from monai.data import DataLoader, Dataset

from networks.calibrated_classifier import CalibratedClassifier
from pipelines.errors import InputError
from pipelines.evaluation.temperature import fit_temperature
from pipelines.training.calibration import Calibration
from pipelines.training.tracked_results import CALIBRATION
from pipelines.training.weights import load_weights

LABELS = ["a", "b", "c"]
TIMES = 4.0  # too sure by this


class Shown(torch.nn.Module):
    """Answers what the image shows, and the same of its mirror image."""

    def __init__(self) -> None:
        super().__init__()
        self.times = torch.nn.Parameter(torch.tensor(1.0))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.times * images[:, 0, :, :].mean(dim=2)


def items(count: int = 90) -> list[dict[str, Any]]:
    """Images whose rows are logits, with classes drawn from the probabilities."""
    random = np.random.default_rng(0)
    made = []
    for number in range(count):
        logits = torch.tensor(random.normal(size=3) * 1.5).float()
        label = random.choice(3, p=logits.double().softmax(0).numpy())
        known = {"id": f"case{number:02d}", "group": f"g{number // 2}", "class": LABELS[label]}
        made.append({"image": logits[None, :, None].repeat(1, 1, 2), "label": label, **known})
    return made


def calibration(folder: Path, of: list[dict[str, Any]], **options: Any) -> Calibration:
    network = CalibratedClassifier(Shown(), activation=options.pop("activation", "softmax"))
    loader = DataLoader(Dataset(of), batch_size=options.pop("batch_size", 8))
    return Calibration(network, loader, LABELS, folder, "cpu", **options)


def trained(handler: Calibration, seen: list[bool] | None = None) -> Calibration:
    """The handler after a training that does nothing."""
    record = handler.folder / CALIBRATION
    notes = [] if seen is None else seen
    trainer = Engine(lambda engine, batch: notes.append(record.is_file()))
    handler.attach(trainer)
    trainer.run([0])
    return handler


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = Shown()
    model.times.data.fill_(TIMES)
    torch.save(model.state_dict(), tmp_path / "model.pt")
    return tmp_path


def test_the_temperature_goes_into_the_model_and_the_record(folder: Path) -> None:
    handler = trained(calibration(folder, items()))
    record = json.loads((folder / CALIBRATION).read_text())
    assert record["temperature"] == pytest.approx(TIMES, rel=0.3)
    assert (record["images"], record["groups"], record["remarks"]) == (90, 45, [])
    assert record["flip_average"] is True and record["activation"] == "softmax"
    before, after = record["validation"]["before"], record["validation"]["after"]
    assert list(before) == ["log_loss", "brier", "calibration_error"]
    assert all(after[name] < before[name] for name in before)
    state = torch.load(folder / "model.pt", weights_only=True)
    assert set(state) == {"times", "temperature"}
    assert float(state["temperature"]) == pytest.approx(record["temperature"])
    assert float(state["times"]) == TIMES
    assert float(handler.network.temperature) == pytest.approx(record["temperature"])


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_it_is_fitted_to_the_answers_as_they_come(activation: str, folder: Path) -> None:
    handler = calibration(folder, items(), activation=activation, batch_size=13)
    found = handler.fit()
    given = items()
    load_weights(handler.network, folder / "model.pt")
    handler.network.temperature.fill_(1.0)
    with torch.no_grad():
        logits = handler.network(torch.stack([item["image"] for item in given])).double().numpy()
    truth = np.array([item["label"] for item in given])
    assert found.value == pytest.approx(
        fit_temperature(logits, truth, LABELS, activation).value, rel=1e-5
    )


def test_neither_the_order_nor_an_earlier_temperature_changes_it(folder: Path) -> None:
    first = calibration(folder, items()).fit().value
    assert calibration(folder, items()[::-1], batch_size=7).fit().value == pytest.approx(first)


def test_a_run_that_goes_on_has_no_record_until_it_ends(folder: Path) -> None:
    (folder / CALIBRATION).write_text("of the model before")
    seen: list[bool] = []
    trained(calibration(folder, items()), seen)
    assert seen == [False]
    assert "temperature" in json.loads((folder / CALIBRATION).read_text())


def test_without_calibration_the_model_stays_as_it_is(folder: Path) -> None:
    before = (folder / "model.pt").read_bytes()
    trained(calibration(folder, items(), enabled="false"))
    assert (folder / "model.pt").read_bytes() == before
    assert not (folder / CALIBRATION).exists()


def test_it_is_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "med2d"):
        calibration(folder, items()).fit()
        assert "on the 90 images of the validation fold log loss" in caplog.text
        assert "weakly founded" not in caplog.text
        calibration(folder, items(1)).fit()
    assert "weakly founded: no image is" in caplog.text
    assert json.loads((folder / CALIBRATION).read_text())["remarks"]


def test_answers_of_nan_are_named(folder: Path) -> None:
    broken = items(4)
    broken[2]["image"] = broken[2]["image"] * float("nan")
    with pytest.raises(InputError, match="answers NaN for images of the validation fold"):
        calibration(folder, broken).fit()
    assert not (folder / CALIBRATION).exists()


def test_a_setting_that_is_neither_yes_nor_no_is_named(folder: Path) -> None:
    with pytest.raises(InputError, match="calibration is 'maybe'; expected true or false"):
        calibration(folder, items(), enabled="maybe")
