"""What a preprocessing gives, whatever the file's channels, is what a network must take."""

import pytest
from monai.bundle import ConfigParser
from monai.transforms import Compose, Lambdad, LoadImaged, RepeatChanneld
from torch import nn

from pipelines.bundles import bundle_root
from pipelines.errors import InputError
from pipelines.training.channels import check_channels, read_channels, taken_channels
from transforms.upright_reader import UprightReader


def reading(content: str, *more: object) -> Compose:
    reader = UprightReader(content)
    return Compose([LoadImaged("image", reader=reader, ensure_channel_first=True), *more])


@pytest.mark.parametrize(("content", "channels"), [("grey", 1), ("rgb", 3)])
def test_they_are_those_of_the_reader(content: str, channels: int) -> None:
    assert read_channels(reading(content)) == channels


def test_they_are_those_after_the_last_transform() -> None:
    assert read_channels(reading("grey", RepeatChanneld("image", 3))) == 3


def test_a_mask_is_there_to_be_read() -> None:
    masks = LoadImaged(["label", "truth"], reader=UprightReader("indices"))
    assert read_channels(reading("rgb", masks)) == 3


@pytest.mark.parametrize("bundle", ["breast_us_segmentation", "breast_us_classification"])
def test_those_of_a_bundle_are_told(bundle: str) -> None:
    parser = ConfigParser()
    parser.read_config(bundle_root(bundle) / "configs" / "train.json")
    parser.update({"image_size": 32})
    assert read_channels(parser.get_parsed_content("preprocessing")) == 1


def test_what_cannot_be_told_is_not_guessed() -> None:
    as_the_file = LoadImaged("image", reader="PILReader", ensure_channel_first=True)
    assert read_channels(as_the_file) is None
    assert read_channels(reading("grey", Lambdad("patient", abs))) is None


def test_a_network_takes_what_its_first_convolution_does() -> None:
    assert taken_channels(nn.Sequential(nn.Conv2d(3, 5, 1), nn.Conv2d(5, 2, 1))) == 3
    assert taken_channels(nn.Linear(4, 2)) is None


@pytest.mark.parametrize(("channels", "content"), [(1, "rgb"), (3, "grey")])
def test_other_channels_than_are_read_are_refused(channels: int, content: str) -> None:
    given, fitting = 4 - channels, {1: "grey", 3: "rgb"}[channels]
    network = nn.Conv2d(channels, 2, 1)
    with pytest.raises(InputError) as caught:
        check_channels(network, reading(content))
    assert str(caught.value) == (
        f"network_def takes {channels}-channel images and preprocessing gives {given}-channel "
        f"ones; set network_def::in_channels to {given}, or the content of the reader in "
        f"preprocessing to {fitting}"
    )
    assert check_channels(network, reading(fitting)) == channels
    assert check_channels(network, None) == channels
    assert check_channels(nn.Linear(4, 2), reading(content)) == given
