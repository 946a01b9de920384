from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.datasets.conflicts import without_conflicts
from pipelines.datasets.layouts.sample import Sample
from pipelines.datasets.sources.picture_file import PictureFile
from pipelines.errors import InputError

SAMPLES = [Sample(str(n), PictureFile(Path("x")), c) for n, c in enumerate("aabbb")]


def test_both_images_of_a_pair_of_two_classes_are_left_out() -> None:
    said: list[str] = []
    pairs = np.array([(0, 1), (1, 2), (1, 3), (3, 4)])
    kept, left = without_conflicts(SAMPLES, pairs, False, said.append)
    assert kept == [0, 4]
    assert left == [
        {"source": "1", "reason": "near-duplicate of 2"},
        {"source": "2", "reason": "near-duplicate of 1"},
        {"source": "3", "reason": "near-duplicate of 1"},
    ]
    assert said == [
        "left out: both images of near-duplicate pairs with two classes (2):",
        '  "1" and "2"',
        '  "1" and "3"',
    ]
    assert without_conflicts(SAMPLES, pairs, True, said.append) == ([0, 1, 2, 3, 4], [])
    assert said[3].startswith("kept: both images")


def test_a_class_that_would_be_left_out_whole_is_refused() -> None:
    with pytest.raises(InputError, match="every image of a is a near-duplicate of one of another"):
        without_conflicts(SAMPLES, np.array([(0, 2), (1, 2)]), False, lambda line: None)
    pairs = np.array([(0, 2), (1, 3), (1, 4)])
    with pytest.raises(InputError, match="nothing is left"):
        without_conflicts(SAMPLES, pairs, False, lambda line: None)
