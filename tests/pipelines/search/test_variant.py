from __future__ import annotations

import json
from pathlib import Path

from pipelines.search.variant import set_value, variant_of


def test_settings_stand_above_the_variants_and_whole_ones_before_their_arguments(
    tmp_path: Path,
) -> None:
    contents = (
        {"name": "a", "loss": {"_target_": "Dice"}, "validate::handlers": []},
        {"name": "b", "optimizer": {"_target_": "Adam"}},
    )
    files = [tmp_path / f"{number}.json" for number in range(2)]
    for file, content in zip(files, contents, strict=True):
        file.write_text(json.dumps(content))
    sgd = {"_target_": "SGD"}
    settings = {
        **{"optimizer::lr": 0.1, "optimizer": sgd, "network_def::head::dropout": 0.3, "epochs": 3},
    }
    assert variant_of(files, settings) == {
        "name": "b",
        "loss": {"_target_": "Dice"},
        "validate::handlers": [],
        "optimizer": {"_target_": "SGD", "lr": 0.1},
        "network_def::head::dropout": 0.3,
        "epochs": 3,
    }
    assert sgd == {"_target_": "SGD"}  # the space is not changed


def test_places_in_lists_and_missing_levels() -> None:
    content = {"augmentation": [{"prob": 0.1}], "network_def": {"_target_": "N"}}
    set_value(content, "augmentation::0::prob", 0.5)
    set_value(content, "network_def#head#dropout", 0.2)
    assert content == {
        "augmentation": [{"prob": 0.5}],
        "network_def": {"_target_": "N", "head": {"dropout": 0.2}},
    }
