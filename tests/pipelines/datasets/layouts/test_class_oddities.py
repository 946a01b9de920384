from __future__ import annotations

from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts.class_oddities import oddities
from pipelines.datasets.layouts.levels import Levels
from pipelines.datasets.layouts.places import find_places
from pipelines.datasets.layouts.sample import Facts, Sample, Scan
from pipelines.datasets.layouts.walk import Walk
from pipelines.datasets.sources.picture_file import PictureFile


def odd(files: list[str], empty: list[str], labels: tuple[str, ...], top: str = ".") -> list[str]:
    paths = [PurePosixPath(file) for file in files]
    folders = {above for file in paths for above in file.parents[:-1]}
    tree = Walk(Path("raw"), paths, sorted(folders | {PurePosixPath(name) for name in empty}))
    places, _ = find_places(tree, PurePosixPath(top))
    samples = [
        Sample(place.source, PictureFile(Path(place.source)), place.folders[0], part=place.part)
        for place in places
    ]
    scan = Scan(Path("raw"), Facts("raw", "OT", labels), samples)
    return list(oddities(tree, PurePosixPath(top), places, Levels(), scan))


def test_nothing_odd() -> None:
    assert odd(["a/1.png", "b/w/1.png"], ["b/deeper"], ("a", "b")) == []


def test_files_and_empty_folders_and_unused_classes() -> None:
    texts = [f"a/{number}.txt" for number in range(6)]
    assert odd(["a/1.png", *texts], ["b", "b/w"], ("a", "c")) == [
        'files that are no pictures were left aside: "a/0.txt", "a/1.txt", "a/2.txt", "a/3.txt", '
        '"a/4.txt" and 1 more',
        'folder "b" holds no image',
        'no image has the class "c"',
    ]


def test_uneven_parts() -> None:
    files = ["d/train/a/1.png", "d/train/b/1.png", "d/test/a/1.png", "d/test/c/1.png"]
    assert odd(files, ["d/val", "d/val/a", "d/test/b"], ("a", "b", "c"), "d") == [
        'folder "test/b" holds no image',
        'folder "val" holds no image',
        'the class "b" occurs in train but not in test',
        'the class "c" occurs in test but not in train',
    ]


def test_twins() -> None:
    (line,) = odd(["a/1.jpg", "a/1.png", "a/2.jpg", "b/1.png", "b/1.tif"], [], ("a", "b"))
    assert line == (
        '2 pictures have the name of another but for the suffix, such as "a/1.jpg" and "a/1.png"; '
        "if one of each is a copy or a mask, take it out"
    )
