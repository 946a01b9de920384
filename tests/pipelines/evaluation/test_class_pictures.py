"""Every picture of a classification is written, whole, at its size."""

from pathlib import Path

import pandas as pd
from PIL import Image

from pipelines.evaluation.class_pictures import draw_class_pictures


def test_all_pictures_are_written_and_another_run_replaces_them(tmp_path: Path) -> None:
    cases = pd.DataFrame({"class": ["a", "b"], "p_a": [0.9, 0.2], "p_b": [0.1, 0.8]})
    cases["group"] = ["1", "2"]
    for _ in range(2):
        paths = draw_class_pictures(cases, ["a", "b"], [[1, 0], [0, 1]], tmp_path / "plots")
    names = ["confusion.png", "roc.png", "precision_recall.png", "reliability.png"]
    assert [path.name for path in paths] == names
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == sorted(names)
    for path in paths:
        with Image.open(path) as image:
            assert image.size == (1050, 1050 if path.stem == "reliability" else 900)
