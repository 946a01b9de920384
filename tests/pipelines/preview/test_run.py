"""The folder of sheets: whole or not at all, the same bytes each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.preview import run as run_module
from pipelines.preview.colours import PALETTE
from pipelines.preview.run import RECORD, Options, preview, summary
from tests.pipelines.commands.command_line import run
from tests.pipelines.preview.made_dataset import like, segmentation

SMALL = Options(size=96)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    segmentation(tmp_path / "data", 12)
    return tmp_path / "data"


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_there_is_a_sheet_of_every_class_and_flag(folder: Path, tmp_path: Path) -> None:
    drawn = preview(folder, tmp_path / "out", SMALL)
    names = [each.file for each in drawn]
    assert names == ["class_a.png", "class_b.png", "flag_caliper.png", "flag_text.png"]
    assert set(content(tmp_path / "out")) == {*names, RECORD}
    assert [(each.kind, len(each.images), each.of) for each in drawn] == [
        ("class", 8, 8), ("class", 4, 4), ("flag", 1, 1), ("flag", 1, 1),
    ]  # fmt: skip
    for name in names:
        with Image.open(tmp_path / "out" / name) as page:
            assert page.format == "PNG" and page.mode == "RGB"
            assert like(np.asarray(page), PALETTE[0], within=0).any()


def test_the_findings_of_an_audit_are_shown(folder: Path, tmp_path: Path) -> None:
    images = ["images/a_00.png", "images/a_01.png"]
    finding = {"check": "caliper", "severity": "note", "text": "Two.", "images": images}
    (folder / "audit.json").write_text(json.dumps({"findings": [finding]}))
    found = {each.file: each for each in preview(folder, tmp_path / "out", SMALL)}
    assert found["flag_caliper_2.png"].images == tuple(images)
    assert found["flag_caliper.png"].kind == "flag"


def test_a_leak_that_the_audit_found_can_be_looked_at(folder: Path, tmp_path: Path) -> None:
    content = json.loads((folder / "dataset.json").read_text())
    one, two = content["training"][0], content["training"][3]
    assert one["fold"] != two["fold"]
    two["group"] = one["group"]
    (folder / "dataset.json").write_text(json.dumps(content))
    finding = {"check": "group-leak", "severity": "error", "text": "One group in two folds."}
    finding["images"] = [one["image"], two["image"]]  # type: ignore[assignment]
    (folder / "audit.json").write_text(json.dumps({"findings": [finding]}))
    *_, last = preview(folder, tmp_path / "out", SMALL)
    assert last.file == "flag_group-leak.png" and last.images == (one["image"], two["image"])


def test_the_same_dataset_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        preview(folder, tmp_path / name, SMALL)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    few = [Options(size=96, count=3, seed=seed) for seed in (0, 1)]
    chosen = [preview(folder, tmp_path / f"s{o.seed}", o)[0].images for o in few]
    assert chosen[0] != chosen[1] and all(len(names) == 3 for names in chosen)


def test_only_one_class_and_one_fold(folder: Path, tmp_path: Path) -> None:
    drawn = preview(folder, tmp_path / "out", Options(size=96, classes=("a",), fold=1))
    assert [each.file for each in drawn] == ["class_a.png"]
    assert drawn[0].images == ("images/a_03.png", "images/a_09.png")


def test_the_bundle_s_sheets_are_added(busi_dataset: Path, tmp_path: Path) -> None:
    options = Options(size=96, count=2, classes=("benign",), bundle="breast_us_segmentation")
    *_, alone, last = preview(busi_dataset, tmp_path / "out", options)
    assert (last.kind, last.file) == ("bundle", "bundle_breast_us_segmentation.png")
    assert (tmp_path / "out" / last.file).is_file() and len(last.images) == 2
    assert (alone.kind, alone.file) == ("transforms", "transforms_breast_us_segmentation.png")
    with Image.open(tmp_path / "out" / alone.file) as page:
        assert page.height > 6 * 96 and len(alone.images) == 1


def test_a_variant_without_a_bundle_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"more\.json is a variant of no bundle; give --bundle"):
        preview(folder, tmp_path / "out", Options(variants=("more.json",)))


def test_only_a_preview_is_replaced(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    preview(folder, out, SMALL)
    with pytest.raises(InputError, match="holds a preview already; replace it with --overwrite"):
        preview(folder, out, SMALL)
    preview(folder, out, Options(size=96, classes=("b",)), overwrite=True)
    assert set(content(out)) == {"class_b.png", RECORD}
    (out / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds mine\.txt, which med2d preview did not make"):
        preview(folder, out, SMALL, overwrite=True)
    assert set(content(out)) == {"class_b.png", RECORD, "mine.txt"}


@pytest.mark.parametrize("record", [None, "{", "[]", "{}", '{"sheets": [1]}', '{"sheets": 3}'])
def test_another_folder_is_not_replaced(record: str | None, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / (RECORD if record else "a.txt")).write_text(record or "mine")
    before = content(out)
    with pytest.raises(InputError, match="was not made by med2d preview"):
        preview(folder, out, SMALL, overwrite=True)
    assert content(out) == before


def test_a_broken_image_is_told_once_and_stops_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "images" / "b_11.png").write_bytes(b"nothing")
    told: list[str] = []
    drawn = preview(folder, tmp_path / "out", SMALL, warn=told.append)
    assert len(told) == 1 and "b_11.png is not a picture file" in told[0]
    assert any("images/b_11.png" in each.images for each in drawn)


def test_a_failure_leaves_nothing_and_the_old_preview_stays(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "deep" / "out"

    def fails(*_: object) -> None:
        raise InputError("enough")

    with monkeypatch.context() as patched:
        patched.setattr(run_module, "write_text", fails)
        with pytest.raises(InputError, match="enough"):
            preview(folder, out, SMALL)
        assert [path.name for path in tmp_path.iterdir()] == ["data"]
    preview(folder, out, Options(size=96, classes=("a",)))
    before = content(out)
    monkeypatch.setattr(run_module, "write_text", fails)
    with pytest.raises(InputError, match="enough"):
        preview(folder, out, SMALL, overwrite=True)
    assert content(out) == before and [path.name for path in out.parent.iterdir()] == ["out"]


def test_the_dataset_folder_is_never_written_to(folder: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in folder.rglob("*"))
    for out in (folder, folder / "sheets", tmp_path):
        with pytest.raises(InputError, match="lie in one another"):
            preview(folder, out, SMALL, overwrite=True)
    preview(folder, tmp_path / "out", SMALL)
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_the_record_says_what_is_shown(folder: Path, tmp_path: Path) -> None:
    drawn = preview(folder, tmp_path / "out", SMALL)
    record = json.loads((tmp_path / "out" / RECORD).read_text())
    assert record["sheets"] == json.loads(json.dumps(summary(drawn, tmp_path)["sheets"]))
    assert record["options"]["size"] == 96 and record["dataset"] == "made"


def test_without_a_bundle_no_engine_is_imported(folder: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pipelines.preview.run import preview; preview(*sys.argv[1:]); "
        "print([name for name in ('torch', 'monai', 'ignite') if name in sys.modules])"
    )
    words = [sys.executable, "-c", program, str(folder), str(tmp_path / "out")]
    done = subprocess.run(words, capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n" and (tmp_path / "out" / "class_a.png").is_file()


REAL = Path(os.environ.get("MED2D_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.mark.realdata
@pytest.mark.skipif(not (REAL / "FETAL_PLANES_DB").is_dir(), reason="no real images here")
def test_the_real_images(tmp_path: Path) -> None:
    raw, data = REAL / "FETAL_PLANES_DB", tmp_path / "data"
    words = ("--preset", "fetal-planes", "--skip-bad", "--folds", 3, "--workers", 1)
    assert run("convert", "csv-labels", raw, data, *words).exit_code == 0
    drawn = preview(data, tmp_path / "out", SMALL)
    assert sum(len(each.images) for each in drawn if each.kind == "class") == 34
    assert [each.name for each in drawn if each.kind == "class"][-1] == "Other"
    for each in drawn:
        with Image.open(tmp_path / "out" / each.file) as page:
            assert page.width >= 560 and np.asarray(page).std() > 20
