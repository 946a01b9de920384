import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from networks.encoder_unet import EncoderUNet
from networks.errors import NetworkError
from networks.frozen_layers import trained_layers
from networks.parameter_groups import parameter_groups
from networks.pretrained import load_pretrained
from networks.torchvision_models import torchvision_models

WEIGHTS = Path(os.environ.get("MED2D_WEIGHTS", Path(__file__).parents[3] / "shared" / "weights"))
SMALL = {"decoder_channels": (16, 8, 8, 8, 4)}


def unet(**arguments: Any) -> EncoderUNet:
    given = {"options": {"width_mult": 0.1}, "decoder": SMALL, **arguments}
    return EncoderUNet("torchvision.mobilenet_v2", **given)


@pytest.mark.parametrize(("channels", "classes"), [(1, 1), (3, 4)])
def test_images_become_logits_of_their_size(channels: int, classes: int) -> None:
    network = unet(in_channels=channels, out_channels=classes).eval()
    images = torch.rand(2, channels, 64, 96)
    assert network(images).shape == (2, classes, 64, 96)
    torch.testing.assert_close(network(images), network.decode(network.levels(images)))


def test_a_size_that_does_not_divide_is_named() -> None:
    with pytest.raises(NetworkError, match=r"are 96 x 80 pixels; expected .* multiples of 32"):
        unet()(torch.rand(1, 1, 80, 96))


@pytest.mark.parametrize("scripted", [True, False])
def test_it_can_be_exported(scripted: bool) -> None:
    network, images = unet().eval(), torch.rand(1, 1, 64, 64)
    if scripted:
        exported: Any = torch.jit.script(network)
    else:
        exported = torch.export.export(network, (images,)).module()
    torch.testing.assert_close(exported(images), network(images))
    if scripted:
        with pytest.raises(torch.jit.Error, match="multiples of 32"):
            exported(torch.rand(1, 1, 40, 64))


def test_the_librarys_weights_fill_the_encoder(tmp_path: Path) -> None:
    whole = torchvision_models().mobilenet_v2(weights=None, width_mult=0.1)
    torch.save(whole.state_dict(), tmp_path / "w.pth")
    grey, colour = unet().eval(), unet(in_channels=3).eval()
    decoder = {name: value.clone() for name, value in grey.decoder.state_dict().items()}
    loaded = load_pretrained(grey, str(tmp_path / "w.pth"), "imagenet")
    assert loaded is not None and loaded.tensors == loaded.of == 312 and loaded.summed
    load_pretrained(colour, str(tmp_path / "w.pth"), "imagenet")
    assert colour.normalisation.mean.flatten().tolist() == pytest.approx([0.485, 0.456, 0.406])
    images = torch.rand(1, 3, 64, 64)
    last = whole.eval().features(colour.normalisation(images))
    torch.testing.assert_close(colour.levels(images)[-1], last)
    assert all(torch.equal(decoder[name], v) for name, v in grey.decoder.state_dict().items())


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save(torchvision_models().resnet18(weights=None).state_dict(), tmp_path / "w.pth")
    with pytest.raises(NetworkError, match=r"fits 0 of the 312 .* weights of another network"):
        load_pretrained(unet(), str(tmp_path / "w.pth"), "imagenet")


def test_frozen_layers_keep_their_weights_and_statistics() -> None:
    network = unet(trained={"last": 2}).train()
    counts = trained_layers(network.backbone)
    assert counts["layers_trained"] == 2
    assert all(parameter.requires_grad for parameter in network.decoder.parameters())
    frozen, free = (
        network.backbone.get_submodule(name) for name in ("features_0.1", "features_18.1")
    )
    assert isinstance(frozen, nn.BatchNorm2d) and isinstance(free, nn.BatchNorm2d)
    before = [layer.running_mean.clone() for layer in (frozen, free)]  # type: ignore[union-attr]
    network(torch.rand(2, 1, 64, 64))
    assert torch.equal(frozen.running_mean, before[0])  # type: ignore[arg-type]
    assert not torch.equal(free.running_mean, before[1])  # type: ignore[arg-type]


def test_the_encoder_learns_slower_towards_the_image() -> None:
    network = unet()
    groups = parameter_groups(network, 0.001, head_rate=0.01, depth_decay=0.1)
    rates = {id(p): group["lr"] for group in groups for p in group["params"]}
    assert len(rates) == len(list(network.parameters()))
    first, last = (network.backbone.get_submodule(n) for n in ("features_0.0", "features_18.1"))
    assert rates[id(first.weight)] == pytest.approx(0.0001)
    assert rates[id(last.weight)] == pytest.approx(0.001)
    rest = [*network.decoder.parameters(), *network.head.parameters()]
    assert {rates[id(parameter)] for parameter in rest} == {0.01}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"decoder": {"decoder_channels": (8, 8)}}, "no decoder can be made with"),
        ({"decoder": {"colour": 1}}, "no decoder can be made with"),
        ({"decoder": {"decoder_channels": ["a"] * 5}}, "no decoder can be made with"),
        ({"decoder": "a"}, "decoder is 'a'; expected names with values"),
        ({"options": {"width": 1}}, "cannot be made with"),
        ({"options": "a"}, "options is 'a'; expected names with values"),
        ({"in_channels": "a"}, "in_channels is 'a'; expected a whole number"),
        ({"out_channels": "a"}, "out_channels is 'a'; expected a whole number"),
        ({"trained": {"last": 999}}, "trained is last 999"),
        ({"normalisation": "photo"}, "normalisation is 'photo'"),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, Any], expected: str) -> None:
    with pytest.raises(NetworkError, match=expected):
        unet(**arguments)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "width"),
    [
        ("mobilenet_v2_w1.0_imagenet_int8dequant_notop.pth", 1.0),
        ("mobilenet_v2_w0.35_imagenet_keras_notop.pth", 0.35),
    ],
)
def test_imagenet_weights_fill_the_encoder(file: str, width: float) -> None:
    if not (WEIGHTS / file).is_file():
        pytest.skip(f"{WEIGHTS / file} is missing")
    network = unet(options={"width_mult": width}).eval()
    loaded = load_pretrained(network, str(WEIGHTS / file), "symmetric")
    assert loaded is not None and loaded.numbers == 1 and loaded.summed
    state = torch.load(WEIGHTS / file, weights_only=True)
    last, first = (network.backbone.get_submodule(n) for n in ("features_18.0", "features_0.0"))
    assert torch.equal(last.weight, state["features.18.0.weight"])
    assert torch.equal(first.weight, state["features.0.0.weight"].sum(dim=1, keepdim=True))
