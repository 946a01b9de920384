"""Train the variants of a segmentation bundle on the same fold, and compare them in one table.

Parameters, seconds an epoch (the median) and each score with its interval. A row a score is written
as each training ends; a recipe that has its scores is not run again, and one that was broken off
goes on from its last epoch.

    python benchmarks/segmentation_variants.py breast_us_segmentation --dataset_dir datasets/busi
    python benchmarks/segmentation_variants.py breast_us_segmentation --dataset_dir datasets/busi \
        --recipes default attention_unet --fold 1 --out docs/results/NAME.csv --epochs 40

What is not named here, such as --epochs, goes to each training.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser
from recipe_runs import (
    DEFAULT,
    Row,
    ended_well,
    epoch_seconds,
    options_of_runs,
    parsed,
    recipe_files,
    rounded,
    shown,
    train,
    training_command,
    write_rows,
)

from pipelines.bundles import bundle_root

KEY = ("recipe", "fold", "score")
COLUMNS = (
    *KEY,
    *("value", "low", "high", "n", "groups"),
    *("parameters", "epochs", "best_epoch", "seconds_an_epoch", "command"),
)
SCORES = (
    *("dice", "iou", "precision", "recall"),
    *("lesion_recall", "lesion_precision", "false_positive_rate"),
    *("pixel_accuracy", "surface_dice"),
)
"""Those that the bundle has are written."""


def main() -> None:
    """Train what is missing and write the table."""
    ended_well(run, _options())


def _options() -> argparse.Namespace:
    parser = options_of_runs(__doc__, "runs/segmentation_variants")
    parser.add_argument("bundle", help="such as breast_us_segmentation")
    parser.add_argument("--recipes", nargs="+", help="variants (default: the bundle's, and all)")
    parser.add_argument("--fold", type=int, default=0)
    return parsed(parser)


def run(options: argparse.Namespace) -> None:
    """Train and score each recipe, and write its rows when it has ended.

    Raises:
        InputError: a variant cannot be read, or a training failed.
    """
    table = options.out or options.runs / f"{options.bundle}.csv"
    recipes = options.recipes or [DEFAULT, *_variants(options.bundle)]
    for recipe in recipes:
        recipe_files(options.bundle, recipe)  # a misspelt one stops before the first training
    for recipe in recipes:
        folder = options.runs / f"{options.bundle}-{recipe}-{options.fold}"
        arguments = {"dataset_dir": options.dataset_dir, "fold": options.fold}
        arguments["output_dir"] = folder
        command = training_command(options.bundle, recipe, arguments, options.overrides)
        train(command, folder)
        key = {"recipe": recipe, "fold": options.fold}
        rows = [{**key, **row, "command": shown(command)} for row in _rows(folder)]
        write_rows(table, rows, COLUMNS, KEY)
        first = rows[0]
        print(f"{recipe:<22}{first['score']} {first['value']} ({first['low']}-{first['high']})")
    print(table)


def _variants(bundle: str) -> list[str]:
    folder = bundle_root(bundle) / "configs" / "variants"
    return sorted(path.stem for path in folder.glob("*.json"))


def _rows(folder: Path) -> list[Row]:
    """The scores of a run, each with the facts of the training."""
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    facts = {
        "parameters": parameters(folder),
        "epochs": scores["epochs_run"],
        "best_epoch": scores["epoch"],
        "seconds_an_epoch": round(statistics.median(epoch_seconds(folder)), 1),
    }
    return [
        {
            "score": name,
            **{part: rounded(entry[part]) for part in ("value", "low", "high")},
            **{part: entry[part] for part in ("n", "groups")},
            **facts,
        }
        for name, entry in ((name, scores["scores"].get(name)) for name in SCORES)
        if entry is not None
    ]


def parameters(folder: Path) -> int:
    """Numbers that the network of a run learns or could learn."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    network = ConfigParser(config).get_parsed_content("network_def")
    return sum(parameter.numel() for parameter in network.parameters())


if __name__ == "__main__":
    main()
