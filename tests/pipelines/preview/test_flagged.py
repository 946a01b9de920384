"""Flags and findings: every one has its images."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import InputError
from pipelines.preview.flagged import AUDIT, finding_selections, flag_selections
from tests.pipelines.preview.made_dataset import entry, segmentation


def finding(check: str, images: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    return {"check": check, "severity": "error", "text": "Look.", "images": list(images), **more}


def audited(folder: Path, *findings: dict[str, Any]) -> Any:
    dataset = segmentation(folder)
    (folder / AUDIT).write_text(json.dumps({"findings": findings, "version": 1}))
    return dataset


def test_an_image_stands_below_each_of_its_flags() -> None:
    flags = {"a": "text,caliper", "b": "caliper", "c": "colour", "d": None}
    items = [entry(f"images/{n}.png", **({"flags": f} if f else {})) for n, f in flags.items()]
    selections = flag_selections(items, 9, seed=0)
    found = {each.name: [item["image"][7] for item in each.items] for each in selections}
    assert found == {"caliper": ["a", "b"], "colour": ["c"], "text": ["a"]}
    assert list(found) == sorted(found)
    (first, *_) = flag_selections(items, 1, seed=0)
    assert len(first.items) == 1 and len(first.among) == 2


def test_a_finding_that_ranks_shows_its_first_images(tmp_path: Path) -> None:
    names = ["images/a_04.png", "images/a_00.png", "images/b_02.png"]
    details = {"ranked": "distance", "distance": {}}
    dataset = audited(tmp_path, finding("odd", names, details=details), finding("balance"))
    (selection,) = finding_selections(dataset, dataset.items, 2, 0)
    assert (selection.kind, selection.name, selection.pairs) == ("finding", "odd", 0)
    assert [item["image"] for item in selection.items] == names[:2]
    assert [item["image"] for item in selection.among] == names
    assert selection.text == "Error: Look."


def test_a_finding_without_order_is_spread_over_the_folds(tmp_path: Path) -> None:
    dataset = segmentation(tmp_path, 12)
    names = [item["image"] for item in dataset.items]
    (tmp_path / AUDIT).write_text(json.dumps({"findings": [finding("border", names)]}))
    (selection,) = finding_selections(dataset, dataset.items, 3, 0)
    assert sorted(item["fold"] for item in selection.items) == [0, 1, 2]


def test_both_images_of_a_pair_stand_side_by_side(tmp_path: Path) -> None:
    names = [f"images/{name}.png" for name in ("a_00", "a_01", "b_02", "a_03", "a_04", "b_05")]
    pairs = [(0, 4), (0, 1), (2, 5), (3, 1)]
    content = [{"first": names[one], "second": names[two], "kind": "near"} for one, two in pairs]
    dataset = audited(tmp_path, finding("copies", names, details={"pairs": content}))
    (selection,) = finding_selections(dataset, dataset.items, 100, 0)
    assert selection.pairs == 4 and len(selection.among) == 6
    shown = [item["image"] for item in selection.items]
    assert shown == [names[place] for pair in pairs for place in pair]
    (few,) = finding_selections(dataset, dataset.items, 5, 0)
    assert [item["image"] for item in few.items] == [*shown[:2], *shown[4:6]]
    (one,) = finding_selections(dataset, dataset.items, 1, 0)
    assert len(one.items) == 2


def test_a_group_in_two_folds_is_a_pair_of_them(tmp_path: Path) -> None:
    names = ["images/a_00.png", "images/a_01.png", "images/a_03.png"]
    details = {"groups": {"g1": {"fold 0": names[:2], "fold 1": names[2:]}}}
    dataset = audited(tmp_path, finding("group-leak", names, details=details))
    (selection,) = finding_selections(dataset, dataset.items, 9, 0)
    assert [item["image"] for item in selection.items] == [names[0], names[2]]


def test_findings_of_one_check_share_a_sheet_and_no_image_stands_twice(tmp_path: Path) -> None:
    one, two = ["images/a_00.png", "images/a_01.png"], ["images/a_01.png", "images/a_03.png"]
    more = finding("border", two, severity="note", text="More.")
    dataset = audited(tmp_path, finding("border", one), finding("size", one), more)
    border, size = finding_selections(dataset, dataset.items, 9, 0)
    assert [item["image"] for item in border.items] == [*one, "images/a_03.png"]
    assert border.text == "Error: Look. Note: More." and size.name == "size"


def test_only_wanted_images_are_shown(tmp_path: Path) -> None:
    dataset = audited(tmp_path, finding("border", ["images/a_00.png"]))
    assert finding_selections(dataset, dataset.items[1:], 9, 0) == []


def test_without_an_audit_there_are_no_findings(tmp_path: Path) -> None:
    dataset = segmentation(tmp_path)
    assert finding_selections(dataset, dataset.items, 9, 0) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "cannot be read"),
        ("[]", "is no audit"),
        ('{"findings": [{"check": "a"}]}', "is no audit"),
        ('{"findings": [{"check": "a", "severity": "b", "text": "c", "images": [1]}]}', "is no au"),
        (json.dumps({"findings": [finding("leak", details={"pairs": [1]})]}), "is no audit"),
        (json.dumps({"findings": [finding("leak", details=[])]}), "is no audit"),
        (json.dumps({"findings": [finding("leak", ["images/gone.png"])]}), "names images/gone.png"),
    ],
)
def test_an_audit_that_does_not_fit_is_refused(content: str, expected: str, tmp_path: Path) -> None:
    dataset = segmentation(tmp_path)
    (tmp_path / AUDIT).write_text(content)
    with pytest.raises(InputError, match=expected) as caught:
        finding_selections(dataset, dataset.items, 9, 0)
    assert "med2d audit" in str(caught.value) and "\n" not in str(caught.value)
