from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.datasets.layouts.sample import Problem
from pipelines.datasets.left_out_counts import KINDS, count_left_out
from pipelines.datasets.problems import as_left_out
from tests.pipelines.datasets.made_layout import Broken, Made


@pytest.mark.parametrize(
    ("source", "line", "kind"),
    [
        ("a/x.PNG", 'image "a/x.PNG" has no mask', "images"),
        ("a/x_mask.png", 'mask "a/x_mask.png" has no image', "masks"),
        ("a/x.png", 'mask "a/y.png" does not fit', "images"),
        ("deep.er", 'folder "deep.er" cannot be read', "folders"),
        ("v.nii.gz", "v.nii.gz is truncated", "files"),
        ("hidden-0123456789ab", "it is truncated", "files"),
        ("v.dcm#3", "v.dcm#3 is truncated", "images"),
        ("Input.npy#3", "it holds NaN", "images"),
        ("labels.CSV#7", "line 7 names no image", "entries"),
        ("training[2]", "training[2] names no image", "entries"),
        ("case #3.png", 'image "case #3.png" lies outside', "images"),
        ("x" * 300, "it cannot be read", "files"),
    ],
)
def test_what_a_reader_refused_is_counted_by_its_kind(
    tmp_path: Path, source: str, line: str, kind: str
) -> None:
    (tmp_path / "top" / "deep.er").mkdir(parents=True)
    problems = [Problem(source, line), Problem(source, "and something else")]
    counts = count_left_out(as_left_out(problems), problems, (tmp_path, tmp_path / "top"))
    assert counts == {each: int(each == kind) for each in KINDS}


def test_what_was_left_out_later_is_an_image() -> None:
    left = [{"source": name, "reason": "near-duplicate"} for name in ("v.nii.gz", "a.csv#1", "x")]
    assert count_left_out(left, [], (Path("raw"),))["images"] == 3


def test_a_conversion_counts_images_and_not_problems(made: Made) -> None:
    made.samples += [made.sample(number) for number in range(12, 15)]
    for number in (1, 3, 14):
        made.change(number, image=Broken(PermissionError(13, "Permission denied")))
    (made.raw / "y").mkdir()
    made.problems = [
        Problem("y", 'folder "y" cannot be read'),
        Problem("x/1.png", 'image "x/1.png" lies outside'),
        Problem("x/z.png", 'mask "x/z.png" has no image'),
    ]
    counts = made.convert(skip_bad=True).left_out_counts
    assert counts == {"images": 3, "masks": 1, "entries": 0, "files": 0, "folders": 1}
