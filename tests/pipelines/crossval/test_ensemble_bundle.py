"""The runs' models stand in one network: it answers as they do together, wherever it is moved."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import ConfigParser, verify_metadata

from networks.ensemble import Ensemble
from pipelines.bundles import bundle_root
from pipelines.crossval.ensemble_bundle import write_ensemble
from pipelines.errors import InputError
from pipelines.file_hash import sha256_of
from pipelines.training.ensemble import answering_network
from tests.pipelines.crossval.made_bundle import CLASSES, OUTLINES, made_run


def parsed(folder: Path) -> ConfigParser:
    """What answers in a bundle's folder, as a run of it would make it."""
    content = json.loads((folder / "configs" / "inference.json").read_text())
    return ConfigParser({**content, "bundle_root": str(folder), "device": "cpu"})


@pytest.mark.parametrize(
    ("bundle", "config"),
    [("breast_us_segmentation", OUTLINES), ("breast_us_classification", CLASSES)],
    ids=["outlines", "classes"],
)
def test_one_network_answers_as_all_runs_do(
    bundle: str, config: dict[str, Any], tmp_path: Path
) -> None:
    runs = [made_run(tmp_path / f"fold{k}", bundle, config, k) for k in range(3)]
    expected = parsed(runs[0])
    expected.update({"ensemble": [str(run) for run in runs]})
    together = expected.get_parsed_content("network").eval()
    write_ensemble(runs, tmp_path / "ensemble", bundle_root(bundle))
    for run in runs:
        shutil.rmtree(run)
    (tmp_path / "ensemble").rename(tmp_path / "moved")
    found = parsed(tmp_path / "moved")
    network = found.get_parsed_content("network").eval()
    assert isinstance(network, Ensemble) and len(network.members) == 3
    assert network.activation == together.activation
    images = torch.rand(4, 1, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(network(images), together(images), rtol=0, atol=0)
    names = {"metadata.json", "logging.conf", "inference.json"}
    assert {path.name for path in (tmp_path / "moved" / "configs").iterdir()} == names
    if bundle == "breast_us_segmentation":
        assert [float(each.gate) for each in network.members] == pytest.approx([0.4, 0.5, 0.6])
        assert found.get_parsed_content("least_share") == pytest.approx(0.02)
        assert found["threshold"] == 0.4
    else:
        assert [float(each.temperature) for each in network.members] == [1.5, 2.5, 3.5]


def test_it_says_what_it_is_made_of_and_bears_the_licences(tmp_path: Path) -> None:
    config = {**OUTLINES, "fold": 3, "seed": 1, "dataset_digest": "d"}
    runs = [
        made_run(tmp_path / f"fold{k}", "breast_us_segmentation", {**config, "fold": k}, k)
        for k in range(2)
    ]
    root = bundle_root("breast_us_segmentation")
    write_ensemble(runs, tmp_path / "ensemble", root)
    metadata = json.loads((tmp_path / "ensemble" / "configs" / "metadata.json").read_text())
    own = json.loads((runs[0] / "configs" / "metadata.json").read_text())
    together = f"The mean of the probabilities of 2 networks. {own['description']}"
    assert metadata["description"] == together
    known = {"seed": 1, "dataset_digest": "d"}
    assert metadata.pop("ensemble") == [
        {"run": f"fold{k}", "fold": k, **known, "sha256": sha256_of(run / "model.pt")}
        for k, run in enumerate(runs)
    ]
    assert metadata == {**own, "description": together}
    schema = str(root.parent / "metadata_schema.json")
    verify_metadata(
        meta_file=str(tmp_path / "ensemble" / "configs" / "metadata.json"), filepath=schema
    )
    for name in ("LICENSE", "docs/data_license.txt"):
        assert (tmp_path / "ensemble" / name).read_bytes() == (root / name).read_bytes()


def test_runs_that_take_other_images_are_refused(tmp_path: Path) -> None:
    other = {**OUTLINES, "image_size": 64}
    runs = [
        made_run(tmp_path / "a", "breast_us_segmentation", OUTLINES, 0),
        made_run(tmp_path / "b", "breast_us_segmentation", other, 1),
    ]
    with pytest.raises(InputError, match="another image_size"):
        write_ensemble(runs, tmp_path / "ensemble", bundle_root("breast_us_segmentation"))
    assert not (tmp_path / "ensemble").exists()


def test_a_run_that_lacks_what_answers_is_named(tmp_path: Path) -> None:
    runs = [made_run(tmp_path / f"r{k}", "breast_us_segmentation", OUTLINES, k) for k in range(2)]
    (runs[1] / "configs" / "inference.json").unlink()
    with pytest.raises(InputError, match=r"r1/configs/inference\.json cannot be read"):
        write_ensemble(runs, tmp_path / "ensemble", bundle_root("breast_us_segmentation"))
    assert not (tmp_path / "ensemble").exists()


def test_outside_a_bundles_run_the_first_of_the_runs_is_what_others_must_be_like(
    tmp_path: Path,
) -> None:
    runs = [made_run(tmp_path / f"r{k}", "breast_us_segmentation", OUTLINES, k) for k in range(2)]
    network = parsed(runs[0]).get_parsed_content("network_def")
    assert len(answering_network(network, None, runs, "mask").members) == 2
