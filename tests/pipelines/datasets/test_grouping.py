from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.datasets.convert import Conversion
from pipelines.datasets.grouping import grouping_text
from pipelines.datasets.layouts.sample import DUPLICATES, Sample
from tests.pipelines.datasets.made_layout import Given, Made


def groups(done: Conversion) -> dict[str, str]:
    items = (*done.dataset.items, *done.dataset.testing)
    return {item["source"].split("/")[-1].removesuffix(".png"): item["group"] for item in items}


def test_groups_are_joined_with_near_duplicates(made: Made) -> None:
    for number, group in {0: "p", 2: "p", 4: "q", 6: "q", 1: "r", 3: "r"}.items():
        made.change(number, group=group)
    made.change(8, image=Given(made.texture(0)[::-1]))
    done = made.convert(folds=3)
    found = groups(done)
    assert found["0"] == found["2"] == found["8"] != found["4"] == found["6"]
    assert len(set(found.values())) == 12 - 4
    assert done.dataset.source["grouping"] == (
        "groups of the data for 6 of 12 images, joined with near-duplicate clusters"
    )


def test_two_patients_with_the_same_image_become_one_group(made: Made) -> None:
    for number in range(12):
        made.change(number, group=f"p{number // 2}")
    made.facts = replace(made.facts, grouping="patient ids of the data")
    made.change(2, image=Given(made.texture(0)))
    done = made.convert()
    assert groups(done)["0"] == groups(done)["3"] != groups(done)["4"]
    text = "patient ids of the data, joined with near-duplicate clusters"
    assert done.dataset.source["grouping"] == text


def test_blank_pictures_do_not_join_patients(made: Made) -> None:
    for number in range(12):
        made.change(number, group=f"p{number}")
    for number in (0, 2):
        made.change(number, image=Given(np.zeros((60, 90), np.uint8)))
    assert len(set(groups(made.convert()).values())) == 12


def test_the_text_says_what_the_groups_are() -> None:
    known, unknown = (Sample("x", Given(np.zeros((1, 1))), "a", group=g) for g in ("p", None))
    assert grouping_text(DUPLICATES, [unknown]) == DUPLICATES
    joined = "patient ids, joined with near-duplicate clusters"
    assert grouping_text("patient ids", [known]) == joined == grouping_text(joined, [known])
