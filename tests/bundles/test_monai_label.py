"""What the app ``monaibundle`` of MONAI Label does to a bundle leaves one that works.

The app cannot be installed beside med2d. The steps are those of monailabel/tasks/infer/bundle.py,
infer/basic_infer.py, train/bundle.py and transform/reader.py (MONAI Label 0.8.5), in their order.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser, run
from monai.data import MetaTensor
from monai.transforms import Compose, LoadImaged, MapTransform, Resize, SaveImaged
from PIL import Image

from pipelines.bundles import bundle_names, bundle_root
from pipelines.deployment.array_answerer import ArrayAnswerer
from tests.bundles.made_bundle import BUNDLES

SMALL: Mapping[str, Mapping[str, Any]] = {
    "breast_us_segmentation": {"channels": [4, 4, 8, 8, 16]},
    "tissue_segmentation": {"features": [4, 4, 4, 8, 8, 4]},
}
HEIGHT, WIDTH = 70, 90


class AppLoader(MapTransform):
    """The app's loader in place of every ``LoadImaged``: each key must be there."""

    def __init__(self, loader: LoadImaged) -> None:
        super().__init__(loader.keys)
        self.loader = loader

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        item = dict(data)
        assert all(isinstance(item[key], str) for key in self.keys)
        return dict(self.loader(item))


def small_copy(name: str, folder: Path) -> Path:
    """A bundle's copy in the app's folder, its network as small as may be."""
    target = folder / name
    shutil.copytree(bundle_root(name), target)
    for file in ("train", "inference"):
        path = target / "configs" / f"{file}.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        if name in SMALL:
            content["network_def"].update(SMALL[name])
        elif file == "inference":
            for key, value in BUNDLES[name].smallest.items():
                content["network_def"]["network"][key.split("::")[1]] = value
        content["image_size"] = 64
        path.write_text(json.dumps(content), encoding="utf-8")
    return target


def with_weights(bundle: Path) -> Path:
    """Gives the bundle untrained weights."""
    parser = configuration(bundle, "inference")
    torch.manual_seed(0)
    (bundle / "models").mkdir()
    weights = parser.get_parsed_content("network_def").state_dict()
    torch.save(weights, bundle / "models" / "model.pt")
    return bundle


def configuration(bundle: Path, file: str) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs" / f"{file}.json"))
    parser.config.update({"bundle_root": str(bundle)})
    return parser


def transforms(parser: ConfigParser, name: str) -> Sequence[Any]:
    found = parser.get_parsed_content(name, instantiate=True)
    return list(found.transforms) if isinstance(found, Compose) else found


def app_answer(bundle: Path, picture: Path) -> Any:
    """Answers a picture as the app does; gives what it would write."""
    parser = configuration(bundle, "inference")
    network = parser.get_parsed_content("network_def", instantiate=True)
    parser.config.update({"device": "cpu"})
    checkpoint = torch.load(bundle / "models" / "model.pt", map_location="cpu", weights_only=True)
    network.load_state_dict(checkpoint.get("model", checkpoint), strict=True)
    network.eval()
    item: dict[str, Any] = {"image": str(picture), "device": "cpu", "model": bundle.name}
    for each in transforms(parser, "preprocessing"):
        item = (AppLoader(each) if isinstance(each, LoadImaged) else each)(item)
    with torch.no_grad():
        item["pred"] = parser.get_parsed_content("inferer")(item["image"][None], network)[0]
    for each in transforms(parser, "postprocessing"):
        if not isinstance(each, SaveImaged):
            item = each(item)
    return restored(item)


def restored(item: Mapping[str, Any]) -> torch.Tensor:
    """The app's last step: the result in the size that the image's metadata tell."""
    image, result = item["image"], item["pred"]
    meta = image.meta if isinstance(image, MetaTensor) else {}
    shape = meta.get("spatial_shape", result.shape[1:])
    size = shape[-len(result.shape[1:]) :]
    if np.any(np.not_equal(result.shape[1:], size)):
        return Resize(spatial_size=size, mode="nearest")(result)
    return result


@pytest.mark.parametrize("name", bundle_names())
def test_it_answers_as_the_bundle_does(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bundle = with_weights(small_copy(name, tmp_path / "model"))
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = torch.as_tensor(app_answer(bundle, tmp_path / "a.png"))
    answerer = ArrayAnswerer(bundle)
    pixels = pixels if answerer.channels == 3 else np.asarray(Image.open("a.png").convert("L"))
    expected = answerer.answer(pixels)
    if expected.mask is None:
        np.testing.assert_allclose(found, expected.probabilities, atol=1e-5)
    else:
        assert found.shape == (1, HEIGHT, WIDTH)
        np.testing.assert_array_equal(found[0], expected.mask)
    assert not (tmp_path / "predictions").exists()  # the app writes the results


def app_train(bundle: Path, images: Sequence[Mapping[str, str]]) -> None:
    """Trains on lists of images as the app does, from the weights that the bundle has."""
    parser = configuration(bundle, "train")
    handlers = parser.get("train#handlers", [])
    assert not any(each.get("_target_") == "CheckpointLoader" for each in handlers)
    load = {"_target_": "CheckpointLoader", "load_path": str(bundle / "models" / "model.pt")}
    handlers.insert(0, {**load, "load_dict": {"model": "$@network"}, "strict": False})
    for each in handlers:  # MLflow's database takes seconds to make
        each["_disabled_"] = each["_target_"].endswith(".Tracking")
    split = round(0.8 * len(images))
    overrides = {
        "bundle_root": str(bundle),
        "train#trainer#max_epochs": 1,
        "train#dataset#data": list(images[:split]),
        "device": torch.device("cpu"),
        "train#handlers": handlers,
        "validate#dataset#data": list(images[split:]),
    }
    run(
        run_id="run",
        init_id=None,
        final_id=None,
        meta_file=str(bundle / "configs" / "metadata.json"),
        config_file=str(bundle / "configs" / "train.json"),
        **overrides,
    )


def pairs(dataset: Path, folds: set[int]) -> list[dict[str, str]]:
    """The images and masks of some folds, as the app lists them."""
    items = json.loads((dataset / "dataset.json").read_text(encoding="utf-8"))["training"]
    chosen = [item for item in items if item["fold"] in folds]
    return [{key: str(dataset / item[key]) for key in ("image", "label")} for item in chosen]


def prepared(name: str, dataset: Path, folder: Path) -> Path:
    """A bundle's copy as its model in the app would be set up; see docs/check.md."""
    bundle = with_weights(small_copy(name, folder / "model"))
    path = bundle / "configs" / "train.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content |= {"dataset_dir": str(dataset), "output_dir": str(folder / "run"), "num_workers": 0}
    content["batch_size"] = 4
    path.write_text(json.dumps(content), encoding="utf-8")
    return bundle


def copied(items: Sequence[Mapping[str, str]], folder: Path) -> list[dict[str, str]]:
    """The images of a datastore: files of their own."""
    folder.mkdir()
    found = []
    for number, item in enumerate(items):
        own = {key: str(folder / f"{number}_{key}.png") for key in item}
        for key, path in item.items():
            shutil.copy(path, own[key])
        found.append(own)
    return found


def test_it_trains_a_segmentation_on_its_own_lists(
    busi_dataset: Path, tmp_path: Path, error_line: Callable[[BaseException], str]
) -> None:
    bundle = prepared("breast_us_segmentation", busi_dataset, tmp_path)
    before = torch.load(bundle / "models" / "model.pt", weights_only=True)
    with pytest.raises(RuntimeError) as caught:
        app_train(bundle, copied(pairs(busi_dataset, {0, 2}), tmp_path / "seen"))
    assert "are in the fold that is scored" in error_line(caught.value)
    app_train(bundle, copied(pairs(busi_dataset, {2, 3, 4}), tmp_path / "store"))
    after = torch.load(tmp_path / "run" / "model.pt", weights_only=True)
    assert before.keys() == after.keys()
    assert not all(torch.equal(before[key], after[key]) for key in before)
    scored = (tmp_path / "run" / "cases.csv").read_text(encoding="utf-8").splitlines()
    assert len(scored) == 1 + len(pairs(busi_dataset, {0}))


@pytest.mark.slow
def test_it_trains_a_class_map_on_its_own_lists(tmp_path: Path) -> None:
    from tests.bundles.test_tissue_segmentation import made_dataset

    dataset = made_dataset(tmp_path, 12, 64, 1, 3)
    bundle = prepared("tissue_segmentation", dataset, tmp_path)
    app_train(bundle, copied(pairs(dataset, {1, 2}), tmp_path / "store"))
    assert (tmp_path / "run" / "scores.json").is_file()
