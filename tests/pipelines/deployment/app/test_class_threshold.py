from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from highdicom.sr import srread

from pipelines.deployment.app.class_threshold import read_class_threshold
from pipelines.deployment.array_answerer import INFERENCE, RECORD
from pipelines.deployment.made_study import IMAGES, write_study
from pipelines.errors import InputError
from tests.pipelines.deployment.app.conftest import answer_study

LABELS = ["benign", "malignant", "normal"]


def _write(folder: Path, point: Any) -> Path:
    (folder / RECORD).parent.mkdir(parents=True, exist_ok=True)
    (folder / RECORD).write_text(json.dumps({"operating_point": point}), encoding="utf-8")
    if not (folder / INFERENCE).is_file():
        (folder / INFERENCE).write_text("{}", encoding="utf-8")
    return folder


def _point(label: str = "malignant", threshold: Any = 0.25) -> dict[str, Any]:
    return {"kind": "class threshold", "class": label, "threshold": threshold}


def test_a_class_is_found_from_its_threshold_on(tmp_path: Path) -> None:
    point = read_class_threshold(_write(tmp_path, _point()), LABELS)
    assert point is not None and (point.label, point.place) == ("malignant", 1)
    probabilities = np.array([[0.7, 0.25, 0.05], [0.7, 0.2, 0.1]])
    assert [point.is_reached(each) for each in probabilities] == [True, False]


def test_a_threshold_is_not_rounded_to_the_probabilitys_kind(tmp_path: Path) -> None:
    point = read_class_threshold(_write(tmp_path, _point(threshold=0.7)), LABELS)
    assert point is not None and float(np.float32(0.7)) < 0.7
    assert not point.is_reached(np.array([0.2, 0.7, 0.1], np.float32))


@pytest.mark.parametrize("point", [None, {"kind": "most probable class"}, {"kind": "gate"}])
def test_other_operating_points_are_none_of_a_class(tmp_path: Path, point: Any) -> None:
    assert read_class_threshold(_write(tmp_path, point), LABELS) is None
    assert read_class_threshold(tmp_path / "none", LABELS) is None


@pytest.mark.parametrize("point", [_point("cyst"), _point(threshold=None), [1]])
def test_what_fits_no_class_is_refused(tmp_path: Path, point: Any) -> None:
    with pytest.raises(InputError, match=r"package.json: operating_point cannot be used"):
        read_class_threshold(_write(tmp_path, point), LABELS)


def test_what_the_package_applies_must_be_the_same(tmp_path: Path) -> None:
    folder = _write(tmp_path, _point())
    for applied in ({"malignant": 0.25}, {}):
        (folder / INFERENCE).write_text(json.dumps({"thresholds": applied}), encoding="utf-8")
        assert read_class_threshold(folder, LABELS) is not None
    (folder / INFERENCE).write_text(json.dumps({"thresholds": {"malignant": 0.9}}), "utf-8")
    with pytest.raises(InputError, match=r"thresholds \{'malignant': 0.9\}, and .* 0.25 for mal"):
        read_class_threshold(folder, LABELS)


def test_summary_and_report_say_whether_it_is_reached(
    package: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "package"
    shutil.copytree(package("breast_us_classification"), folder)
    _write(folder, _point(threshold=1e-6))
    write_study(tmp_path / "in", IMAGES[:1])
    answer_study(tmp_path / "in", tmp_path / "out", folder)
    content = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    (answer,) = content["images"][0]["answers"]
    assert answer["operating_point"] == {"class": "malignant", "threshold": 1e-6, "found": True}
    report = srread(tmp_path / "out" / "report_0001.dcm")
    (group,) = report.content.get_image_measurement_groups()
    _, point = group.get_qualitative_evaluations()
    assert point.name.meaning == "malignant at the threshold 1e-06"
    assert point.value.meaning == "Positive"
