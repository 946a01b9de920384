from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.datasets.layouts.busi import scan
from pipelines.errors import InputError


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
    assert [path.name for path in found.samples[0].masks] == [
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
    assert sorted(found.problems) == [
        'class folder "masks" has a reserved name; rename it',
        'image "b/2.png" has no mask ("2_mask.png")',
        'images "b/1.jpg" and "b/1.png" share one name and one mask',
        'mask "b/3_mask.png" has no image',
    ]
    assert found.warnings == [
        'folder "b/more" is neither an image nor a mask',
        'file "b/notes.txt" is neither an image nor a mask',
        'file "readme.md" is outside the class folders',
    ]


def test_other_layouts_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"raw folder .*none does not exist"):
        scan(tmp_path / "none")
    with pytest.raises(InputError, match="is empty; expected RAW/<class>"):
        scan(tmp_path)
    lay(tmp_path, "Input.npy", "Output.npy")
    with pytest.raises(InputError) as caught:
        scan(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} looks like a folder of NumPy arrays (Input.npy), not the busi layout: "
        "expected RAW/<class>/x.png with x_mask.png beside it"
    )
    with pytest.raises(InputError, match="is a file; expected a folder"):
        scan(tmp_path / "Input.npy")
