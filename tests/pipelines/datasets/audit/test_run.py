from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.audit.report import Report
from pipelines.datasets.audit.run import audit
from pipelines.datasets.convert import convert
from pipelines.datasets.dataset import FILE_NAME, Dataset, Item, load, read
from pipelines.datasets.options import Options
from pipelines.datasets.phantoms.bones import make_bones
from pipelines.datasets.phantoms.busi import make_busi
from pipelines.errors import InputError
from tests.pipelines.datasets.audit.made_cases import lesion, made_dataset, save, scan

COUNT = 24
NONE = np.empty((0, 2), np.int64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made_dataset(tmp_path / "made", COUNT).folder


def edited(folder: Path, edit: Callable[[dict[str, Any], list[Item]], None]) -> Dataset:
    """Changes dataset.json by hand, and gives what the audit reads then."""
    path = folder / FILE_NAME
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content, content["training"])
    path.write_text(json.dumps(content), encoding="utf-8")
    return load(folder)


def replaced(folder: Path, number: int, pixels: NDArray[Any], mask: bool = False) -> None:
    """Puts another picture in the place of one, and its hash and size into dataset.json."""
    name = f"{'masks' if mask else 'images'}/a_{number:04d}.png"
    hashed = save(folder, name, pixels)

    def edit(_: dict[str, Any], items: list[Item]) -> None:
        items[number]["label_sha256" if mask else "sha256"] = hashed
        if not mask:
            items[number] |= {"width": pixels.shape[1], "height": pixels.shape[0]}

    edited(folder, edit)


def looked(folder: Path, **further: Any) -> Report:
    return audit(load(folder), workers=1, **further)


def checks(report: Report) -> dict[str, str]:
    return {finding.check: finding.severity for finding in report.findings}


def jpeg(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=50)
    return np.asarray(Image.open(buffer))


def test_a_sound_dataset_passes(folder: Path) -> None:
    report = looked(folder)
    assert report.passes and checks(report) == {"few-groups": "warning"}
    assert report.pairs == [] and report.lesions == ["a", "b"]
    assert list(report.classes) == ["a", "b"] and report.flags == {}


def test_two_audits_write_the_same_bytes_whatever_the_workers_and_the_place(
    folder: Path, tmp_path: Path
) -> None:
    replaced(folder, 5, scan(4))
    audit(load(folder), tmp_path / "one", workers=1)
    shutil.copytree(folder, tmp_path / "elsewhere")
    audit(load(tmp_path / "elsewhere"), tmp_path / "two", workers=2)
    for name in ("audit.json", "audit.html"):
        first, second = (tmp_path / each / name for each in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == [
        "audit.html", "audit.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        lambda pixels: pixels,
        lambda pixels: jpeg(pixels[:, ::-1]),
        lambda pixels: np.rot90(pixels),
        lambda pixels: np.clip(pixels * 0.8 + 25, 0, 255).astype(np.uint8),
        lambda pixels: np.asarray(Image.fromarray(pixels).resize((160, 120))),
        lambda pixels: pixels[3:-3, 4:-4],
    ],
    ids=["copied", "flipped and JPEG", "turned", "brightened", "enlarged", "cut"],
)
def test_a_changed_copy_in_another_fold_or_part_fails_the_audit(
    folder: Path, change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
) -> None:
    replaced(folder, 7, np.ascontiguousarray(change(scan(3))))
    report = looked(folder)
    assert not report.passes and checks(report)["duplicates-across-folds"] == "error"
    assert report.clusters == [["images/a_0003.png", "images/a_0007.png"]]

    def one_fold(_: dict[str, Any], items: list[Item]) -> None:
        items[3] |= {"fold": 1, "group": "g0007", "part": "test"}
        items[7]["part"] = "train"

    edited(folder, one_fold)
    report = looked(folder)
    assert not report.passes and checks(report)["duplicates-across-split"] == "error"
    assert "duplicates-across-folds" not in checks(report)


def test_a_group_in_two_folds_fails_the_audit_that_read_refuses(folder: Path) -> None:
    edited(folder, lambda _, items: items[1].update(group="g0000"))
    with pytest.raises(InputError, match="stands in fold 0 and in 1"):
        read(folder)
    assert checks(looked(folder))["group-leak"] == "error"


@pytest.mark.parametrize(
    ("check", "pixels"),
    [
        ("mask-size", lesion()[:-4]),
        ("stray-mask-values", lesion() * 7),
        ("soft-mask-edges", jpeg(lesion() * 255)),
        ("empty-mask", lesion() * 0),
        ("full-mask", lesion() * 0 + 1),
        ("unreadable-mask", np.stack([lesion() * 255, lesion(), lesion()], axis=2)),
    ],
)
def test_a_faulty_mask_is_found(folder: Path, check: str, pixels: NDArray[np.uint8]) -> None:
    replaced(folder, 4, pixels, mask=True)
    report = looked(folder, pairs=NONE)
    (finding,) = (finding for finding in report.findings if finding.check == check)
    assert finding.images == ("images/a_0004.png",)


@pytest.mark.parametrize(
    ("check", "pixels"),
    [
        ("constant-image", np.full((60, 80), 9, np.uint8)),
        ("blank-image", scan(0) // 200 + 9),
        ("unexpected-colour", np.stack([scan(4), scan(5), scan(6)], axis=2)),
        ("colour-photograph", np.stack([scan(4), scan(5), scan(6)], axis=2)),
        ("screenshot-or-drawing", np.full((60, 80), 230, np.uint8) - 90 * lesion()),
        ("unlike-the-others", np.random.default_rng(0).integers(0, 256, (60, 80), np.uint8)),
    ],
)
def test_an_odd_image_is_found(folder: Path, check: str, pixels: NDArray[np.uint8]) -> None:
    replaced(folder, 4, pixels)
    findings = looked(folder, pairs=NONE).findings
    (finding,) = (finding for finding in findings if finding.check == check)
    assert finding.images == ("images/a_0004.png",)


def test_two_blank_images_are_no_duplicates(folder: Path) -> None:
    for number in (4, 5):
        replaced(folder, number, np.full((60, 80), 9, np.uint8))
    report = looked(folder)
    assert report.pairs == [] and report.passes


def test_a_truncated_and_a_changed_file_fail_the_audit(folder: Path) -> None:
    path = folder / "images" / "a_0004.png"
    path.write_bytes(path.read_bytes()[:500])
    save(folder, "images/a_0005.png", scan(50))
    found = checks(looked(folder))
    assert found["unreadable-image"] == found["changed-file"] == "error"


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "images" / "a_0004.png").unlink()
    with pytest.raises(InputError, match=r"lacks images/a_0004\.png, which dataset\.json names"):
        looked(folder)
    (folder / "masks" / "a_0007.png").unlink()
    with pytest.raises(InputError, match=r"lacks images/a_0004\.png and 1 more"):
        looked(folder)


def test_classes_with_lesions_can_be_named(folder: Path) -> None:
    edited(folder, lambda _, items: [item.update({"class": "Normal"}) for item in items[::2]])
    report = looked(folder, pairs=NONE)
    assert report.lesions == ["a"] and checks(report)["unexpected-lesion"] == "warning"
    report = looked(folder, pairs=NONE, lesions=["Normal", "a"])
    assert "unexpected-lesion" not in checks(report)
    with pytest.raises(
        InputError, match="names cyst, which is no class of the images; the classes"
    ):
        looked(folder, lesions=["cyst"])
    with pytest.raises(InputError, match='the classes are Normal, a; did you mean "Normal"'):
        looked(folder, lesions=["nromal"])


def test_labels_that_are_no_indices_are_refused(folder: Path) -> None:
    edited(folder, lambda content, _: content["labels"].update(one="x"))
    with pytest.raises(InputError, match='"labels" holds the key "one"; expected class indices'):
        looked(folder)


def test_a_place_that_cannot_be_written_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="a file stands there"):
        looked(folder, out=tmp_path / "file")
    with pytest.raises(InputError, match="cannot be written"):
        looked(folder, out=tmp_path / "file" / "report")
    assert (tmp_path / "file").read_text() == "mine"


def test_known_pairs_are_not_looked_for(folder: Path) -> None:
    near = np.array([[3, 7]])
    report = looked(folder, pairs=near)
    assert [pair["second"] for pair in report.pairs] == ["images/a_0007.png"]


def test_a_test_part_is_audited_and_trains_nothing(tmp_path: Path) -> None:
    dataset = made_dataset(tmp_path / "made", 12, testing=3)
    before = audit(dataset, workers=1)
    save(dataset.folder, "images/a_0013.png", scan(2))
    report = audit(dataset, workers=1)
    (finding,) = (each for each in report.findings if each.check == "duplicates-across-folds")
    assert "or in the test part" in finding.title
    assert report.intensity == before.intensity and report.intensity["training"]["images"] == 12


def test_convert_audits_the_new_folder_and_writes_marks_as_flags(tmp_path: Path) -> None:
    make_busi(tmp_path / "raw", count=18, size=96, workers=1)
    for path in (tmp_path / "raw" / "benign").glob("benign (?).png"):
        coloured = np.asarray(Image.open(path).convert("RGB")).copy()
        coloured[5:12, 5:60] = (255, 220, 0)
        Image.fromarray(coloured).save(path)
    options = Options(task="segmentation", folds=3, workers=1, channels=3)
    made = convert(tmp_path / "raw", tmp_path / "out", options=options, say=lambda _: None)
    assert made.audit is not None and made.audit["error"] == 0
    dataset = read(tmp_path / "out")
    assert dataset.items == made.dataset.items
    flags = {item["image"]: item.get("flags", "") for item in dataset.items}
    assert "overlay" in flags["images/benign_0001.png"]
    content = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    assert content["flags"]["images"] == {
        image: text.split(",") for image, text in flags.items() if text
    }
    audit(load(tmp_path / "out"), tmp_path / "again", workers=1)
    for name in ("audit.json", "audit.html"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_convert_does_not_audit_where_nobody_wants_it(tmp_path: Path) -> None:
    make_bones(tmp_path / "raw", count=24, size=64, workers=1)
    options = Options(folds=3, workers=1, audit=False)
    made = convert(tmp_path / "raw", tmp_path / "out", "class-folders", options, lambda _: None)
    assert made.audit is None and not (tmp_path / "out" / "audit.json").exists()
    dry = replace(options, audit=True, dry_run=True, overwrite=True)
    assert (
        convert(tmp_path / "raw", tmp_path / "out", "class-folders", dry, lambda _: None).audit
        is None
    )


REAL = Path(os.environ.get("MED2D_DATA", Path(__file__).parents[5] / "shared" / "data"))


@pytest.mark.realdata
@pytest.mark.skipif(not (REAL / "Dataset_BUSI_with_GT").is_dir(), reason="no real images here")
def test_the_real_images_pass_and_few_are_called_odd(tmp_path: Path) -> None:
    options = Options(task="segmentation")
    convert(REAL / "Dataset_BUSI_with_GT", tmp_path / "out", options=options, say=lambda _: None)
    content = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    assert content["passes"] and content["counts"]["warning"] <= 1
    found = {each["check"]: each["count"] for each in content["findings"]}
    assert found.get("unlike-the-others", 0) <= 3
    assert not {"screenshot-or-drawing", "colour-photograph", "blank-image"} & set(found)
    assert content["resolution"]["recommended"] in (128, 160)
