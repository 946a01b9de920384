from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import InputError
from pipelines.evaluation.cases import case_table, read_cases, write_cases
from pipelines.evaluation.classification import classification_columns, classification_row

LABELS = ["benign", "malignant", "normal"]
COLUMNS = classification_columns(LABELS)


def table(n: int = 90, seed: int = 0, groups: int = 45) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    probabilities = rng.dirichlet([1, 1, 1], n) + 0.5 * np.eye(3)[truth]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    items = [
        {"id": f"{i:03d}", "group": f"g{i % groups}", "fold": 0, "class": LABELS[truth[i]]}
        for i in range(n)
    ]
    rows = [classification_row(i, p, LABELS) for i, p in zip(items, probabilities, strict=True)]
    return case_table(rows, COLUMNS)


def test_the_table_comes_back_from_its_file(tmp_path: Path) -> None:
    cases = table(12)
    write_cases(tmp_path / "cases.csv", cases, COLUMNS)
    pd.testing.assert_frame_equal(read_cases(tmp_path / "cases.csv", COLUMNS), cases)
    text = (tmp_path / "cases.csv").read_text().replace("benign", "begnin")
    (tmp_path / "cases.csv").write_text(text.replace("p_begnin", "p_benign"))
    with pytest.raises(InputError, match="expected one of benign, malignant, normal"):
        read_cases(tmp_path / "cases.csv", COLUMNS)


def test_no_row_is_made_of_nan() -> None:
    item = {"id": "007", "group": "g", "fold": 0, "class": "benign"}
    with pytest.raises(InputError, match="007: the model answers the probabilities"):
        classification_row(item, [0.5, float("nan"), 0.5], LABELS)
