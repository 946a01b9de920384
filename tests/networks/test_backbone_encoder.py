import pytest
import torch
from monai.networks.nets.flexible_unet import FLEXUNET_BACKBONE, FlexibleUNet

from networks.backbone_encoder import STRIDES, BackboneEncoder, register_encoder
from networks.backbones import make_backbone
from networks.errors import NetworkError

NARROW = {"width_mult": 0.1}
MOBILENET = "torchvision.mobilenet_v2"


@pytest.mark.parametrize(
    ("backbone", "options", "channels"),
    [
        (MOBILENET, NARROW, (8, 8, 8, 16, 1280)),
        ("torchvision.resnet18", {}, (64, 64, 128, 256, 512)),
        ("torchvision.vgg11", {}, (128, 256, 512, 512, 512)),
        ("timm.mobilenetv3_small_050", {}, (16, 8, 16, 24, 1024)),
    ],
)
def test_it_gives_maps_of_half_the_size_and_smaller_ones(backbone, options, channels) -> None:
    encoder = BackboneEncoder(register_encoder(backbone, options), in_channels=1).eval()
    with torch.no_grad():
        levels = encoder(torch.rand(1, 1, 64, 96))
    sizes = [(64 // stride, 96 // stride) for stride in STRIDES]
    assert [tuple(level.shape[1:]) for level in levels] == [
        (count, *size) for count, size in zip(channels, sizes, strict=True)
    ]


def test_the_last_maps_are_those_of_the_backbone() -> None:
    encoder = BackboneEncoder(register_encoder(MOBILENET, NARROW), in_channels=3).eval()
    backbone = make_backbone(MOBILENET, 3, **NARROW).eval()
    state = {name.replace("features.", "features_"): v for name, v in backbone.state_dict().items()}
    encoder.load_state_dict(state)
    images = torch.rand(1, 3, 64, 64)
    torch.testing.assert_close(encoder(images)[-1], backbone(images))


def test_monais_flexible_unet_takes_it_by_its_name() -> None:
    name = register_encoder(MOBILENET, NARROW)
    assert name == "torchvision.mobilenet_v2(width_mult=0.1)"
    assert FLEXUNET_BACKBONE.register_dict[name]["type"] is BackboneEncoder
    assert "resnet50" in FLEXUNET_BACKBONE.register_dict  # MONAI's own stay
    network = FlexibleUNet(in_channels=3, out_channels=2, backbone=name).eval()
    assert network(torch.rand(1, 3, 64, 32)).shape == (1, 2, 64, 32)
    with pytest.raises(NetworkError, match="begins from random weights"):
        FlexibleUNet(3, 1, name, pretrained=True)


def test_the_first_time_draws_the_weights_of_the_second() -> None:
    options = {"width_mult": 0.15}  # that no other test registers
    drawn = []
    for _ in range(2):
        torch.manual_seed(7)
        drawn.append(BackboneEncoder(register_encoder(MOBILENET, options)).state_dict())
    assert all(torch.equal(drawn[0][name], value) for name, value in drawn[1].items())


@pytest.mark.parametrize(
    ("backbone", "expected"),
    [
        ("torchvision.inception_v3", "gives no maps 2 times smaller"),
        ("timm.convnext_atto", "gives no maps 2 times smaller"),
        ("monai.EfficientNetBN", "monai.EfficientNetBN .*; expected a sequence of layers"),
        ("torchvision.mobilnet", "torchvision has no classifier 'mobilnet'"),
    ],
)
def test_a_backbone_that_is_no_encoder_is_named(backbone: str, expected: str) -> None:
    with pytest.raises(NetworkError, match=expected):
        register_encoder(backbone)
    assert not any(name.startswith(backbone) for name in FLEXUNET_BACKBONE.register_dict)
