from __future__ import annotations

import filecmp
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from monai.data import load_decathlon_datalist
from numpy.typing import NDArray
from PIL import Image

from pipelines.cli import main
from pipelines.datasets import convert as module
from pipelines.datasets import journal, worker
from pipelines.datasets.convert import Options, convert
from pipelines.datasets.dataset import read
from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.phantoms.busi import make_busi
from pipelines.datasets.worker import Work
from pipelines.errors import InputError
from tests.pipelines.datasets.made_layout import Broken, Given, GivenMask, Made

Texture = Callable[..., NDArray[np.uint8]]
FEW = Options(workers=1)


def run(raw: Path, out: Path, *options: str) -> Result:
    command = ["convert", "busi", str(raw), str(out), "--workers", "1", *options]
    return CliRunner().invoke(main, command)


def refused(result: Result, out: Path, expected: str, lines: int = 1) -> None:
    """Checks for exit code 2, so many lines, no traceback, and nothing written or left."""
    assert result.exit_code == 2, result.output
    assert expected in result.stderr
    assert result.stderr.startswith("Error: ") and result.stdout == ""
    assert len(result.stderr.splitlines()) == lines
    assert not out.exists()
    assert not list(out.parent.glob(".*"))


def pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image)


def save(path: Path, array: NDArray[np.generic]) -> None:
    Image.fromarray(array).save(path)


def test_pixels_and_masks_arrive_as_they_were(raw: Path, tmp_path: Path) -> None:
    second = np.zeros((60, 90), dtype=np.uint8)
    second[50:, 80:] = 255
    save(raw / "benign" / "benign (2)_mask_1.png", second)
    made = convert(raw, tmp_path / "out", options=FEW).dataset
    assert len(made.items) == 15 and made == read(tmp_path / "out")
    for item in made.items:
        source = raw / item["source"]
        np.testing.assert_array_equal(pixels(tmp_path / "out" / item["image"]), pixels(source))
        label = pixels(tmp_path / "out" / item["label"])
        expected = pixels(source.with_name(f"{source.stem}_mask.png")) == 255
        if source.name == "benign (2).png":
            expected |= second == 255
        assert label.dtype == np.uint8 and (item["width"], item["height"]) == (90, 60)
        np.testing.assert_array_equal(label, expected)


def test_the_record(raw: Path, tmp_path: Path) -> None:
    made = convert(raw, tmp_path / "out", options=FEW).dataset
    item = made.items[3]
    assert item["source"] == "benign/benign (10).png"
    assert item["image"] == "images/benign_0004.png" and item["class"] == "benign"
    for key, name in (("image", "sha256"), ("label", "label_sha256")):
        data = (made.folder / item[key]).read_bytes()
        assert item[name] == hashlib.sha256(data).hexdigest()
    assert "flags" not in item
    assert [each["group"] for each in made.items] == [f"g{n:04d}" for n in range(1, 16)]
    assert made.source["layout"] == "busi" and made.source["left_out"] == []
    assert made.source["grouping"] == "near-duplicate clusters; no patient ids"
    assert str(tmp_path) not in (made.folder / "dataset.json").read_text()


def test_monai_makes_paths_of_images_and_masks_alone(raw: Path, tmp_path: Path) -> None:
    made = convert(raw, tmp_path / "out", options=FEW).dataset
    loaded = load_decathlon_datalist(tmp_path / "out" / "dataset.json", True, "training")
    for item, plain in zip(loaded, made.items, strict=True):
        assert Path(item["image"]).is_file() and Path(item["label"]).is_file()
        rest = {key: value for key, value in plain.items() if key not in ("image", "label")}
        assert rest == {key: item[key] for key in rest}


def test_grey_colour_depth_and_orientation(raw: Path, tmp_path: Path, texture: Texture) -> None:
    grey = texture(1)
    Image.fromarray(grey).convert("RGB").save(raw / "benign" / "benign (1).png")
    coloured = np.stack([texture(2)] * 3, axis=2)
    coloured[20:24, 20:40] = (255, 255, 0)
    save(raw / "benign" / "benign (2).png", coloured)
    deep = texture(3).astype(np.uint16) * 200
    save(raw / "benign" / "benign (3).png", deep)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.fromarray(np.ascontiguousarray(np.rot90(texture(10))))
    turned.save(raw / "benign" / "benign (10).png", exif=exif)
    made = convert(raw, tmp_path / "out", options=FEW).dataset
    first, second, third, fourth = (pixels(made.folder / item["image"]) for item in made.items[:4])
    np.testing.assert_array_equal(first, grey)
    assert second.ndim == 2 and made.items[1]["flags"] == "colour"
    assert third.dtype == np.uint16
    np.testing.assert_array_equal(third, deep)
    np.testing.assert_array_equal(fourth, texture(10))


def test_odd_names_are_no_trouble(raw: Path, tmp_path: Path) -> None:
    (raw / "benign").rename(raw / "gutartig, früh (é)")
    made = convert(raw, tmp_path / "Ergebnis ü (1)", options=FEW).dataset
    assert made.classes == ["gutartig, früh (é)", "malignant", "normal"]
    assert read(tmp_path / "Ergebnis ü (1)") == made


def test_names_that_are_no_text(raw: Path, tmp_path: Path) -> None:
    stem = os.fsdecode(b"l\xe9sion")
    for end in (".png", "_mask.png"):
        (raw / "benign" / f"benign (2){end}").rename(raw / "benign" / f"{stem}{end}")
    made = convert(raw, tmp_path / "out", options=FEW).dataset
    assert "benign/l\ufffdsion.png" in [item["source"] for item in made.items]
    (raw / "benign" / f"{stem}_mask.png").unlink()
    refused(run(raw, tmp_path / "no"), tmp_path / "no", 'has no mask ("l\ufffdsion_mask.png")')


def test_duplicates_share_a_group_and_a_fold(raw: Path, tmp_path: Path, texture: Texture) -> None:
    copies = {"benign (20)": texture(1)[:, ::-1], "benign (21)": texture(1) // 2}
    for name, copy in copies.items():
        save(raw / "benign" / f"{name}.png", np.ascontiguousarray(copy))
        shutil.copy(raw / "benign" / "benign (1)_mask.png", raw / "benign" / f"{name}_mask.png")
    made = convert(raw, tmp_path / "out", options=FEW)
    items = {item["source"]: item for item in made.dataset.items}
    same = [items[f"benign/benign ({number}).png"] for number in (1, 20, 21)]
    assert len({item["group"] for item in same}) == len({item["fold"] for item in same}) == 1
    assert (made.clusters, len({item["group"] for item in items.values()})) == (1, 15)


def test_a_pair_of_two_classes_is_left_out(raw: Path, tmp_path: Path, texture: Texture) -> None:
    save(raw / "malignant" / "malignant (30).png", texture(1))
    mask = raw / "malignant" / "malignant (30)_mask.png"
    shutil.copy(raw / "malignant" / "malignant (1)_mask.png", mask)
    shutil.copy(raw / "benign" / "benign (1).png", raw / "benign" / "benign (31).png")
    shutil.copy(raw / "benign" / "benign (1)_mask.png", raw / "benign" / "benign (31)_mask.png")
    result = run(raw, tmp_path / "out", "--folds", "3")
    assert result.exit_code == 0, result.output
    assert "left out: both images of near-duplicate pairs with two classes (2):" in result.stderr
    assert '"benign/benign (1).png" and "malignant/malignant (30).png"' in result.stderr
    made = read(tmp_path / "out")
    left = [each["source"] for each in made.source["left_out"]]
    assert left == [
        "benign/benign (1).png",
        "benign/benign (31).png",
        "malignant/malignant (30).png",
    ]
    assert len(made.items) == 14
    assert made.items[0]["image"] == "images/benign_0002.png"
    assert len(list((tmp_path / "out" / "images").iterdir())) == 14
    kept = convert(raw, tmp_path / "kept", options=Options(workers=1, keep_conflicts=True))
    assert len(kept.dataset.items) == 17 and kept.left_out == []


def test_the_output_is_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    make_busi(tmp_path / "raw", count=24, size=96)
    for workers in (1, 2, 3):
        out = tmp_path / str(workers)
        convert(tmp_path / "raw", out, options=Options(workers=workers, folds=3))
    names = [str(path.relative_to(tmp_path / "1")) for path in (tmp_path / "1").rglob("*.*")]
    assert len(names) > 40
    for other in ("2", "3"):
        _, different, failed = filecmp.cmpfiles(tmp_path / "1", tmp_path / other, names, False)
        assert different == failed == []
        assert len(list((tmp_path / other).rglob("*.*"))) == len(names)


def test_a_second_run_is_refused_or_gives_the_same(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(raw, out).exit_code == 0
    before = {path: path.read_bytes() for path in out.rglob("*.*")}
    again = run(raw, out)
    assert again.exit_code == 2
    assert again.stderr == f"Error: {out} holds a dataset already; replace it with --overwrite\n"
    assert run(raw, out, "--overwrite").exit_code == 0
    assert {path: path.read_bytes() for path in out.rglob("*.*")} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "raw"]


def break_size(raw: Path) -> None:
    save(raw / "benign" / "benign (1)_mask.png", np.zeros((60, 60), dtype=np.uint8))


def break_values(raw: Path) -> None:
    mask = pixels(raw / "benign" / "benign (1)_mask.png") // 255 * 38
    mask[-1, -1] = 75
    save(raw / "benign" / "benign (1)_mask.png", mask)


def break_png(raw: Path) -> None:
    path = raw / "benign" / "benign (1).png"
    path.write_bytes(path.read_bytes()[:900])


def break_alpha(raw: Path) -> None:
    mask = Image.open(raw / "benign" / "benign (1)_mask.png")
    clear = Image.new("RGBA", mask.size)
    clear.putalpha(mask)
    clear.save(raw / "benign" / "benign (1)_mask.png")


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (shutil.rmtree, "does not exist"),
    "empty": (lambda raw: (shutil.rmtree(raw), raw.mkdir()), "is empty; expected RAW/<class>/"),
    "other layout": (
        lambda raw: [path.unlink() for path in raw.rglob("*_mask.png")],
        "looks like the class-folders layout",
    ),
    "no mask": (
        lambda raw: (raw / "benign" / "benign (1)_mask.png").unlink(),
        'image "benign/benign (1).png" has no mask ("benign (1)_mask.png")',
    ),
    "no image": (
        lambda raw: (raw / "benign" / "benign (1).png").unlink(),
        'mask "benign/benign (1)_mask.png" has no image',
    ),
    "size": (
        break_size,
        'mask "benign/benign (1)_mask.png" is 60 x 60 pixels, its image 90 x 60',
    ),
    "values": (break_values, "holds the values 0, 38, 75; expected 0 and 255. Map them with --map"),
    "alpha": (break_alpha, "is partly transparent; expected opaque values 0 and 255"),
    "truncated": (break_png, 'image "benign/benign (1).png" is truncated or damaged'),
}


@pytest.mark.parametrize(("damage", "expected"), BROKEN.values(), ids=BROKEN.keys())
def test_bad_input_is_one_line(
    raw: Path, tmp_path: Path, damage: Callable[[Path], object], expected: str
) -> None:
    damage(raw)
    out = tmp_path / "deep" / "out"
    out.parent.mkdir()
    refused(run(raw, out), out, expected)


def test_all_problems_are_named_at_once(raw: Path, tmp_path: Path) -> None:
    break_size(raw)
    (raw / "normal" / "normal (2)_mask.png").unlink()
    (raw / "malignant" / "malignant (3).png").write_bytes(b"")
    result = run(raw, tmp_path / "out")
    head = f"3 problems in {raw}; nothing was written (--skip-bad leaves these out):"
    refused(result, tmp_path / "out", head, lines=4)
    for path in (raw / "benign").glob("*.png"):
        path.write_bytes(b"")
    result = run(raw, tmp_path / "out")
    refused(result, tmp_path / "out", "  and 2 more", lines=12)


def test_mapped_values_are_read(raw: Path, tmp_path: Path) -> None:
    break_values(raw)
    out = tmp_path / "out"
    refused(run(raw, out, "--map", "38=2"), out, "there is no index 2; expected 0 (background)")
    assert run(raw, out, "--map", "38=1", "--map", "75=0").exit_code == 0
    label = pixels(out / "masks" / "benign_0001.png")
    np.testing.assert_array_equal(label, pixels(out / "masks" / "benign_0002.png"))
    result = run(raw, tmp_path / "other", "--map", "38:1")
    assert result.exit_code == 2 and "'38:1' is not of the form VALUE=INDEX" in result.stderr


def test_odd_things_are_warned_of(raw: Path, tmp_path: Path) -> None:
    shutil.copy(raw / "normal" / "normal (1)_mask.png", raw / "benign" / "benign (2)_mask.png")
    shutil.copy(raw / "benign" / "benign (1)_mask.png", raw / "normal" / "normal (2)_mask.png")
    (raw / "benign" / "notes.txt").touch()
    result = run(raw, tmp_path / "out")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        'warning: file "benign/notes.txt" is neither an image nor a mask',
        'warning: the mask of "benign/benign (2).png" is empty, though its class is benign',
        'warning: the mask of "normal/normal (2).png" is not empty, though its class is normal',
    ]


def test_empty_masks_are_counted_where_there_are_no_classes(made: Made) -> None:
    made.masked()
    for number in range(12):
        made.change(number, category="image")
    for number in (3, 5):
        made.change(number, masks=(GivenMask(np.zeros((60, 90), np.uint8)),))
    made.convert(task="segmentation")
    assert made.said == ['warning: 2 of 12 masks are empty, such as of "x/3.png"']


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_mixture_of_depths_is_named(made: Made, dry_run: bool) -> None:
    for number in range(4):
        made.change(number, image=Given(made.texture(number).astype(np.uint16) * 200))
    made.convert(audit=False, dry_run=dry_run)
    assert len(made.said) == 1
    assert made.said[0].startswith("warning: 8 images have 8 bits and 4 have 16, so that white is")


def test_what_cannot_be_read_is_named(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = Path.iterdir

    def refuse(folder: Path) -> Iterator[Path]:
        if folder == raw / "benign":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", refuse)
        result = run(raw, tmp_path / "out")
    refused(result, tmp_path / "out", f"{raw / 'benign'} cannot be read: Permission denied")


def test_a_linked_dataset_is_replaced_and_the_link_stays(raw: Path, tmp_path: Path) -> None:
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to(target)
    assert run(raw, link).exit_code == 0
    again = run(raw, link)
    assert again.exit_code == 2 and f"{target} holds a dataset already" in again.stderr
    assert run(raw, link, "--overwrite", "--folds", "3").exit_code == 0
    assert link.is_symlink() and read(target).folds == [0, 1, 2]
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    for places in ((raw, circle), (circle, tmp_path / "out")):
        result = run(*places)
        assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1


def test_places_that_cannot_be_written(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "out"
    refused(run(raw, out), out, "cannot be written: Not a directory; nothing was changed")
    inside = raw / "out"
    refused(run(raw, inside), inside, f"lies inside the raw folder {raw}")
    around = run(raw, tmp_path, "--overwrite")
    assert around.exit_code == 2 and f"the raw folder {raw} lies inside" in around.stderr
    full = run(raw, raw)
    assert full.exit_code == 2 and f"{raw} is the raw folder itself" in full.stderr


@pytest.mark.parametrize("place", ["_save", "write"])
def test_a_full_disk_is_one_line(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def fail(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(worker if place == "_save" else module, place, fail)
    refused(run(raw, tmp_path / "out"), tmp_path / "out", "No space left on device")


def fail_in_a_worker(work: Work, part: str, name: str, *_: object) -> str:
    if name == "normal_0003.png":
        raise OSError(28, "No space left on device")
    return "-"


def test_an_error_in_a_worker_leaves_nothing(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_save", fail_in_a_worker)
    with pytest.raises(InputError, match="No space left on device"):
        convert(raw, tmp_path / "out", options=Options(workers=2))
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_an_unexpected_error_is_not_hidden_and_leaves_nothing(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "fold_numbers", None)
    result = run(raw, tmp_path / "out")
    assert isinstance(result.exception, TypeError)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_too_few_images_for_the_folds(raw: Path, tmp_path: Path) -> None:
    result = run(raw, tmp_path / "out", "--folds", "6")
    refused(result, tmp_path / "out", 'class "benign" has 5 groups, fewer than the 6 folds')


def start(raw: Path, out: Path) -> subprocess.Popen[str]:
    """Starts a conversion in a process group of its own and waits until it writes."""
    code = "from pipelines.cli import main; main()"
    command = [sys.executable, "-c", code, "convert", "busi", str(raw), str(out), "--workers", "2"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    noted = out.with_name(f".{out.name}.partial") / "work" / "journal"
    while not (noted.is_file() and noted.stat().st_size):
        assert process.poll() is None
        time.sleep(0.005)
    return process


@pytest.fixture
def large(raw: Path, texture: Texture) -> Path:
    """The raw folder with pictures that take a while."""
    for number in range(50, 110):
        for end in (".png", "_mask.png"):
            (raw / "benign" / f"benign ({number}){end}").touch()
    for seed, path in enumerate(sorted(raw.rglob("*.png"))):
        picture = Image.new("L", (600, 400))
        if "mask" not in path.name:
            picture = Image.fromarray(texture(seed)).resize((600, 400))
        picture.save(path, compress_level=1)
    return raw


def check_stopped(process: subprocess.Popen[str]) -> None:
    """Two lines say so, behind those of the progress that a slow machine shows."""
    _, errors = process.communicate(timeout=30)
    lines = [line for line in errors.splitlines() if not re.fullmatch(r".+: \d+ of \d+", line)]
    kept = "What is done is kept: the same command goes on from there."
    assert (process.returncode, lines) == (130, [kept, "Stopped by Ctrl-C."])


def test_ctrl_c_is_two_lines_and_the_same_command_goes_on(large: Path, tmp_path: Path) -> None:
    process = start(large, tmp_path / "out")
    os.killpg(process.pid, signal.SIGINT)
    check_stopped(process)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.partial", "raw"]
    check_goes_on(large, tmp_path)


@pytest.mark.parametrize("pause", [0.0, 0.01, 0.1])
def test_ctrl_c_again_and_again_is_two_lines(large: Path, tmp_path: Path, pause: float) -> None:
    process = start(large, tmp_path / "out")
    while process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(pause)
    check_stopped(process)
    check_goes_on(large, tmp_path)


def check_goes_on(large: Path, tmp_path: Path) -> None:
    """Finishes a stopped conversion: what stands is not made again, the result is the same."""
    images = tmp_path / ".out.partial" / "new" / "images"
    noted = len(journal.read(tmp_path / ".out.partial" / "work" / "journal"))
    made = {path.name: path.stat().st_mtime_ns for path in images.iterdir()}
    assert 0 < noted < 75
    check_same(large, tmp_path)
    again = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out/images").iterdir()}
    assert sum(again[name] == time for name, time in made.items()) >= noted
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "out", "raw"]


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_killed_run_leaves_no_dataset_and_the_same_command_goes_on(
    large: Path, tmp_path: Path
) -> None:
    process = start(large, tmp_path / "out")
    process.kill()
    process.communicate(timeout=30)  # ends only when no worker holds the pipe any more
    assert not (tmp_path / "out").exists()
    check_goes_on(large, tmp_path)


def test_what_changed_since_a_run_was_killed_is_made_again(large: Path, tmp_path: Path) -> None:
    process = start(large, tmp_path / "out")
    process.kill()
    process.communicate(timeout=30)
    partial = tmp_path / ".out.partial"
    (partial / "new" / "images" / "benign_0002.png").write_bytes(b"damaged")
    with (partial / "work" / "journal").open("a") as file:
        file.write('\n{"name": "cut sh')
    changed = np.ascontiguousarray(pixels(large / "benign" / "benign (1).png")[:, ::-1])
    for number in (50, 51, 52, 53, 54):
        save(large / "benign" / f"benign ({number}).png", changed)
    (large / "benign" / "benign (60).png").unlink()
    (large / "benign" / "benign (60)_mask.png").unlink()
    check_same(large, tmp_path)


def check_same(large: Path, tmp_path: Path) -> None:
    for out in (tmp_path / "out", tmp_path / "other"):
        assert run(large, out).exit_code == 0
    names = sorted(str(path.relative_to(tmp_path / "other")) for path in files(tmp_path / "other"))
    assert names == sorted(
        str(path.relative_to(tmp_path / "out")) for path in files(tmp_path / "out")
    )
    assert filecmp.cmpfiles(tmp_path / "out", tmp_path / "other", names, False)[1:] == ([], [])


def test_the_work_of_a_killed_run_is_removed_by_another_one(large: Path, tmp_path: Path) -> None:
    process = start(large, tmp_path / "out")
    process.kill()
    process.communicate(timeout=30)
    assert (tmp_path / ".out.partial").exists()
    result = run(tmp_path / "none", tmp_path / "out")
    assert result.exit_code == 2
    for path in large.rglob("* (1*.png"):
        path.unlink()
    with pytest.raises(InputError, match=r"nothing is left|fewer than the 5 folds"):
        convert(large, tmp_path / "out", options=FEW)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


REAL = Path(os.environ.get("MED2D_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.mark.realdata
@pytest.mark.skipif(not (REAL / "Dataset_BUSI_with_GT").is_dir(), reason="no real images here")
def test_the_real_images(tmp_path: Path) -> None:
    raw = REAL / "Dataset_BUSI_with_GT"
    made = convert(raw, tmp_path / "out")
    dataset = read(tmp_path / "out")
    assert len(dataset.items) + len(made.left_out) == 662
    assert len(made.left_out) == 20
    assert "benign/benign (433).png" in made.left_out
    homes: dict[str, set[int]] = {}
    for item in dataset.items:
        homes.setdefault(item["group"], set()).add(item["fold"])
    for item in dataset.items[::4]:
        label = pixels(dataset.folder / item["label"])
        assert set(np.unique(label)) <= {0, 1}
        source = pixels(raw / item["source"])
        if source.ndim == 2:
            np.testing.assert_array_equal(pixels(dataset.folder / item["image"]), source)
        else:
            assert "colour" in item["flags"].split(",")
    assert all(len(home) == 1 for home in homes.values())
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["source"]["folds"] == 5


def test_a_copied_class_folder_is_refused_and_not_left_out_in_silence(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    make_busi(raw, count=24, size=96, workers=1)
    shutil.copytree(raw / "normal", raw / "copied")
    with pytest.raises(InputError, match=r"every image of copied, normal is a near-duplicate"):
        convert(raw, tmp_path / "out", options=Options(workers=1, folds=3))
    assert not (tmp_path / "out").exists()


def test_a_task_that_the_layout_lacks_is_refused(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LAYOUTS, "made", replace(LAYOUTS["made"], bundles={"classification": ""}))
    with pytest.raises(InputError, match="the made layout has no segmentation; expected --task cl"):
        made.convert("segmentation")
    assert made.convert(task=None).dataset.task == "classification"  # type: ignore[arg-type]


def test_a_dry_run_writes_nothing_and_finds_the_same(made: Made, tmp_path: Path) -> None:
    made.masked()
    dry = made.convert("segmentation", dry_run=True)
    assert not dry.written and [path.name for path in tmp_path.iterdir()] == ["raw"]
    wet = made.convert("segmentation")
    places = [(item["image"], item["group"], item["fold"]) for item in wet.dataset.items]
    assert places == [(item["image"], item["group"], item["fold"]) for item in dry.dataset.items]
    with pytest.raises(InputError, match="holds a dataset already"):
        made.convert("segmentation", dry_run=True)
    made.change(1, image=Broken(InputError("image 1 is broken")))
    with pytest.raises(InputError, match="image 1 is broken"):
        made.convert("segmentation", dry_run=True, overwrite=True)
    assert read(made.out) == wet.dataset


def test_an_interruption_keeps_what_is_done_for_the_same_request_only(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "_pairs", interrupt)
        with pytest.raises(KeyboardInterrupt):
            made.convert()
        images = tmp_path / ".out.partial" / "new" / "images"
        assert len(list(images.iterdir())) == 12
    with monkeypatch.context() as patch:
        patch.setattr(module.journal, "writing", None)
        with pytest.raises(TypeError):
            made.convert(size=30)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]
