from __future__ import annotations

from typing import Any

from pipelines.datasets.audit.mask_classes import class_faults, mask_table
from tests.pipelines.datasets.audit.made_cases import by_check, case, masked

LABELS = {0: "background", 1: "tumour"}
EMPTY: dict[str, Any] = {"counts": (1200, 0), "lesions": (), "parts": 0}


def test_classes_that_no_mask_or_few_groups_hold_are_named() -> None:
    labels = {0: "ground", 1: "tumour", 2: "cyst", 3: "calcification"}
    cases = [masked(n, counts=(1000, 100, 0, 100 if n < 2 else 0)) for n in range(6)]
    checks = by_check(class_faults(cases, labels))
    assert checks["unused-mask-class"].details == {"classes": ["cyst"]}
    assert checks["rare-mask-class"].details == {"groups": {"calcification": 2}}
    assert len(checks) == 2


def test_the_table_counts_masks_groups_and_pixels() -> None:
    cases = [masked(0, group="p"), masked(1, group="p"), masked(2, **EMPTY), masked(3, soft=True)]
    assert mask_table(cases, LABELS) == {
        "background": {"masks": 3, "groups": 2, "pixels": 3400},
        "tumour": {"masks": 2, "groups": 1, "pixels": 200},
    }
    assert mask_table([case(0)], LABELS) == {}


def test_without_masks_no_class_is_missing() -> None:
    assert class_faults([case(0)], LABELS) == []
    assert class_faults([masked(n) for n in range(4)], LABELS) == []
