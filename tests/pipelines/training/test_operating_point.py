import json
import logging
from pathlib import Path

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from networks.presence_network import PresenceNetwork
from pipelines.errors import InputError
from pipelines.training.operating_point import (
    OPERATING_POINT,
    OperatingPoint,
    check_least_share,
    least_share,
)
from tests.pipelines.training.test_lesion_answers import PROBABILITIES, batches
from transforms.remove_small_regions import RemoveSmallRegionsd


class Told(PresenceNetwork):
    """Draws what the image shows, and holds that a lesion is there where much is bright."""

    def both(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return images * 10, images.amax(dim=(2, 3)) * 2


def made() -> Told:
    return Told("torchvision.mobilenet_v2", options={"width_mult": 0.1}, channels=8)


def point(
    folder: Path, network: nn.Module, sensitivity: float = 0.9, least: float | None = None
) -> OperatingPoint:
    region_filter = RemoveSmallRegionsd("pred", least)
    parts = (network, batches(1), PROBABILITIES, region_filter, folder, "cpu", sensitivity)
    return OperatingPoint(*parts, least_share=least)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    torch.save(made().state_dict(), tmp_path / "model.pt")
    return tmp_path


def test_the_gate_goes_into_the_model_and_the_file(run: Path) -> None:
    network = made()
    trainer = Engine(lambda engine, batch: None)
    chooser = point(run, network)
    chooser.attach(trainer)
    trainer.run([0])
    gate = json.loads((run / OPERATING_POINT).read_text())["gate"]
    assert 0.12 < gate < 0.88  # between the probabilities of the normal image and of the others
    assert float(network.gate) == pytest.approx(gate)
    state = torch.load(run / "model.pt", weights_only=True)
    assert float(state["gate"]) == pytest.approx(gate)
    assert chooser.region_filter.least_share == least_share(run)


def test_a_run_that_goes_on_has_no_choice_until_it_ends(run: Path) -> None:
    (run / OPERATING_POINT).write_text("of the model before")
    seen = []
    trainer = Engine(lambda engine, batch: seen.append((run / OPERATING_POINT).exists()))
    point(run, made()).attach(trainer)
    trainer.run([0])
    assert seen == [False]
    assert (run / OPERATING_POINT).is_file()


def test_the_file_tells_what_was_reached(run: Path) -> None:
    choice = point(run, made()).choose()
    content = json.loads((run / OPERATING_POINT).read_text())
    assert content == {"wanted_sensitivity": 0.9, **choice._asdict()}
    assert (choice.sensitivity, choice.false_positive_rate) == (1.0, 0.0)
    assert (choice.lesions, choice.normal_images) == (2, 1)


def test_a_least_region_that_is_given_is_kept(run: Path, caplog: pytest.LogCaptureFixture) -> None:
    chooser = point(run, made(), least=0.01)
    choice = chooser.choose()
    assert chooser.region_filter.least_share == choice.least_share == least_share(run) == 0.01
    assert choice.sensitivity == 1
    assert json.loads((run / OPERATING_POINT).read_text())["least_share_was_given"] is True
    assert "leave no lesion" not in caplog.text
    assert point(run, made(), least=0.9).choose().sensitivity == 0
    assert "regions from 90.00% of the image on leave no lesion" in caplog.text


def test_several_runs_have_the_median_of_their_least_regions(tmp_path: Path) -> None:
    runs = [tmp_path / name for name in "abc"]
    for folder, share in zip(runs, (0.0, 0.004, 0.001), strict=True):
        folder.mkdir()
        (folder / OPERATING_POINT).write_text(json.dumps({"least_share": share}))
    together = list(map(str, runs))
    assert least_share(runs[0], together) == 0.001
    assert least_share(runs[0]) == 0.0
    check_least_share(0.001, runs[0], together)
    with pytest.raises(InputError, match=r"the runs of the ensemble have 0\.001"):
        check_least_share(0.0, runs[0], together)


def test_it_is_told(run: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "med2d"):
        point(run, made()).choose()
    assert "draws no lesion" not in caplog.text
    assert "1.00 of 2 lesions found (1.00 without them), 0.00 of 1 normal images" in caplog.text


def test_a_sensitivity_is_checked_before_anything_is_trained(run: Path) -> None:
    with pytest.raises(InputError, match="sensitivity for lesions is 2"):
        point(run, made(), sensitivity=2)


def test_a_run_that_has_not_chosen_is_not_scored(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"operating_point": {}, "dataset_digest": "d"}')
    with pytest.raises(InputError, match="--resume true"):
        least_share(tmp_path)
    (tmp_path / OPERATING_POINT).write_text('{"least_share": 0.002}')
    check_least_share(0.002, tmp_path)
    with pytest.raises(InputError, match=r"least_share is 0\.1, but the run in .* has 0\.002"):
        check_least_share(0.1, tmp_path)


def test_a_network_without_a_gate_is_refused(run: Path) -> None:
    with pytest.raises(InputError, match="Conv2d has none"):
        point(run, nn.Conv2d(1, 1, 1))


def test_a_run_without_a_choice_has_the_least_region_of_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"least_share": 0.002, "dataset_digest": "d"}')
    assert least_share(tmp_path) == 0.002
    (tmp_path / "config.json").write_text('{"least_share": null, "dataset_digest": "d"}')
    assert least_share(tmp_path) == 0.0
    (tmp_path / OPERATING_POINT).write_text("{")
    with pytest.raises(InputError, match=r"operating_point\.json cannot be read"):
        least_share(tmp_path)
