from __future__ import annotations

import numpy as np
import pytest
from monai.data import load_decathlon_datalist

from pipelines.datasets.job import numbered, plain_stem
from pipelines.datasets.layouts.sample import Sample
from tests.pipelines.datasets.made_layout import Given, Made


def test_a_source_that_is_called_like_a_written_file_does_no_harm(made: Made) -> None:
    made.change(0, source="images/a_0001.png")
    done = made.convert()
    assert done.dataset.items[0]["image"] == "images/a_00001.png"
    loaded = load_decathlon_datalist(made.out / "dataset.json", False, "training")
    assert loaded[0]["source"] == "images/a_0001.png"


@pytest.mark.parametrize(
    ("category", "stem"),
    [("Fetal abdomen", "Fetal abdomen"), ("a/b\\c", "a-b-c"), (".", "class"), ("x" * 99, "x" * 60)],
)
def test_any_class_name_makes_a_file_name(category: str, stem: str) -> None:
    assert plain_stem(category) == stem


def test_classes_of_one_plain_name_are_counted_together() -> None:
    samples = [
        Sample(str(n), Given(np.zeros((1, 1))), c) for n, c in enumerate(("a/b", "A-B", "c"))
    ]
    names = [job.name for job in numbered(samples, "nifti")]
    assert names == ["a-b_0001.nii.gz", "A-B_0002.nii.gz", "c_0001.nii.gz"]
