from __future__ import annotations

import pytest

from pipelines.datasets.dataset import read
from pipelines.errors import InputError
from tests.pipelines.datasets.made_layout import Given, Made


def split(made: Made) -> None:
    parts = ["train", "train", "validation", "validation", "test", "test"] * 2
    for number, part in enumerate(parts):
        made.change(number, part=part)


def test_the_official_test_part_is_kept_apart_on_request(made: Made) -> None:
    split(made)
    plain = made.convert(folds=3).dataset
    assert plain.testing == () and [item["part"] for item in plain.items[:2]] == ["train"] * 2
    kept = made.convert(folds=3, keep_split=True, overwrite=True).dataset
    assert read(made.out) == kept
    assert [item["source"] for item in kept.testing] == [f"x/{n}.png" for n in (4, 5, 10, 11)]
    assert all("fold" not in item and item["part"] == "test" for item in kept.testing)
    assert {item["fold"] for item in kept.items} == {0, 1, 2} and len(kept.items) == 8


def test_a_group_on_both_sides_of_the_official_split(made: Made) -> None:
    split(made)
    for number in (12, 13):
        made.samples.append(made.sample(number, part="train"))
    made.change(12, group="p7")
    made.change(4, group="p7")
    made.change(13, image=Given(made.texture(5)[:, ::-1]))
    with pytest.raises(InputError) as caught:
        made.convert(keep_split=True)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("2 images of the training side are of one group (patient, or near-d")
    assert lines[1] == '  "x/12.png" (train) and "x/4.png" (test), group "p7"'
    assert lines[2] == '  "x/13.png" (train) and "x/5.png" (test)'
    assert not made.out.exists()
    done = made.convert(keep_split=True, skip_bad=True)
    assert done.left_out == ["x/12.png", "x/13.png"] and len(done.dataset.testing) == 4
    assert len(list((made.out / "images").iterdir())) == 12


def test_a_class_that_a_part_lacks_is_warned_of(made: Made) -> None:
    split(made)
    made.convert(keep_split=True)
    assert made.said == []
    for number in (5, 11):
        made.change(number, part="train")
    made.convert(keep_split=True, overwrite=True)
    lines = ['warning: the test part of the data has no image of class "b": no score on it will ']
    assert [line[: len(lines[0])] for line in made.said] == lines
    made.said.clear()
    for number in range(1, 12, 2):
        made.change(number, part="test")
    made.convert(keep_split=True, overwrite=True)
    line = 'warning: the training part of the data has no image of class "b": no model can learn'
    assert [each[: len(line)] for each in made.said] == [line]


def test_a_class_of_which_all_training_images_are_left_out_is_warned_of(made: Made) -> None:
    split(made)
    for number in range(1, 12, 2):
        made.change(number, group="p")
    made.convert(keep_split=True, skip_bad=True)
    assert made.said[-1].startswith("warning: the training part of the data has no image of class ")


def test_a_split_that_is_not_there_cannot_be_kept(made: Made) -> None:
    with pytest.raises(InputError, match="--keep-split: nothing is in a test part"):
        made.convert(keep_split=True)
