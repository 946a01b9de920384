"""Pictures go in as the content of files; the bundle's own answers come out.

That they are the bundle's is tested beside the bundles.
"""

from __future__ import annotations

import gzip
import io
import logging
import sys
from pathlib import Path

import mlflow.pyfunc
import monai.bundle
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipelines.deployment import mlflow_model
from pipelines.deployment.logged_model import signature
from pipelines.deployment.mlflow_model import BundleModel
from pipelines.errors import InputError
from tests.pipelines.crossval.made_bundle import OUTLINES, made_run


def content(kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((8, 6), dtype=np.uint8)).save(file, format=kind)
    return file.getvalue()


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("TIFF", ".tif")])
def test_a_file_gets_the_suffix_of_its_kind(kind: str, suffix: str, tmp_path: Path) -> None:
    assert mlflow_model._written(content(kind), tmp_path, 7) == "000007"
    assert (tmp_path / f"000007{suffix}").read_bytes() == content(kind)


def test_nifti_is_known_by_its_magic_word(tmp_path: Path) -> None:
    plain = bytes(344) + b"n+1\x00" + bytes(40)
    mlflow_model._written(plain, tmp_path, 0)
    mlflow_model._written(gzip.compress(plain), tmp_path, 1)
    assert {p.name for p in tmp_path.iterdir()} == {"000000.nii", "000001.nii.gz"}


def test_what_is_no_picture_is_named_by_its_row(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": [content("PNG"), b"no picture"]})
    with pytest.raises(InputError, match="row 1: column image holds no picture"):
        BundleModel(tmp_path).predict(table)


def test_the_answers_come_in_the_order_of_the_pictures(tmp_path: Path) -> None:
    for name in ("000000", "000001"):
        (tmp_path / f"{name}_mask.png").write_bytes(name.encode())
        (tmp_path / f"{name}_index.png").write_bytes(b"another file of it")
    found = mlflow_model._read(tmp_path, ["000001", "000000"])
    assert found["mask"].tolist() == [b"000001", b"000000"]
    (tmp_path / "predictions.csv").write_text("image,predicted,p_a\n000000.png,a,1.0\n")
    assert mlflow_model._read(tmp_path, ["000000"]).to_dict("records") == [
        {"predicted": "a", "p_a": 1.0}
    ]


@pytest.mark.parametrize("names", [("0", "1"), ("NA", "true"), ("1.0", "")])
def test_classes_are_words_whatever_they_look_like(names: tuple[str, ...], tmp_path: Path) -> None:
    first, second = names
    head = f"image,predicted,p_{first},p_{second}\n"
    (tmp_path / "predictions.csv").write_text(f"{head}0.png,{first},1,0\n1.png,{second},0,1\n")
    found = mlflow_model._read(tmp_path, ["0", "1"])
    assert found["predicted"].tolist() == [first, second]
    assert found[f"p_{first}"].tolist() == [1.0, 0.0]


def test_no_question_gets_no_answer(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    config = tmp_path / "configs" / "inference.json"
    nothing = pd.DataFrame({"image": pd.Series(dtype=object)})
    config.write_text('{"activation": "softmax", "labels": ["0", "1"]}')
    assert list(BundleModel(tmp_path).predict(nothing)) == ["predicted", "p_0", "p_1"]
    config.write_text('{"labels": ["background", "lesion"]}')
    answers = BundleModel(tmp_path).predict(nothing)
    assert list(answers) == ["mask"] and answers.empty


def test_a_segmentation_answers_by_mlflow_as_its_bundle_does(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", "breast_us_segmentation", OUTLINES, 0)
    rng = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    sizes = {"a": (40, 30), "b": (25, 50)}
    for name, size in sizes.items():
        picture = Image.fromarray(rng.integers(0, 255, size, dtype=np.uint8))
        picture.save(tmp_path / "pictures" / f"{name}.png")
    monai.bundle.run(
        config_file=str(run / "configs" / "inference.json"),
        dataset_dir=str(tmp_path / "pictures"),
        output_dir=str(tmp_path / "answers"),
    )
    mlflow.pyfunc.save_model(
        tmp_path / "model",
        loader_module="pipelines.deployment.mlflow_model",
        data_path=str(run),
        signature=signature(run),
        pip_requirements=["mlflow"],
    )
    model = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    files = [(tmp_path / "pictures" / f"{name}.png").read_bytes() for name in sizes]
    masks = model.predict(pd.DataFrame({"image": files}))["mask"]
    for content, (name, size) in zip(masks, sizes.items(), strict=True):
        assert content == (tmp_path / "answers" / f"{name}_mask.png").read_bytes()
        mask = np.array(Image.open(io.BytesIO(content)))
        assert mask.shape == size and set(np.unique(mask)) <= {0, 1}
    assert model.predict(pd.DataFrame({"image": files}).iloc[:0]).empty


def test_the_process_is_left_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    before = list(sys.path)
    with mlflow_model._quietly():
        print("words")
        sys.path.insert(0, "somewhere")
        assert logging.getLogger("monai.bundle.workflows").disabled
    assert sys.path == before and capsys.readouterr().out == ""
    assert not logging.getLogger("monai.bundle.workflows").disabled
