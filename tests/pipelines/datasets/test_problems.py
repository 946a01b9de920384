from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.datasets.dataset import read
from pipelines.datasets.layouts.sample import Problem
from pipelines.datasets.problems import ProblemsError, as_left_out, reason_lines, refuse
from pipelines.errors import InputError
from tests.pipelines.datasets.made_layout import Broken, Made
from transforms.picture import PictureError


def test_bad_samples_are_left_out_on_request_and_listed(made: Made) -> None:
    made.change(1, image=Broken(PictureError('image "x/1.png" is truncated')))
    made.change(3, image=Broken(PermissionError(13, "Permission denied")))
    made.problems = [Problem("t.csv row 9", "row 9 of t.csv names no image; mend it")]
    lines = [
        "row 9 of t.csv names no image; mend it",
        'image "x/1.png" is truncated',
        'image "x/3.png" cannot be read: Permission denied',
    ]
    with pytest.raises(InputError) as caught:
        made.convert()
    assert str(caught.value).splitlines()[1:] == [f"  {line}" for line in lines]
    assert not made.out.exists() and made.said == []
    done = made.convert(skip_bad=True)
    assert done.left_out == ["t.csv row 9", "x/1.png", "x/3.png"]
    assert [each["reason"] for each in read(made.out).source["left_out"]] == lines
    assert made.said == ["left out: what cannot be converted (3):", *(f"  {x}" for x in lines)]
    assert len(done.dataset.items) == 10 == len(list((made.out / "images").iterdir()))


def test_nothing_that_can_be_converted_is_an_error(made: Made) -> None:
    for number in range(12):
        made.change(number, image=Broken(InputError("no")))
    with pytest.raises(InputError, match="can be converted; mend what is named above"):
        made.convert(skip_bad=True)


def test_one_problem_is_one_line_and_many_are_counted() -> None:
    refuse(Path("raw"), [])
    with pytest.raises(InputError, match=r"^only this$"):
        refuse(Path("raw"), [Problem("a", "only this"), Problem("b", "only this")])
    with pytest.raises(InputError) as caught:
        refuse(Path("raw"), [Problem("a", f"line {number}") for number in range(13)])
    lines = str(caught.value).splitlines()
    assert lines[0] == "13 problems in raw; nothing was written:"
    assert lines[-1] == "  and 3 more" and len(lines) == 12


def test_the_option_that_leaves_them_out_is_named() -> None:
    problems = [Problem(name, f"{name} is missing") for name in "ab"]
    with pytest.raises(InputError, match=r"^a is missing \(--skip-bad leaves it out\)$"):
        refuse(Path("raw"), problems[:1], "--skip-bad")
    with pytest.raises(InputError, match=r"nothing was written \(--skip-bad leaves these out\):"):
        refuse(Path("raw"), problems, "--skip-bad")


def test_a_refusal_holds_all_problems() -> None:
    with pytest.raises(ProblemsError) as caught:
        refuse(Path("raw"), [Problem(f"{number}", f"line {number}") for number in range(13)])
    assert len(caught.value.problems) == 13
    assert caught.value.problems[12] == {"source": "12", "reason": "line 12"}


def test_the_reasons_of_one_source_are_joined() -> None:
    problems = [Problem("a", "one"), Problem("b", "two"), Problem("a", "three")]
    assert as_left_out(problems) == [
        {"source": "a", "reason": "one; three"},
        {"source": "b", "reason": "two"},
    ]


def test_a_reason_that_several_share_is_given_once_with_their_number() -> None:
    problems = [
        Problem("v#0", "v is truncated"),
        Problem("w", "x"),
        Problem("v#1", "v is truncated"),
    ]
    assert reason_lines(as_left_out(problems)) == ["v is truncated (2 images)", "x"]
