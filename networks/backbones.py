"""The convolutional part of the classifiers of torchvision, MONAI and timm, by name."""

from __future__ import annotations

import difflib
import inspect
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from networks.errors import NetworkError
from networks.timm_models import timm_models
from networks.torchvision_models import torchvision_models

_EXAMPLES = "torchvision.mobilenet_v2, monai.DenseNet121 or timm.legacy_xception"
_EXPECTED = (
    "expected a convolutional network, which gives feature maps of (batch, channels, rows, "
    f"columns), such as {_EXAMPLES}"
)
_UNMADE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a library raises over options that it is not made for."""
_PROBED = 128  # pixels: no network here shrinks an image to nothing from there


def make_backbone(name: str, in_channels: int = 3, **options: Any) -> nn.Module:
    """Makes a network that turns images into feature maps, with random weights.

    Args:
        name: library and model, such as ``torchvision.mobilenet_v2``, ``torchvision.resnet50``,
            ``monai.DenseNet121``, ``monai.EfficientNetBN``, ``timm.legacy_xception``.
        in_channels: channels of the images.
        **options: arguments of the library's model, such as ``width_mult`` of ``mobilenet_v2`` or
            ``model_name`` of ``EfficientNetBN``.

    Returns:
        A module from (batch, in_channels, height, width) to (batch, channels, rows, columns). The
        parameters keep the names that the library's own model gives them.

    Raises:
        NetworkError: there is no such library or model, the model takes no such option, or it
            makes no feature maps.
    """
    library, _, model = str(name).partition(".")
    if library not in _LIBRARIES or not model:
        raise NetworkError(f"backbone {name!r} names no library and model; expected {_EXAMPLES}")
    try:
        backbone = _LIBRARIES[library](model, in_channels, options)
    except NetworkError:
        raise
    except _UNMADE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        advice = "; set options to those of this model, {} for none" if options else ""
        raise NetworkError(
            f"backbone {name} cannot be made with {options}: {reason}{advice}"
        ) from error
    return backbone


def feature_channels(backbone: nn.Module, in_channels: int) -> int:
    """Counts the channels of a backbone's feature maps.

    Raises:
        NetworkError: it gives something else than maps of (batch, channels, rows, columns).
    """
    was_training = backbone.training
    try:
        with torch.no_grad():
            maps = backbone.eval()(torch.zeros(1, in_channels, _PROBED, _PROBED))
    except (AssertionError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NetworkError(
            f"the backbone takes no image of {_PROBED} x {_PROBED} pixels ({reason}); {_EXPECTED}"
        ) from error
    finally:
        backbone.train(was_training)
    if not isinstance(maps, torch.Tensor) or maps.ndim != 4:
        shape = tuple(getattr(maps, "shape", ())) or type(maps).__name__
        raise NetworkError(f"the backbone answers an image by {shape}; {_EXPECTED}")
    return int(maps.shape[1])


def _torchvision(model: str, in_channels: int, options: Mapping[str, Any]) -> nn.Module:
    makers: dict[str, Callable[..., nn.Module]] = vars(torchvision_models())
    maker = makers.get(model)
    if maker is None or not _is_maker(model, maker):
        offered = [name for name, found in makers.items() if _is_maker(name, found)]
        raise NetworkError(
            f"torchvision has no classifier {model!r}{_nearest(model, offered)}; expected "
            f"{_EXAMPLES}"
        )
    if model.startswith("vgg"):
        whole = _without_drawn_classifier(maker, options)
    else:
        extra = {"init_weights": False} if model in ("inception_v3", "googlenet") else {}
        whole = maker(weights=None, **extra, **options)
    backbone = _without_classifier(whole, model)
    return _with_channels(backbone, in_channels)


def _is_maker(name: str, found: Any) -> bool:
    return inspect.isfunction(found) and not name.startswith(("_", "get_", "list_"))


def _nearest(model: str, offered: Sequence[str]) -> str:
    near = difflib.get_close_matches(model, offered, n=3)
    return f", did you mean {' or '.join(near)}?" if near else ""


def _without_drawn_classifier(
    maker: Callable[..., nn.Module], options: Mapping[str, Any]
) -> nn.Module:
    """Makes a VGG whose classifier, most of its numbers and of the time to draw them, is not drawn.

    Its features get the weights that torchvision's own class gives them.
    """
    with torch.device("meta"):
        planned = maker(weights=None, **{**options, "init_weights": False})
        features = planned.features.to_empty(device="cpu")  # type: ignore[operator, union-attr]
        for layer in features.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
        return type(planned)(features, init_weights=options.get("init_weights", True))


def _without_classifier(whole: nn.Module, model: str) -> nn.Module:
    """Takes the part of a torchvision model before its pooling and classifier."""
    parts = OrderedDict(whole.named_children())
    if model.startswith("inception"):
        # The auxiliary head only helps the loss of a training from random weights.
        kept = [name for name in parts if name not in ("AuxLogits", "avgpool", "dropout", "fc")]
        return nn.Sequential(OrderedDict((name, parts[name]) for name in kept))
    if isinstance(parts.get("features"), nn.Module):
        features: list[tuple[str, nn.Module]] = [("features", parts["features"])]
        if model.startswith("densenet"):
            features.append(("relu", nn.ReLU(inplace=True)))
        return nn.Sequential(OrderedDict(features))
    if "layer4" in parts:
        kept = [name for name in parts if name not in ("avgpool", "fc")]
        return nn.Sequential(OrderedDict((name, parts[name]) for name in kept))
    raise NetworkError(
        f"torchvision.{model} has no convolutional part that stands alone; expected {_EXAMPLES}"
    )


def _monai(model: str, in_channels: int, options: Mapping[str, Any]) -> nn.Module:
    import monai.networks.nets as nets

    shape = {"spatial_dims": 2, "in_channels": in_channels}
    if model.startswith("DenseNet") and hasattr(nets, model):
        whole = getattr(nets, model)(**shape, out_channels=1, **options)
        parts = [("features", whole.features), ("relu", nn.ReLU(inplace=True))]
        return nn.Sequential(OrderedDict(parts))
    if model == "EfficientNetBN":
        chosen = {"model_name": "efficientnet-b0", **options}
        return _EfficientNetMaps(nets.EfficientNetBN(**shape, pretrained=False, **chosen))
    raise NetworkError(
        f"monai.{model} is not offered; expected monai.DenseNet121 (169, 201, 264) or "
        "monai.EfficientNetBN"
    )


class _EfficientNetMaps(nn.Module):
    """MONAI's EfficientNet up to its last convolution."""

    def __init__(self, whole: nn.Module) -> None:
        super().__init__()
        for name, part in whole.named_children():
            if name not in ("_avg_pooling", "_dropout", "_fc"):
                self.add_module(name, part)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives the maps (batch, channels, rows, columns) of images (batch, C, height, width)."""
        part = dict(self.named_children())
        maps = part["_conv_stem"](part["_conv_stem_padding"](images))
        maps = part["_swish"](part["_bn0"](maps))
        maps = part["_blocks"](maps)
        maps = part["_conv_head"](part["_conv_head_padding"](maps))
        return part["_swish"](part["_bn1"](maps))


def _timm(model: str, in_channels: int, options: Mapping[str, Any]) -> nn.Module:
    timm = timm_models()
    if not timm.is_model(model):
        raise NetworkError(f"timm has no model {model!r}{_nearest(model, timm.list_models())}")
    return timm.create_model(
        model, pretrained=False, num_classes=0, global_pool="", in_chans=in_channels, **options
    )


def _with_channels(backbone: nn.Module, in_channels: int) -> nn.Module:
    """Gives the first convolution as many input channels as the images have."""
    if in_channels == 3:
        return backbone
    name, first = first_convolution(backbone)
    if first.groups != 1:
        raise NetworkError("the first convolution is grouped; only images of 3 channels serve it")
    new = nn.Conv2d(
        in_channels,
        first.out_channels,
        first.kernel_size,  # type: ignore[arg-type]
        first.stride,  # type: ignore[arg-type]
        first.padding,  # type: ignore[arg-type]
        first.dilation,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    parent, _, leaf = name.rpartition(".")
    setattr(backbone.get_submodule(parent), leaf, new)
    return backbone


def first_convolution(network: nn.Module) -> tuple[str, nn.Conv2d]:
    """Gives the name and the module of the convolution that sees the image.

    Raises:
        NetworkError: there is none.
    """
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            return name, module
    raise NetworkError("the network has no convolution")


_LIBRARIES: dict[str, Callable[[str, int, Mapping[str, Any]], nn.Module]] = {
    "torchvision": _torchvision,
    "monai": _monai,
    "timm": _timm,
}
