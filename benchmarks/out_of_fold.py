"""Train recipes of a bundle on every fold and score the pooled out-of-fold cases.

Fold f is scored once, fold f + 1 chooses the epoch, the others train; the intervals are bootstraps
over the groups of the pooled cases. A row a score is written as each fold ends, and the rows of all
folds together when the last has ended. A fold that has its scores is not run again; one that was
broken off goes on from its last epoch.

    python benchmarks/out_of_fold.py breast_us_classification --dataset_dir datasets/busi_classes
    python benchmarks/out_of_fold.py breast_us_classification --dataset_dir datasets/busi_classes \
        --recipe frozen --out docs/results/breast_us_classification.csv --weights FILE
    python benchmarks/out_of_fold.py breast_us_segmentation --dataset_dir datasets/busi \
        --recipe joint --weights FILE --normalisation symmetric

Several recipes of a classification that answer together are joined by +, another seed of a recipe
follows @:

    python benchmarks/out_of_fold.py breast_us_classification --dataset_dir datasets/busi_classes \
        --recipe lesion_guided+lesion_guided@1+embeddings_scales --masks_dir datasets/busi

What is not named here, such as --weights, goes to each training.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

from recipe_runs import (
    DEFAULT,
    Row,
    call,
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
from pipelines.crossval.pooled import pooled_scores
from pipelines.datasets.dataset import read
from pipelines.errors import InputError
from pipelines.evaluation.segmentation_ratios import SCORES_BY_MARKS
from pipelines.series.commands import bundle_command

SCORES = {
    "classification": ("balanced_accuracy", "accuracy", "auroc", "macro_f1", "kappa", "brier"),
    "segmentation": ("dice", "iou", "lesion_recall", "lesion_precision", "false_positive_rate"),
}
KEY = ("recipe", "split", "fold", "score")
COLUMNS = (
    *KEY,
    *("value", "low", "high", "n", "groups"),
    *("epochs", "best_epoch", "training_minutes", "command"),
)


def main() -> None:
    """Train what is missing and write the table."""
    ended_well(run, _options())


def _options() -> argparse.Namespace:
    parser = options_of_runs(__doc__, "runs/out_of_fold")
    parser.add_argument("bundle", help="such as breast_us_classification")
    parser.add_argument(
        "--recipe", default=DEFAULT, help="a variant's name, or several (default: the bundle's)"
    )
    parser.add_argument("--masks_dir", type=Path, help="masks for the recipes that learn from some")
    return parsed(parser)


def run(options: argparse.Namespace) -> None:
    """Train and score every fold of the dataset, and write the rows as they come.

    Raises:
        InputError: the dataset or a variant cannot be read, or a training failed.
    """
    dataset = read(options.dataset_dir)
    split = "leaky" if dataset.leaky else "grouped"
    table = options.out or options.runs / f"{options.bundle}-{options.recipe}-{split}.csv"
    if dataset.task != "classification" and "+" in options.recipe:
        raise InputError(f"--recipe is {options.recipe}; only recipes of a classification join")
    folders, minutes = [], []
    for fold in dataset.folds:
        members = [
            _member(options, name, fold, options.runs / f"{options.bundle}-{name}-{split}-{fold}")
            for name in options.recipe.split("+")
        ]
        for member in members:
            train(member.command, member.folder)
        folder, commands = _answered(options, members)
        folders.append(folder)
        scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
        minutes.append(_sum([_minutes(member.folder) for member in members]))
        trained = [
            json.loads((member.folder / "scores.json").read_text(encoding="utf-8"))
            for member in members
        ]
        facts = {
            "epochs": _joined([one["epochs_run"] for one in trained]),
            "best_epoch": _joined([one["epoch"] for one in trained]),
            "training_minutes": minutes[-1],
            "command": " && ".join(map(shown, commands)),
        }
        key = {"recipe": options.recipe, "split": split, "fold": fold}
        rows = [{**key, **row, **facts} for row in _rows(scores, dataset.task)]
        write_rows(table, rows, COLUMNS, KEY)
    pooled = pooled_scores(folders)
    key = {"recipe": options.recipe, "split": split, "fold": "all"}
    facts = {"training_minutes": _sum(minutes), "command": _repeat(options)}
    rows = [{**key, **row, **facts} for row in _rows(pooled, dataset.task)]
    write_rows(table, rows, COLUMNS, KEY)
    for row in rows:
        print(f"{row['score']:<50}{row['value']} ({row['low']}-{row['high']}), n = {row['n']}")
    print(table)


class Member(NamedTuple):
    """A training of a fold.

    Attributes:
        folder: of the run.
        command: that trains it.
    """

    folder: Path
    command: list[str]


def _member(options: argparse.Namespace, name: str, fold: int, folder: Path) -> Member:
    recipe, _, seed = name.partition("@")
    arguments: dict[str, Any] = {"dataset_dir": options.dataset_dir, "fold": fold}
    arguments |= {"output_dir": folder}
    if seed:
        arguments["seed"] = seed
    texts = [file.read_text(encoding="utf-8") for file in recipe_files(options.bundle, recipe)[1:]]
    if options.masks_dir and any("guided_loss" in text for text in texts):
        arguments["masks_dir"] = options.masks_dir
    return Member(folder, training_command(options.bundle, recipe, arguments, options.overrides))


def _answered(options: argparse.Namespace, members: list[Member]) -> tuple[Path, list[list[str]]]:
    """Gives the folder of a fold's scores, and the commands that led there."""
    commands = [member.command for member in members]
    folder = members[0].folder
    if len(members) == 1:
        return folder, commands
    configs = bundle_root(options.bundle) / "configs"
    runs = [str(member.folder) for member in members]
    files = [configs / "train.json", configs / "evaluate.json"]
    together = bundle_command(files, {"output_dir": folder, "ensemble": runs})
    call(together)
    return folder / "ensemble", [*commands, together]


def _joined(numbers: list[int | None]) -> str:
    """The numbers of those members that were trained by epochs."""
    return "+".join(str(number) for number in numbers if number is not None)


def _sum(minutes: list[float | None]) -> float | None:
    """The sum; None where no network was trained at all."""
    known = [one for one in minutes if one is not None]
    return round(sum(known), 1) if known else None


def _minutes(folder: Path) -> float | None:
    """Time of the epochs; None where no network was trained."""
    seconds = epoch_seconds(folder)
    return round(sum(seconds) / 60, 1) if seconds else None


def _rows(scores: dict[str, Any], task: str) -> list[Row]:
    entries = {name: scores["scores"][name] for name in SCORES[task]}
    if task == "classification":
        entries |= {f"recall of {name}": one["recall"] for name, one in scores["by_class"].items()}
    for part, by_score in scores.get("by_marks", {}).items():
        if task == "segmentation":
            given = by_score.get("scores", by_score)  # of pooled cases there are more of them
            entries |= {f"{name} {part}": given[name] for name in SCORES_BY_MARKS}
    entries |= scores.get("froc", {}).get("scores", {})
    return [
        {
            "score": name,
            **{key: rounded(entry[key]) for key in ("value", "low", "high")},
            **{key: entry[key] for key in ("n", "groups")},
        }
        for name, entry in entries.items()
    ]


def _repeat(options: argparse.Namespace) -> str:
    recipe = [] if options.recipe == DEFAULT else ["--recipe", options.recipe]
    masks = ["--masks_dir", str(options.masks_dir)] if options.masks_dir else []
    parts = [options.bundle, "--dataset_dir", str(options.dataset_dir), *recipe, *masks]
    parts += options.overrides
    return " ".join(["python benchmarks/out_of_fold.py", *parts])


if __name__ == "__main__":
    main()
