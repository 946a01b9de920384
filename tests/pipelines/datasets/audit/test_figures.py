from __future__ import annotations

from typing import Any

import pytest

from pipelines.datasets.audit.figures import PAIRS, PICTURES, figures, is_outlined, shown
from pipelines.datasets.audit.finding import Finding
from pipelines.datasets.audit.thumbnail import Thumbnail
from tests.pipelines.datasets.audit.made_cases import case


def image(number: int) -> str:
    return f"images/a_{number:04d}.png"


def finding(count: int, check: str = "blank-image", **details: Any) -> Finding:
    images = tuple(image(number) for number in range(count))
    return Finding(check, "warning", "Title", images=images, details=details)


def drawn(of: Finding, **changes: Any) -> dict[str, Any]:
    places = {image(number): case(number, **changes).item for number in range(60)}
    pictures = {name: Thumbnail(outline="M0 0Z") for name in places}
    return figures(of, shown(of), places, pictures)


def test_few_images_are_all_shown_and_many_at_even_distances() -> None:
    assert shown(finding(3)) == [(image(0),), (image(1),), (image(2),)]
    rows = shown(finding(10 * PICTURES))
    assert len(rows) == PICTURES and rows[1] == (image(10),)
    assert drawn(finding(48))["some"] == "12 of 48 images shown"
    assert drawn(finding(3))["some"] == "" and shown(finding(0)) == []


def test_of_ranked_images_the_first_are_shown() -> None:
    assert shown(finding(50, ranked="parts"))[-1] == (image(PICTURES - 1),)


def test_pairs_stand_side_by_side_and_say_how_they_are_related() -> None:
    pairs: list[dict[str, str]] = [
        {"first": image(n), "second": image(n + 1), "kind": "near"} for n in range(8)
    ]
    pairs[0]["kind"] = "exact"
    pairs[1]["turn"] = "upside down"
    found = drawn(finding(9, pairs=pairs))
    assert len(found["figures"]) == PAIRS and found["paired"] and not found["few"]
    assert [figure["note"] for figure in found["figures"][:2]] == ["the same pixels", "upside down"]
    assert found["some"] == "6 of 8 pairs shown"
    assert drawn(finding(2, pairs=pairs[:1]))["few"]


def test_of_a_group_one_image_of_each_of_two_sides_is_shown() -> None:
    groups = {"p": {"fold 0": [image(0), image(1)], "fold 1": [image(2)], "fold 2": [image(3)]}}
    assert shown(finding(4, groups=groups)) == [(image(0), image(2))]


def test_every_combination_of_marks_is_shown() -> None:
    marks = {image(n): ["text"] for n in range(40)} | {image(40): ["caliper", "text"]}
    rows = shown(finding(41, marks=marks))
    assert (image(40),) in rows and len(rows) == 7
    note = drawn(finding(41, marks=marks))["figures"][0]["pictures"][0]["note"]
    assert note == "caliper, text"


@pytest.mark.parametrize(
    ("details", "note"),
    [
        ({"parts": {image(0): 7}}, "7 parts"),
        ({"specks": {image(0): 1}}, "1 speck"),
        ({"problems": {image(0): f"{image(0)} is torn"}}, "is torn"),
        ({"problems": {image(0): "masks/a.png: it is torn"}}, "it is torn"),
        ({"stray": {image(0): "7 (2 pixels)"}, "values": {"7": {}}}, "7 (2 pixels)"),
        ({}, ""),
    ],
)
def test_what_is_said_of_one_image(details: dict[str, Any], note: str) -> None:
    found = drawn(finding(1, **details), label="masks/a.png")
    assert found["figures"][0]["pictures"][0]["note"] == note


def test_a_caption_names_class_side_and_source() -> None:
    (figure,) = drawn(finding(1), part="train")["figures"]
    (picture,) = figure["pictures"]
    assert (picture["short"], picture["source"]) == ("a_0000.png", "raw 0.png")
    assert (picture["category"], picture["where"], picture["outline"]) == ("a", "fold 0", "")
    (figure,) = drawn(finding(1, "group-across-split"), part="train", fold=None)["figures"]
    assert figure["pictures"][0]["where"] == "testing · train"


def test_masks_are_outlined_where_the_finding_is_about_them() -> None:
    checks = ["full-mask", "many-parts", "mask-size", "unreadable-mask", "blank-image"]
    assert [is_outlined(finding(1, check)) for check in checks] == [True, True, False, False, False]
    (figure,) = drawn(finding(1, "full-mask"))["figures"]
    assert figure["pictures"][0]["outline"] == "M0 0Z"
