"""Every variant of the segmentation bundles is built, counted and trained on phantoms."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from monai.bundle import ConfigParser, run
from torch import nn

from pipelines.bundles import bundle_root
from pipelines.datasets.phantoms.tissue import COLOURS
from pipelines.training.workflow import check_id
from tests.bundles.conftest import med2d

COMPONENTS = ("network_def", "loss", "optimizer", "scheduler")
FORM = {"precision": "float32", "memory_layout": "channels_last"}
"""What a probe would choose, where the bundle has one."""


class Bundle(NamedTuple):
    """A bundle of segmentation; ``labels`` are its classes, none where a pixel is lesion or not."""

    name: str
    channels: int
    labels: tuple[str, ...]

    @property
    def root(self) -> Path:
        return bundle_root(self.name)

    def config(self, name: str) -> str:
        return str(self.root / "configs" / f"{name}.json")

    def read(self, name: str) -> dict[str, Any]:
        return json.loads(Path(self.config(name)).read_text(encoding="utf-8"))

    @property
    def variants(self) -> list[str]:
        return sorted(path.stem for path in (self.root / "configs" / "variants").glob("*.json"))


BREAST = Bundle("breast_us_segmentation", 1, ())
BUNDLES = (BREAST, Bundle("tissue_segmentation", 3, tuple(COLOURS)))
VARIANTS = [(bundle, name) for bundle in BUNDLES for name in bundle.variants]
EACH = pytest.mark.parametrize(
    ("bundle", "variant"), VARIANTS, ids=lambda value: getattr(value, "name", value)
)
BOTH = (
    *("residual_unet", "attention_unet", "unet_plus_plus", "segresnet", "dynunet"),
    *("encoder_mobilenet_v2", "encoder_resnet50", "encoder_vgg16", "dncnn", "pixel_mlp"),
    *("tversky", "focal"),
)
"""What both bundles offer."""


@pytest.fixture(scope="module")
def datasets(busi_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A dataset folder of few small phantoms for each bundle; do not write into it."""
    folder = tmp_path_factory.mktemp("tissue")
    raw, target = folder / "raw", folder / "dataset"
    med2d("phantom", "tissue", raw, "--count", 9, "--size", 64, "--seed", 1, "--workers", 1)
    options = ("--classes", ",".join(COLOURS), "--group-pattern", "(slide_[0-9]+)_", "--folds", 3)
    med2d("convert", "image-mask-folders", raw, target, *options, "--workers", 1, "--no-audit")
    return {"breast_us_segmentation": busi_dataset, "tissue_segmentation": target}


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_both_bundles_offer_the_same_networks_and_losses(bundle: Bundle) -> None:
    assert set(BOTH) <= set(bundle.variants)


@EACH
def test_a_variant_changes_names_that_there_are(bundle: Bundle, variant: str) -> None:
    content, train = bundle.read(f"variants/{variant}"), bundle.read("train")
    assert content["name"] == variant
    assert set(content) <= set(train)
    same = {key for key, value in content.items() if value == train[key]}
    assert same <= {"image_size"}  # which a recipe of others may pin
    parser = ConfigParser({**train, **content})
    for component in COMPONENTS:
        for argument in content.get(component, {}):
            check_id(parser.get(), f"{component}::{argument}")


def _counts(card: str) -> dict[str, int]:
    """The parameters that a model card tells of each recipe."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([\d,]+) \|$", card, re.MULTILINE)
    return {name: int(count.replace(",", "")) for name, count in rows}


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_the_model_card_counts_the_parameters_of_every_recipe(bundle: Bundle) -> None:
    train = bundle.read("train")
    found = {}
    for name in (train["name"], *bundle.variants):
        content = {} if name == train["name"] else bundle.read(f"variants/{name}")
        parser = ConfigParser({**train, **content, "labels": list(bundle.labels)})
        network = parser.get_parsed_content("network_def")
        found[name] = sum(parameter.numel() for parameter in network.parameters())
    assert _counts((bundle.root / "docs" / "README.md").read_text(encoding="utf-8")) == found


def _recipe(
    bundle: Bundle, dataset: Path, folder: Path, variant: str | None = None, **given: Any
) -> ConfigParser:
    """A recipe's configuration for one step, without the handlers that validate and write."""
    parser = ConfigParser()
    files = [bundle.config("train")] + ([bundle.config(f"variants/{variant}")] if variant else [])
    parser.read_config(files)
    small = {"image_size": 32, "batch_size": 2, "num_workers": 0, "cache_gigabytes": 0}
    small |= {"dataset_dir": str(dataset), "output_dir": str(folder), "device": "cpu", "epochs": 1}
    small |= {name: value for name, value in FORM.items() if name in parser}
    handlers = [h for h in parser["train::handlers"] if h["_target_"].endswith("EpochSeed")]
    parser.update({**small, "train::handlers": handlers, "train::trainer::epoch_length": 1})
    parser.update(given)
    return parser


@EACH
def test_every_variant_takes_a_training_step(
    bundle: Bundle, variant: str, datasets: dict[str, Path], tmp_path: Path
) -> None:
    parser = _recipe(bundle, datasets[bundle.name], tmp_path, variant)
    network = parser.get_parsed_content("network")
    before = {name: value.clone() for name, value in network.named_parameters()}
    trainer = parser.get_parsed_content("train::trainer")
    trainer.run()
    output = trainer.state.output
    assert torch.isfinite(output["loss"])
    assert output["image"].shape == (2, bundle.channels, 32, 32)
    channels = 2 if variant == "joint" else len(bundle.labels) or 1  # the mask, and the presence
    assert output["pred"].shape == (2, channels, 32, 32)
    last = list(before)[-1]
    assert not torch.equal(network.get_parameter(last), before[last])
    assert hasattr(parser.get_parsed_content("scheduler"), "step")


@pytest.mark.slow
@EACH
def test_every_variant_trains_for_two_epochs(
    bundle: Bundle, variant: str, datasets: dict[str, Path], tmp_path: Path
) -> None:
    handlers = bundle.read("train")["train"]["handlers"]
    (tracking,) = (n for n, h in enumerate(handlers) if h["_target_"].endswith(".Tracking"))
    given = {"image_size": 64, "batch_size": 4, "num_workers": 0, "epochs": 2}
    given |= {name: value for name, value in FORM.items() if name in bundle.read("train")}
    given |= {f"train::handlers::{tracking}::_disabled_": True, "output_dir": str(tmp_path / "run")}
    dataset = datasets[bundle.name]
    with contextlib.chdir(tmp_path):
        files = [bundle.config("train"), bundle.config(f"variants/{variant}")]
        run(config_file=files, dataset_dir=str(dataset), **given)
        before = (tmp_path / "run" / "cases.csv").read_bytes()
        files = [bundle.config("train"), bundle.config("evaluate")]
        run(config_file=files, output_dir=str(tmp_path / "run"))
        config = str(tmp_path / "run" / "configs" / "inference.json")
        run(config_file=config, dataset_dir=str(dataset / "images"), output_dir="answers")
    assert (tmp_path / "run" / "cases.csv").read_bytes() == before
    assert any((tmp_path / "answers").iterdir())


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A file with the weights of a narrow MobileNetV2's backbone."""
    from networks.backbones import make_backbone

    backbone = make_backbone("torchvision.mobilenet_v2", 3, width_mult=0.1)
    torch.save(backbone.state_dict(), tmp_path / "weights.pth")
    return tmp_path / "weights.pth"


NARROW = {"network_def::options": {"width_mult": 0.1}}


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_pretrained_weights_begin_a_training(
    bundle: Bundle, weights: Path, datasets: dict[str, Path], tmp_path: Path
) -> None:
    given = {**NARROW, "weights": str(weights), "normalisation": "imagenet", "depth_decay": 0.1}
    given["network_def::trained"] = {"last": 20}
    dataset = datasets[bundle.name]
    parser = _recipe(bundle, dataset, tmp_path, "encoder_mobilenet_v2", **given)
    network = parser.get_parsed_content("network")
    own = network.backbone.state_dict()
    state = torch.load(weights, weights_only=True)
    assert torch.equal(own["features_18.0.weight"], state["features.18.0.weight"])
    assert float(network.normalisation.deviation.mean()) == pytest.approx(0.226)
    before = {name: value.clone() for name, value in own.items()}
    parser.get_parsed_content("train::trainer").run()
    assert torch.equal(own["features_0.0.weight"], before["features_0.0.weight"])
    assert not torch.equal(own["features_18.0.weight"], before["features_18.0.weight"])
    rates = [group["lr"] for group in parser.get_parsed_content("optimizer").param_groups]
    shares = [rate / max(rates) for rate in rates]
    assert min(shares) == pytest.approx(0.0003 * 0.1 / 0.002, rel=0.01)


@pytest.mark.parametrize(
    ("variant", "overrides", "expected"),
    [
        (None, {"normalisation": "imagenet"}, "network_def has no pretrained backbone"),
        ("encoder_mobilenet_v2", {"weights": "WEIGHTS"}, "give --normalisation symmetric"),
        ("encoder_resnet50", {"weights": "WEIGHTS", "normalisation": "unit"}, "fits 0 of the"),
        ("encoder_resnet50", {"network_def::backbone": "timm.convnext_atto"}, "gives no maps"),
        ("encoder_mobilenet_v2", {"depth_decay": 2}, "depth_decay is 2"),
        ("encoder_mobilenet_v2", {"head_rate": -1}, "head_rate is -1"),
        ("weight_decay", {"weight_decay": -1}, "weight_decay is -1"),
        ("encoder_mobilenet_v2", {"image_size": 48}, "expected a multiple of 32"),
        ("joint", {"network_def::gate": "x"}, "gate is 'x'; expected a probability, 0 to 1"),
        ("joint", {"network_def::channels": "a"}, "channels is 'a'; expected a whole number"),
        ("joint", {"least_share": "x"}, "least_share is 'x'; expected a share of the image"),
        ("dncnn", {"network_def::depth": "x"}, "depth is 'x'; expected a whole number from 2"),
        ("pixel_mlp", {"network_def::hidden": 8}, "hidden is 8; expected a list of whole numbers"),
    ],
)
def test_what_cannot_be_trained_is_named_and_nothing_is_written(
    variant: str | None,
    overrides: dict[str, Any],
    expected: str,
    weights: Path,
    datasets: dict[str, Path],
    tmp_path: Path,
    error_line: Callable[[BaseException], str],
) -> None:
    given = {key: str(weights) if v == "WEIGHTS" else v for key, v in overrides.items()}
    given |= {"dataset_dir": str(datasets[BREAST.name]), "output_dir": str(tmp_path / "never")}
    files = [BREAST.config("train")] + ([BREAST.config(f"variants/{variant}")] if variant else [])
    with pytest.raises(Exception) as caught:
        run(config_file=files, **given)
    assert expected in error_line(caught.value)
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize(
    "overrides",
    [
        {"positive_weight": 5.0},
        {"loss": {"_target_": "GeneralizedDiceLoss", "sigmoid": True}},
        {"optimizer::_target_": "torch.optim.AdamW", "weight_decay": 0.1},
    ],
    ids=["positive weight", "another loss", "another optimiser"],
)
def test_losses_and_weight_decay_are_overrides_too(
    overrides: dict[str, Any], datasets: dict[str, Path], tmp_path: Path
) -> None:
    small = {"network_def::channels": [4, 4, 8], "network_def::strides": [2, 2]}
    dataset = datasets[BREAST.name]
    with_it, without = (
        _recipe(BREAST, dataset, tmp_path, **small, **given) for given in (overrides, {})
    )
    after = []
    for parser in (with_it, without):
        torch.manual_seed(0)
        network: nn.Module = parser.get_parsed_content("network")
        parser.get_parsed_content("train::trainer").run()
        after.append(torch.cat([value.flatten() for value in network.parameters()]))
    assert not torch.equal(*after)
