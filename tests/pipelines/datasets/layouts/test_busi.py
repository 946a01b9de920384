from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from pipelines.datasets.convert import Options, convert
from pipelines.datasets.layouts.busi import scan as scan_for
from pipelines.datasets.layouts.busi import sign
from pipelines.datasets.layouts.sample import Request, Scan
from pipelines.errors import InputError


def scan(raw: Path, task: str = "segmentation") -> Scan:
    return scan_for(raw, Request(task))


def masks_of(found: Scan, index: int) -> list[str]:
    return [mask.path.name for mask in found.samples[index].masks]  # type: ignore[attr-defined]


def lay(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_samples_come_by_class_in_natural_order_with_all_masks(tmp_path: Path) -> None:
    raw = lay(
        tmp_path,
        "normal/n.JPG", "normal/n_mask.png",
        "benign/b (10).png", "benign/b (10)_mask.png",
        "benign/b (2).PNG", "benign/b (2)_mask_1.png", "benign/b (2)_mask.png",
        "benign/b (2)_MASK_10.png", "benign/.DS_Store", "benign/._b (2).png", "__MACOSX/a/x.png",
    )  # fmt: skip
    found = scan(raw)
    assert [sample.source for sample in found.samples] == [
        "benign/b (2).PNG",
        "benign/b (10).png",
        "normal/n.JPG",
    ]
    assert masks_of(found, 0) == [
        "b (2)_mask.png",
        "b (2)_mask_1.png",
        "b (2)_MASK_10.png",
    ]
    assert found.samples[2].category == "normal"
    assert found.problems == [] and found.warnings == []


def test_the_folder_around_is_descended(tmp_path: Path) -> None:
    lay(tmp_path, "Dataset_BUSI_with_GT/benign/b.png", "Dataset_BUSI_with_GT/benign/b_mask.png")
    found = scan(tmp_path)
    assert found.root == tmp_path / "Dataset_BUSI_with_GT"
    assert found.samples[0].source == "benign/b.png"
    assert found.warnings == [f"reading {found.root}, the only folder in {tmp_path}"]


def test_a_single_class_folder_is_no_folder_around(tmp_path: Path) -> None:
    assert scan(lay(tmp_path, "b/b.png", "b/b_mask.png")).root == tmp_path


def test_problems_and_warnings(tmp_path: Path) -> None:
    raw = lay(
        tmp_path,
        "b/1.png", "b/1_mask.png",
        "b/2.png", "b/3_mask.png", "b/1.jpg", "b/notes.txt", "b/more/x.png", "readme.md",
        "masks/x.png", "masks/x_mask.png",
    )  # fmt: skip
    found = scan(raw)
    assert [each.source for each in found.samples] == ["masks/x.png"]
    assert {"b/1.jpg", "b/1.png"} <= {problem.source for problem in found.problems}
    assert sorted({problem.line for problem in found.problems}) == [
        'class folder "masks" has a reserved name; rename it',
        'image "b/2.png" has no mask ("2_mask.png"); put it beside the image (all black where '
        "there is no tumour), or take the image out",
        'images "b/1.jpg" and "b/1.png" share one name and one mask; rename one with its mask, '
        "or take it out",
        'mask "b/3_mask.png" has no image; correct its name, or take it out',
    ]
    assert found.warnings == [
        'folder "b/more" is neither an image nor a mask',
        'file "b/notes.txt" is neither an image nor a mask',
        'file "readme.md" is outside the class folders',
    ]


def test_an_empty_class_is_named(tmp_path: Path) -> None:
    raw = lay(tmp_path, "b/1.png", "b/1_mask.png")
    (raw / "none").mkdir()
    assert scan(raw).warnings == ['class folder "none" holds no image']


@pytest.mark.parametrize(("value", "index"), [(0, 1), (255, 0), (255, 2)])
def test_black_and_white_are_not_mapped(tmp_path: Path, value: int, index: int) -> None:
    raw = lay(tmp_path, "b/1.png", "b/1_mask.png")
    with pytest.raises(InputError, match=f"--map {value}={index}: in the masks of this layout 0"):
        scan_for(raw, Request("segmentation", mapping={value: index}))
    assert scan_for(raw, Request("segmentation", mapping={0: 0, 38: 1, 255: 1})).samples


def test_other_layouts_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"raw folder .*none does not exist"):
        scan(tmp_path / "none")
    with pytest.raises(InputError, match="is empty; expected RAW/<class>"):
        scan(tmp_path)
    lay(tmp_path, "Input.npy", "Output.npy")
    with pytest.raises(InputError) as caught:
        scan(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} looks like the npy-arrays layout (Input.npy), not the busi layout: "
        "expected RAW/<class>/x.png with x_mask.png beside it"
    )
    with pytest.raises(InputError, match="is a file; expected a folder"):
        scan(tmp_path / "Input.npy")


@pytest.mark.parametrize("folder", ["mask", "masks", "Masks"])
@pytest.mark.parametrize("name", ["1_mask.png", "1.png", "1_mask_1.PNG"])
def test_masks_in_a_folder_of_their_own(tmp_path: Path, folder: str, name: str) -> None:
    found = scan(lay(tmp_path, "b/images/1.png", f"b/{folder}/{name}", "b/images/notes.txt"))
    assert [sample.source for sample in found.samples] == ["b/images/1.png"]
    assert found.samples[0].category == "b" and masks_of(found, 0) == [name]
    assert found.problems == []
    assert found.warnings == ['file "b/images/notes.txt" is neither an image nor a mask']


def test_a_single_class_with_folders_is_no_folder_around(tmp_path: Path) -> None:
    assert scan(lay(tmp_path, "b/images/1.png", "b/masks/1.png")).root == tmp_path


def test_a_classification_needs_no_masks(tmp_path: Path) -> None:
    raw = lay(tmp_path, "b/1.png", "b/1_mask.png", "n/2.png", "m/images/3.png")
    found = scan(raw, "classification")
    assert [(s.source, s.category, s.masks) for s in found.samples] == [
        ("b/1.png", "b", ()),
        ("m/images/3.png", "m", ()),
        ("n/2.png", "n", ()),
    ]
    assert found.facts.labels == ("b", "m", "n") and found.problems == []


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["b/1.png", "b/1_mask.png"], "b/1_mask.png"),
        (["b/images/1.png", "b/mask/1_mask.png"], "b/mask/1_mask.png"),
        (["b/1.png", "b/2_mask.png"], None),
        (["1.png", "1_mask.png"], None),
        (["images/1.png", "masks/1.png"], None),
        (["b/1.png", "c/2.png"], None),
    ],
)
def test_the_sign(tmp_path: Path, names: list[str], expected: str | None) -> None:
    assert sign(tmp_path, [PurePosixPath(name) for name in names]) == expected


def test_more_classes_than_the_masks_hold_are_refused(busi_raw: Path, tmp_path: Path) -> None:
    options = Options(task="segmentation", classes=("background", "tumour", "cyst"), workers=1)
    with pytest.raises(InputError, match=r"names 3 classes, and .* hold 2 \(background, tumour\)"):
        convert(busi_raw, tmp_path / "out", "busi", options, say=lambda line: None)
    assert not (tmp_path / "out").exists()
