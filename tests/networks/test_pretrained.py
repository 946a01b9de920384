from pathlib import Path
from typing import Any

import pytest
import torch

from networks import pretrained
from networks.errors import NetworkError
from networks.multi_scale_classifier import MultiScaleClassifier
from networks.pretrained import load_pretrained
from networks.torchvision_models import torchvision_models
from networks.transfer_classifier import TransferClassifier


def classifier(in_channels: int = 3, **arguments: Any) -> TransferClassifier:
    given = {"options": {"width_mult": 0.35}, **arguments}
    return TransferClassifier("torchvision.mobilenet_v2", 3, in_channels, **given)


def whole(width: float = 0.35) -> torch.nn.Module:
    return torchvision_models().mobilenet_v2(width_mult=width)


def test_a_file_fills_the_backbone_and_leaves_the_head(tmp_path: Path) -> None:
    source, network = whole(), classifier()
    torch.save(source.state_dict(), tmp_path / "w.pth")
    head = network.head.scores.weight.clone()
    loaded = load_pretrained(network, str(tmp_path / "w.pth"), "imagenet")
    assert loaded is not None and loaded.tensors == loaded.of == 312 and loaded.numbers == 1
    told = f"312 of 312 tensors of the backbone from {tmp_path / 'w.pth'}"
    assert str(loaded) == f"{told}, 2 of its tensors not used"
    images = torch.rand(1, 3, 64, 64)
    source.eval(), network.eval()
    maps = source.features(network.normalisation(images))  # type: ignore[operator]
    assert torch.equal(network.maps(images), maps)
    assert network.normalisation.mean.flatten().tolist() == pytest.approx([0.485, 0.456, 0.406])
    assert torch.equal(network.head.scores.weight, head)


def test_colour_filters_are_summed_for_grey(tmp_path: Path) -> None:
    source, grey, colour = whole(), classifier(1), classifier(3)
    torch.save(source.state_dict(), tmp_path / "w.pth")
    loaded = load_pretrained(grey, str(tmp_path / "w.pth"), "symmetric")
    load_pretrained(colour, str(tmp_path / "w.pth"), "symmetric")
    assert loaded is not None and loaded.summed and "summed for grey" in str(loaded)
    images = torch.rand(1, 1, 64, 64)
    one, other = grey.eval().maps(images), colour.eval().maps(images.expand(-1, 3, -1, -1))
    assert torch.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("wrapping", ["module.", "backbone.", "state_dict", "safetensors"])
def test_other_ways_to_store_a_state(wrapping: str, tmp_path: Path) -> None:
    state: Any = whole().state_dict()
    path = tmp_path / "w.pth"
    if wrapping == "safetensors":
        from safetensors.torch import save_file

        path = tmp_path / "w.safetensors"
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)
    elif wrapping == "state_dict":
        torch.save({"state_dict": state, "epoch": torch.tensor(3)}, path)
    else:
        torch.save({f"{wrapping}{name}": tensor for name, tensor in state.items()}, path)
    loaded = load_pretrained(classifier(), str(path), "unit")
    assert loaded is not None and loaded.tensors == loaded.of


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("torchvision.vgg11", {}),
        ("torchvision.resnet18", {}),
        ("torchvision.inception_v3", {}),
        ("torchvision.densenet121", {}),
    ],
)
def test_the_names_are_those_of_the_library(
    name: str, options: dict[str, Any], tmp_path: Path
) -> None:
    source = getattr(torchvision_models(), name.partition(".")[2])(weights=None, **options)
    torch.save(source.state_dict(), tmp_path / "w.pth")
    network = TransferClassifier(name, 2, 3, options)
    loaded = load_pretrained(network, str(tmp_path / "w.pth"), "imagenet")
    assert loaded is not None and loaded.tensors == loaded.of


class Trap:
    """What a pickle could do: make a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_no_code_of_a_file_runs(tmp_path: Path) -> None:
    torch.save({"weight": Trap(tmp_path / "trapped")}, tmp_path / "w.pth")
    with pytest.raises(NetworkError, match="holds more than weights"):
        load_pretrained(classifier(), str(tmp_path / "w.pth"), "unit")
    assert not (tmp_path / "trapped").exists()


def test_what_is_wrong_with_weights_is_said(tmp_path: Path) -> None:
    torch.save(whole(1.0).state_dict(), tmp_path / "other.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    (tmp_path / "text.pth").write_text("no weights")
    (tmp_path / "text.safetensors").write_text("no weights")
    cases = {
        "other.pth": r"fits \d+ of the 312 tensors .* weights of another network",
        "list.pth": "holds no plain state dict",
        "text.pth": "w*",
        "text.safetensors": "cannot be read as weights",
        "absent.pth": "there is no file",
    }
    for name, expected in cases.items():
        with pytest.raises(NetworkError, match=expected):
            load_pretrained(classifier(), str(tmp_path / name), "unit")


def test_a_file_must_be_told_its_normalisation(tmp_path: Path) -> None:
    torch.save(whole().state_dict(), tmp_path / "w.pth")
    with pytest.raises(NetworkError, match="give --normalisation symmetric"):
        load_pretrained(classifier(), str(tmp_path / "w.pth"))


def test_the_librarys_weights_bring_their_normalisation(monkeypatch: pytest.MonkeyPatch) -> None:
    source = whole(1.0)
    entry: Any = torchvision_models().MobileNet_V2_Weights.IMAGENET1K_V1
    monkeypatch.setattr(type(entry), "get_state_dict", lambda *_, **__: source.state_dict())
    network = classifier(options={})
    loaded = load_pretrained(network, "torchvision.MobileNet_V2_Weights.IMAGENET1K_V1")
    assert loaded is not None and loaded.tensors == loaded.of
    assert network.normalisation.deviation.flatten().tolist() == pytest.approx(
        [0.229, 0.224, 0.225]
    )
    with pytest.raises(NetworkError, match="torchvision has no weights"):
        load_pretrained(network, "torchvision.MobileNet_V2_Weights.NONE")


def test_a_download_that_fails_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    entry: Any = torchvision_models().MobileNet_V2_Weights.IMAGENET1K_V1

    def offline(*_: Any, **__: Any) -> None:
        raise OSError("no connection")

    monkeypatch.setattr(type(entry), "get_state_dict", offline)
    with pytest.raises(NetworkError, match=r"cannot be downloaded .no connection.; fetch the file"):
        load_pretrained(classifier(), "torchvision.MobileNet_V2_Weights.IMAGENET1K_V1")


def test_without_weights_only_the_normalisation_is_chosen() -> None:
    network = classifier(1)
    before = {name: tensor.clone() for name, tensor in network.backbone.state_dict().items()}
    assert load_pretrained(network, None, [[0.3], [0.2]]) is None
    assert network.normalisation.mean.item() == pytest.approx(0.3)
    assert all(torch.equal(before[k], v) for k, v in network.backbone.state_dict().items())
    assert pretrained.LEAST > 0.5


def test_weights_of_a_deeper_network_are_refused(tmp_path: Path) -> None:
    models = torchvision_models()
    torch.save(models.resnet34(weights=None).state_dict(), tmp_path / "34.pth")
    torch.save(models.resnet18(weights=None).state_dict(), tmp_path / "18.pth")
    network = TransferClassifier("torchvision.resnet18", 2, 3)
    before = network.backbone.conv1.weight.clone()  # type: ignore[union-attr]
    expected = r"\d+ of the 216 tensors .* find no place in it .* weights of another network"
    with pytest.raises(NetworkError, match=expected):
        load_pretrained(network, str(tmp_path / "34.pth"), "imagenet")
    assert torch.equal(network.backbone.conv1.weight, before)  # type: ignore[union-attr, arg-type]
    loaded = load_pretrained(network, str(tmp_path / "18.pth"), "imagenet")
    assert loaded is not None and loaded.unused == 2
    assert str(loaded).endswith(", 2 of its tensors not used")


def test_a_backbone_that_is_cut_off_takes_what_it_has(tmp_path: Path) -> None:
    torch.save(whole().state_dict(), tmp_path / "w.pth")
    network = MultiScaleClassifier(
        "torchvision.mobilenet_v2", 3, 3, depth=10, options={"width_mult": 0.35}
    )
    loaded = load_pretrained(network, str(tmp_path / "w.pth"), "imagenet")
    assert loaded is not None and loaded.tensors == loaded.of < 312


def test_weights_that_are_nan_are_refused(tmp_path: Path) -> None:
    state = whole().state_dict()
    state["features.3.conv.0.0.weight"][0] = float("nan")
    torch.save(state, tmp_path / "w.pth")
    network = classifier()
    with pytest.raises(NetworkError, match=r"holds NaN .*first: features.3.conv.0.0.weight"):
        load_pretrained(network, str(tmp_path / "w.pth"), "unit")
    assert all(torch.isfinite(p).all() for p in network.parameters())
