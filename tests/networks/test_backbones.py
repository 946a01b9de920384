from typing import Any

import pytest
import torch

from networks.backbones import feature_channels, first_convolution, make_backbone
from networks.errors import NetworkError
from networks.torchvision_models import torchvision_models

SMALL: dict[str, tuple[dict[str, Any], int]] = {
    "torchvision.mobilenet_v2": ({"width_mult": 0.35}, 1280),
    "torchvision.resnet18": ({}, 512),
    "monai.DenseNet121": ({"init_features": 8, "growth_rate": 4, "block_config": [2, 2]}, 16),
    "monai.EfficientNetBN": ({}, 1280),
    "timm.mobilenetv3_small_050": ({}, 1024),
}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("in_channels", [1, 3])
def test_images_become_maps(name: str, in_channels: int) -> None:
    options, channels = SMALL[name]
    backbone = make_backbone(name, in_channels, **options)
    found = feature_channels(backbone, in_channels)
    if name != "timm.mobilenetv3_small_050":  # its maps stand before its last convolution
        assert found == channels
    assert backbone(torch.zeros(2, in_channels, 96, 64)).shape[:2] == (2, found)
    assert backbone.training


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "vgg11", "densenet121"])
def test_the_maps_are_those_of_the_whole_model(name: str) -> None:
    whole = getattr(torchvision_models(), name)(weights=None).eval()
    backbone = make_backbone(f"torchvision.{name}").eval()
    backbone.load_state_dict(whole.state_dict(), strict=False)
    images = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        maps = backbone(images)
        if name == "vgg11":
            scores = whole.classifier(whole.avgpool(maps).flatten(1))
        else:
            last = whole.fc if name == "resnet18" else whole.classifier
            scores = last(maps.mean(dim=(2, 3)))
        assert torch.allclose(scores, whole(images), atol=1e-5)


def test_the_maps_of_efficientnet_are_monais() -> None:
    from monai.networks.nets import EfficientNetBN

    whole = EfficientNetBN("efficientnet-b0", pretrained=False, spatial_dims=2, num_classes=5)
    backbone = make_backbone("monai.EfficientNetBN").eval()
    backbone.load_state_dict(whole.state_dict(), strict=False)
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        scores = whole.eval()._fc(backbone(images).mean(dim=(2, 3)))
        assert torch.allclose(scores, whole(images), atol=1e-5)


def test_the_first_convolution_is_found() -> None:
    name, first = first_convolution(make_backbone("torchvision.mobilenet_v2", 1))
    assert name == "features.0.0" and first.in_channels == 1
    with pytest.raises(NetworkError, match="no convolution"):
        first_convolution(torch.nn.Linear(2, 2))


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("mobilenet_v2", {}, "names no library and model"),
        ("keras.MobileNet", {}, "names no library and model"),
        ("torchvision.mobilnet", {}, "torchvision has no classifier 'mobilnet', did you mean"),
        ("torchvision.mobilenetv2", {}, "did you mean .*mobilenet_v2"),
        ("torchvision.list_models", {}, "torchvision has no classifier"),
        ("torchvision.vit_b_16", {}, "no convolutional part"),
        ("torchvision.resnet18", {"depth": 3}, "cannot be made with .*depth.*, {} for none"),
        ("monai.UNet", {}, "monai.UNet is not offered"),
        ("timm.xceptoin", {}, "timm has no model 'xceptoin', did you mean .*xception"),
    ],
)
def test_what_cannot_be_had_is_said(name: str, options: dict[str, Any], expected: str) -> None:
    with pytest.raises(NetworkError, match=expected):
        make_backbone(name, 3, **options)


def test_a_network_without_maps_is_refused() -> None:
    with pytest.raises(NetworkError, match="expected a convolutional network"):
        feature_channels(make_backbone("timm.test_vit"), 3)
    with pytest.raises(NetworkError, match="answers an image by"):
        feature_channels(torch.nn.Flatten(), 3)


@pytest.mark.parametrize("name", ["vgg11", "vgg11_bn"])
def test_the_weights_of_a_classifier_that_is_cut_off_are_not_drawn(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[torch.nn.Linear] = []
    draw = torch.nn.Linear.reset_parameters

    def counted(layer: torch.nn.Linear) -> None:
        drawn.extend([layer] if layer.weight.device.type == "cpu" else [])
        draw(layer)

    monkeypatch.setattr(torch.nn.Linear, "reset_parameters", counted)
    torch.manual_seed(0)
    layers = list(make_backbone(f"torchvision.{name}", 3).modules())
    assert not drawn
    for layer in layers:
        if isinstance(layer, torch.nn.Conv2d):  # torchvision's rule: He et al., by the outputs
            deviation = (2 / (layer.out_channels * 9)) ** 0.5
            assert float(layer.weight.detach().std()) == pytest.approx(deviation, rel=0.06)
            assert layer.bias is not None and not layer.bias.any()
        if isinstance(layer, torch.nn.BatchNorm2d):
            assert layer.weight.eq(1).all() and not layer.bias.any()
            assert layer.running_var is not None and layer.running_var.eq(1).all()
            assert layer.running_mean is not None and not layer.running_mean.any()
    assert any(isinstance(layer, torch.nn.BatchNorm2d) for layer in layers) == (name != "vgg11")


def test_the_weights_of_a_vgg_follow_from_the_seed() -> None:
    one, other = (_seeded("torchvision.vgg11") for _ in range(2))
    assert all(torch.equal(one[key], other[key]) for key in one)


def _seeded(name: str) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return make_backbone(name, 3).state_dict()
