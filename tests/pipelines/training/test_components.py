"""A component that cannot be built is named with its reason, before anything is written."""

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import create_workflow
from monai.transforms import Compose, LoadImaged

from networks.bone_cnn import BoneCNN
from networks.transfer_classifier import TransferClassifier
from pipelines.errors import InputError
from pipelines.training.components import (
    check_classifier,
    check_components,
    check_metadata,
    check_network,
)
from transforms.upright_reader import UprightReader

UNET = {
    "_target_": "BasicUNet",
    "spatial_dims": 2,
    "in_channels": 1,
    "out_channels": 1,
    "features": [4, 4, 4, 4, 4, 4],
}


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Initialises a bundle that checks a network and an optimiser, with overrides."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    content = {
        "imports": ["$import pipelines.training.components as components"],
        "network_def": UNET,
        "optimizer": {
            "_target_": "torch.optim.Adam",
            "params": "$@network_def.parameters()",
            "lr": 0.1,
        },
        "initialize": ["$components.check_components('network_def', 'absent', 'optimizer')"],
        "run": ["$(@network_def, @optimizer)"],
    }
    path = tmp_path / "train.json"
    path.write_text(json.dumps(content), encoding="utf-8")

    def call(**overrides: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return create_workflow(config_file=str(path), workflow_type="train", **overrides)

    return call


def test_what_was_checked_is_what_runs(start: Callable[..., Any]) -> None:
    ((network, optimizer),) = start().run()
    assert optimizer.param_groups[0]["params"][0] is next(network.parameters())


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (
            {"network_def::features": [4, 4]},
            "network_def cannot be built as BasicUNet (Sequence must have length 6, got 2.); "
            "change the values below network_def",
        ),
        ({"network_def::features": "wide"}, "network_def cannot be built as BasicUNet ("),
        ({"network_def": "$1 / 0"}, "network_def cannot be built (division by zero)"),
        ({"optimizer::lr": "abc"}, "optimizer cannot be built as torch.optim.Adam ("),
        (
            {"optimizer::_target_": "torch.optim.SDG"},
            "as torch.optim.SDG (Cannot locate class or function path: 'torch.optim.SDG'.)",
        ),
    ],
)
def test_what_cannot_be_built_is_named(
    overrides: dict[str, Any],
    expected: str,
    start: Callable[..., Any],
    error_line: Callable[[BaseException], str],
) -> None:
    with pytest.raises(Exception) as caught:
        start(**overrides)
    assert expected in error_line(caught.value)


def test_outside_of_a_bundle_nothing_is_checked() -> None:
    check_components("network_def")


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (torch.nn.Conv2d(3, 1, 1), "cannot answer a grey image of 32 x 32 pixels"),
        (torch.nn.Conv2d(1, 2, 1), r"by \(1, 2, 32, 32\); expected the same shape"),
        (torch.nn.Conv2d(1, 1, 3), r"by \(1, 1, 30, 30\)"),
    ],
)
def test_a_network_of_another_shape_is_refused(network: torch.nn.Module, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        check_network(network, 32)


def test_a_map_of_classes_needs_a_logit_for_each() -> None:
    labels = ["background", "stroma", "necrosis"]
    check_network(torch.nn.Conv2d(3, 3, 1), 16, 3, labels)
    with pytest.raises(InputError, match=r"expected \(1, 3, 16, 16\), one logit a pixel for each"):
        check_network(torch.nn.Conv2d(3, 1, 1), 16, 3, labels)


@pytest.mark.parametrize("training", [True, False])
def test_a_network_that_answers_is_left_as_it_was(training: bool) -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3, padding=1), torch.nn.BatchNorm2d(1))
    network.train(training)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    random = torch.get_rng_state()
    check_network(network, 32)
    assert network.training is training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (torch.nn.Conv2d(1, 1, 33), "cannot answer a grey image of 32 x 32 pixels"),
        (torch.nn.Conv2d(3, 1, 33), "cannot answer a colour image of 32 x 32 pixels"),
        (torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1024, 3)), r"expected \(1, 2\)"),
    ],
)
def test_a_classifier_of_other_classes_is_refused(network: torch.nn.Module, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        check_classifier(network, 32, ["a", "b"])


def test_a_classifier_that_answers_is_taken() -> None:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1024, 2))
    check_classifier(network, 32, ["a", "b"])
    assert network.training


@pytest.mark.parametrize("channels", [1, 3])
def test_a_classifier_is_asked_with_the_channels_that_it_takes(channels: int) -> None:
    check_classifier(BoneCNN(2, channels, dense=4), 32, ["a", "b"])


def reading(content: str) -> Compose:
    reader = UprightReader(content)
    return Compose([LoadImaged("image", reader=reader, ensure_channel_first=True)])


def test_a_classifier_of_other_channels_than_are_read_is_refused() -> None:
    with pytest.raises(InputError, match="takes 1-channel images and preprocessing gives 3-"):
        check_classifier(BoneCNN(2, 1, dense=4), 32, ["a", "b"], reading("rgb"))
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 2))
    check_classifier(network, 32, ["a", "b"], reading("rgb"))


def test_a_network_of_other_channels_than_are_read_is_refused() -> None:
    with pytest.raises(InputError, match="takes 3-channel images and preprocessing gives 1-"):
        check_network(torch.nn.Conv2d(3, 1, 1), 32, preprocessing=reading("grey"))
    check_network(torch.nn.Conv2d(3, 1, 1), 32, preprocessing=reading("rgb"))


def test_an_image_smaller_than_the_stride_is_refused() -> None:
    network = TransferClassifier("torchvision.mobilenet_v2", 2, options={"width_mult": 0.35})
    expected = "image_size is .*, smaller than the stride of network_def, .* expected at least 32"
    for size in (16, 17, 31):
        with pytest.raises(InputError, match=expected):
            check_classifier(network, size, ["a", "b"])
    for size in (32, 33, 67):
        check_classifier(network, size, ["a", "b"])
    with pytest.raises(InputError, match=r"image_size is 15, .* expected at least 16"):
        check_classifier(BoneCNN(), 15, ["a", "b"])
    check_classifier(BoneCNN(), 16, ["a", "b"])


class Unpadded(torch.nn.Module):
    """Maps of a network that cuts the border off, as Inception does."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Conv2d(1, 2, 9, stride=4)

    def maps(self, images: torch.Tensor) -> torch.Tensor:
        return self.layer(images)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.maps(images).mean(dim=(2, 3))


def test_an_image_that_shrinks_to_nothing_is_told_the_least_size() -> None:
    with pytest.raises(InputError, match=r"image_size is 6, too small for .* expected at least 9"):
        check_classifier(Unpadded(), 6, ["a", "b"])
    check_classifier(Unpadded(), 9, ["a", "b"])


@pytest.fixture
def bundle(tmp_path: Path) -> Callable[..., Path]:
    """A bundle whose metadata tell classes."""

    def make(*names: str, count: int | None = None) -> Path:
        said = {str(index): f"{name} (logit)" for index, name in enumerate(names)}
        pred = {"num_channels": len(names) if count is None else count, "channel_def": said}
        content = {"network_data_format": {"outputs": {"pred": pred}}}
        (tmp_path / "configs").mkdir()
        (tmp_path / "configs" / "metadata.json").write_text(json.dumps(content), encoding="utf-8")
        return tmp_path

    return make


def test_classes_that_the_metadata_tell_are_taken(bundle: Callable[..., Path]) -> None:
    check_metadata(bundle("a", "b"), ["a", "b"])


def test_a_bundle_without_metadata_tells_nothing(tmp_path: Path) -> None:
    check_metadata(tmp_path, ["a", "b"])


@pytest.mark.parametrize("labels", [["a", "b"], ["a", "c", "b"]])
def test_other_classes_than_the_metadata_tell_are_refused(
    labels: list[str], bundle: Callable[..., Path]
) -> None:
    expected = rf"labels has {len(labels)} .*metadata.json tells 3 classes \(a, b, c\)"
    with pytest.raises(InputError, match=expected):
        check_metadata(bundle("a", "b", "c"), labels)


def test_a_training_on_other_classes_is_warned_of(
    bundle: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING", logger="med2d"):
        check_metadata(bundle("a", "b", "c"), ["x", "y"], trains=True)
    assert "the classes of the dataset are 2 (x, y); this bundle's are 3 (a, b, c)" in caplog.text


def test_metadata_that_contradict_themselves_are_named(bundle: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match="num_channels is 4, but channel_def names 2"):
        check_metadata(bundle("a", "b", count=4), ["a", "b"])
