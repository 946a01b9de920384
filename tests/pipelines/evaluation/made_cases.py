"""Tables of cases that the tests make up."""

from __future__ import annotations

import numpy as np
import pandas as pd

LABELS = ("benign", "malignant", "normal")


def classified(n: int = 60, seed: int = 0, groups: int = 0, skill: float = 0.5) -> pd.DataFrame:
    """Cases of three classes; in groups of one, or in as many as are named.

    The truths and groups do not depend on the skill.
    """
    truth = np.random.default_rng(7).choice(3, n, p=[0.5, 0.3, 0.2])
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet([1, 1, 1], n) + skill * np.eye(3)[truth]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return pd.DataFrame(
        {
            "id": [f"i{k:03d}" for k in range(n)],
            "group": [f"g{k % (groups or n):03d}" for k in range(n)],
            "fold": 0,
            "class": np.array(LABELS)[truth],
            "predicted": np.array(LABELS)[probabilities.argmax(axis=1)],
            **{f"p_{name}": probabilities[:, k] for k, name in enumerate(LABELS)},
        }
    )


def outlined(n: int = 40, seed: int = 0, groups: int = 0, shift: float = 0.0) -> pd.DataFrame:
    """Cases of a segmentation by the columns that other programs may have; a fifth is normal."""
    rng = np.random.default_rng(seed)
    dice = np.clip(rng.beta(6, 2, n) + shift, 0, 1)
    normal = np.arange(n) % 5 == 0
    return pd.DataFrame(
        {
            "id": [f"i{k:03d}" for k in range(n)],
            "group": [f"g{k % (groups or n):03d}" for k in range(n)],
            "class": np.where(normal, "normal", np.where(np.arange(n) % 2, "benign", "malignant")),
            "dice": np.where(normal, np.nan, dice),
            "iou": np.where(normal, np.nan, dice / (2 - dice)),
            "lesion_area": np.where(normal, 0, 100 + np.arange(n)),
        }
    )
