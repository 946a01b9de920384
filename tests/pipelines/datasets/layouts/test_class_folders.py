from __future__ import annotations

import pickle
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.datasets.convert import Options, convert
from pipelines.datasets.layouts.class_folders import scan, sign
from pipelines.datasets.layouts.pseudonym import PATIENTS
from pipelines.datasets.layouts.sample import DUPLICATES, Request, Scan
from pipelines.errors import InputError
from transforms.picture import PictureError


def lay(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def read(raw: Path, *classes: str, **options: Any) -> Scan:
    return scan(raw, Request("classification", classes, options=options))


def kinds(found: Scan) -> list[tuple[str, str, str | None]]:
    return [(sample.source, sample.category, sample.part) for sample in found.samples]


def test_class_folders_with_columns_of_deeper_folders(tmp_path: Path) -> None:
    raw = lay(
        tmp_path / "Bones (2)",
        "healthy/x (10).tif", "healthy/x (2).JPG", "fractured/wrist/left/é.bmp",
        "fractured/elbow/x (2).jpg", "fractured/Thumbs.db",
    )  # fmt: skip
    found = read(raw)
    assert kinds(found) == [
        ("fractured/elbow/x (2).jpg", "fractured", None),
        ("fractured/wrist/left/é.bmp", "fractured", None),
        ("healthy/x (2).JPG", "healthy", None),
        ("healthy/x (10).tif", "healthy", None),
    ]
    assert dict(found.samples[1].columns) == {"level2": "wrist", "level3": "left"}
    assert found.facts.labels == ("fractured", "healthy")
    assert (found.facts.name, found.facts.modality) == ("bones-2", "OT")
    assert found.facts.grouping == DUPLICATES and found.samples[0].group is None
    assert found.problems == [] and found.warnings == []
    assert pickle.loads(pickle.dumps(found.samples)) == found.samples


def test_parts_are_kept_in_any_case_and_the_folder_around_is_descended(tmp_path: Path) -> None:
    lay(
        tmp_path,
        "data/Train/a/1.png", "data/Train/b/1.png", "data/VALID/a/1.png", "data/test/b/w/1.png",
    )  # fmt: skip
    found = read(tmp_path, modality="DX")
    assert found.root == tmp_path / "data" and found.facts.modality == "DX"
    assert sorted(kinds(found)) == [
        ("Train/a/1.png", "a", "train"),
        ("Train/b/1.png", "b", "train"),
        ("VALID/a/1.png", "a", "validation"),
        ("test/b/w/1.png", "b", "test"),
    ]
    assert {"level2": "w"} in [dict(sample.columns) for sample in found.samples]
    assert found.warnings == [
        f"reading {tmp_path / 'data'}, the only folder in {tmp_path}",
        'the class "a" occurs in train but not in test',
        'the class "b" occurs in train but not in validation',
    ]


def test_classes_set_the_order_and_unknown_folders_are_problems(tmp_path: Path) -> None:
    raw = lay(tmp_path, "a/1.png", "bening/1.png", "bening/2.png", "benign/1.png")
    found = read(raw, "benign", "a")
    assert found.facts.labels == ("benign", "a")
    assert [sample.category for sample in found.samples] == ["benign", "a"]
    assert [(problem.source, problem.line) for problem in found.problems] == [
        (
            "bening",
            'folder "bening" (2 images) has the unknown class "bening" (did you mean "benign"?); '
            "expected benign, a",
        )
    ]


def test_folders_that_are_numbers_must_be_named(tmp_path: Path) -> None:
    raw = lay(tmp_path, "0/1.png", "1/1.png")
    with pytest.raises(InputError, match=r"^the level of classes in .* holds the labels 0, 1"):
        read(raw)
    assert [sample.category for sample in read(raw, "healthy", "ill").samples] == ["healthy", "ill"]


def test_one_class_in_two_spellings_is_a_problem(tmp_path: Path) -> None:
    raw = lay(tmp_path, "train/Benign/1.png", "train/x/1.png", "test/benign/1.png", "train/x/2.png")
    (problem,) = read(raw).problems
    assert problem.source == "test/benign"
    assert 'differs from "Benign" by case or spaces only' in problem.line


def test_images_outside_and_folders_beside_are_problems(tmp_path: Path) -> None:
    raw = lay(
        tmp_path,
        "train/a/1.png", "train/b/1.png", "train/0.png", "9.png", "new/a/1.png", "train/notes.txt",
    )  # fmt: skip
    (raw / "train" / "c").mkdir()
    found = read(raw)
    assert len(found.samples) == 2
    assert [problem.source for problem in found.problems] == ["new", "9.png", "train/0.png"]
    assert found.problems[1].line == (
        'image "9.png" lies outside the class folders; move it into a folder <class>, or take it '
        "out"
    )
    assert found.warnings == [
        'files that are no pictures were left aside: "train/notes.txt"',
        'folder "train/c" holds no image',
    ]


def test_levels_and_patients_as_in_mura(tmp_path: Path) -> None:
    study = "MURA/{}/XR_{}/patient{}/study{}/image1.png"
    names = [
        study.format(part, region, patient, kind)
        for part, region, patient, kind in [
            ("train", "WRIST", "00001", "1_positive"),
            ("train", "ELBOW", "00002", "2_negative"),
            ("valid", "ELBOW", "00003", "1_positive"),
        ]
    ]
    raw = lay(tmp_path, *names)
    found = read(
        raw,
        levels="region,person,study",
        class_pattern="_(positive|negative)",
        group_pattern=r"(patient\d+)",
    )
    assert [(each.category, each.group, each.part) for each in found.samples] == [
        ("negative", "patient00002", "train"),
        ("positive", "patient00001", "train"),
        ("positive", "patient00003", "validation"),
    ]
    assert dict(found.samples[0].columns) == {
        "region": "XR_ELBOW",
        "person": "patient00002",
        "study": "study2_negative",
    }
    assert found.facts.grouping == PATIENTS and found.problems == []


def test_the_class_may_be_an_inner_level(tmp_path: Path) -> None:
    raw = lay(tmp_path, "wrist/ill/1.png", "elbow/ill/1.png", "elbow/well/1.png", "elbow/0.png")
    found = read(raw, levels="region,class")
    assert [(each.category, dict(each.columns)) for each in found.samples] == [
        ("ill", {"region": "elbow"}),
        ("ill", {"region": "wrist"}),
        ("well", {"region": "elbow"}),
    ]
    assert found.problems[0].line.endswith("move it into a folder <region>/<class>, or take it out")
    assert read(raw, class_level="2").facts.labels == ("ill", "well")


def test_paths_that_do_not_match_are_problems(tmp_path: Path) -> None:
    raw = lay(tmp_path, "a/p1.png", "b/p2.png", "b/x.png", "b/p_bad.png")
    found = read(raw, group_pattern=r"/(p\d)")
    assert [each.group for each in found.samples] == ["p1", "p2"]
    assert [problem.source for problem in found.problems] == ["b/p_bad.png", "b/x.png"]
    found = read(raw, class_pattern=r"(p\d)")
    assert {problem.source for problem in found.problems} == {"b/x.png", "b/p_bad.png"}
    found = read(raw, "p1", class_pattern=r"(p\d)")
    assert any('image "b/p2.png" has the unknown class "p2"' in p.line for p in found.problems)
    with pytest.raises(InputError, match=r"--group-pattern .* is no regular expression"):
        read(raw, group_pattern="(")


def test_links(tmp_path: Path) -> None:
    raw = lay(tmp_path / "raw", "a/1.png", "b/1.png")
    lay(tmp_path / "other", "2.png")
    (raw / "a" / "loop").symlink_to(raw)
    (raw / "b" / "2.png").symlink_to(tmp_path / "other" / "2.png")
    found = read(raw)
    assert [each.source for each in found.samples] == ["a/1.png", "b/1.png"]
    assert [problem.source for problem in found.problems] == ["b/2.png"]
    assert found.warnings == ['"a/loop" is a link to a folder; it was not followed']


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["1.png", "2.png"], "none of its 2 pictures lies in a class folder; expected RAW/<class>"),
        (["train/1.png", "test/1.png"], "none of its 2 pictures lies in a class folder"),
        (["a/1.png"], r"holds images of one class only \(a\)"),
        (
            ["images/1.png", "mask/1.png"],
            r"looks like images with masks \(images/ and mask/\), not like the class-folders "
            r"layout: .*\. Convert it with: med2d convert image-mask-folders .* OUT$",
        ),
        (
            ["a/1.png", "a/1_mask.png", "b/1.png"],
            r"\(the mask \"a/1_mask.png\"\).* Convert it with: med2d convert busi ",
        ),
        (["p/images/1.png", "p/masks/7.png", "q/1.png"], r"\(p/images/ and p/masks/\)"),
        (["p/image.png", "p/mask.png", "q/image.png"], r"the mask \"p/mask.png\""),
        (["Input.npy"], "not the class-folders layout"),
    ],
)
def test_other_layouts_are_named(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(lay(tmp_path, *names))


def test_missing_and_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read(tmp_path / "none")
    with pytest.raises(InputError, match="is empty; expected RAW/<class>"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("names", "evidence"),
    [
        (["a/1.png", "b/1.png"], "a/, b/"),
        (["d/train/a/1.png", "d/train/b/1.png", "d/test/b/1.png"], "a/, b/"),
        (["Images/1.png", "t.csv"], None),
        (["1.png"], None),
        (["a/1.png", "a/1_mask.png", "b/1.png"], None),
        (["images/1.png", "masks/1.png"], None),
        (["train/images/1.png", "train/masks/1.png"], None),
        (["p/images/1.png", "p/masks/7.png", "q/1.png"], None),
        (["p/image.png", "p/mask.png", "q/image.png", "q/mask.png"], None),
        (["images/1.png", "overlays/1.png"], None),
        (["a/1.dcm", "b/1.dcm"], None),
        ([], None),
    ],
)
def test_the_sign(tmp_path: Path, names: list[str], evidence: str | None) -> None:
    assert sign(tmp_path, [PurePosixPath(name) for name in names]) == evidence


def test_masks_of_another_class_are_told_by_their_look(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 50)).astype(np.uint8)
    for folder, values in (("bilder", noise), ("masken", (noise > 99) * np.uint8(255))):
        (tmp_path / folder).mkdir()
        for number in range(4):
            Image.fromarray(values).save(tmp_path / folder / f"{number}.png")
    names = [path.relative_to(tmp_path) for path in sorted(tmp_path.rglob("*.png"))]
    assert sign(tmp_path, [PurePosixPath(name) for name in names]) is None
    (line,) = read(tmp_path).warnings
    assert 'pictures in "masken" look like masks of those in "bilder"' in line
    assert line.endswith("RAW OUT --images-dir bilder --masks-dir masken")


def test_every_mode_size_and_orientation_is_converted(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    modes = ["L", "RGB", "RGBA", "P", "LA", "1", "I;16", "CMYK"]
    for index, mode in enumerate(modes * 2):
        folder = tmp_path / "raw" / ("ill", "well (x)")[index % 2] / "é"
        folder.mkdir(parents=True, exist_ok=True)
        noise = generator.integers(0, 255, (40 + 3 * index, 64), dtype=np.uint8)
        picture = Image.fromarray(noise)
        picture = (
            Image.fromarray(noise.astype(np.uint16) * 200)
            if mode == "I;16"
            else picture.convert(mode)
        )
        suffix = {"CMYK": "jpg", "RGBA": "tif", "1": "bmp"}.get(mode, "png")
        exif = Image.Exif()
        exif[0x0112] = 6
        extra = {"exif": exif} if mode in ("L", "CMYK") else {}
        picture.save(folder / f"x {index}.{suffix}", **extra)
    made = convert(tmp_path / "raw", tmp_path / "out", "class-folders", Options(folds=3, workers=1))
    items = {item["source"]: item for item in made.dataset.items}
    assert len(items) == 16 and made.dataset.labels == {"0": "ill", "1": "well (x)"}
    assert (items["ill/é/x 0.png"]["width"], items["ill/é/x 0.png"]["height"]) == (40, 64)
    assert {item["level2"] for item in items.values()} == {"é"}


NAMES = st.lists(
    st.lists(
        st.text("abAB. _~é(1", min_size=1, max_size=6).filter(lambda name: name not in (".", "..")),
        min_size=1,
        max_size=3,
    ),
    max_size=6,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(NAMES, st.binary(max_size=30))
def test_any_tree_of_broken_files_ends_in_a_scan_or_an_input_error(
    names: list[list[str]], content: bytes
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for parts in names:
            path = Path(folder, *parts[:-1], f"{parts[-1]}.png")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            except OSError:  # a file of that name is there already
                continue
        try:
            found = read(Path(folder))
        except InputError as error:
            assert "\n" not in str(error)
            return
        for sample in found.samples:
            with pytest.raises((InputError, PictureError)):
                sample.image.read(sample.source)


@pytest.mark.parametrize(("channels", "said"), [(None, True), (1, False), (3, False)])
def test_colour_is_not_lost_without_a_word(
    tmp_path: Path, channels: int | None, said: bool
) -> None:
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "raw" / name).mkdir(parents=True)
        for number in range(3):
            pixels = rng.integers(0, 256, (40, 50, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "raw" / name / f"{number}.png")
    lines: list[str] = []
    options = Options(folds=3, channels=channels, workers=1)
    convert(tmp_path / "raw", tmp_path / "out", "class-folders", options, say=lines.append)
    assert any("6 of 6 images are in colour" in line for line in lines) is said
