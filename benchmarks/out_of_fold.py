"""Train recipes of a classification bundle on every fold and score the pooled out-of-fold cases.

Fold f is scored once, fold f + 1 chooses the epoch, the others train; the intervals are bootstraps
over the groups of the pooled cases. A row a score is written as each fold ends, and the rows of all
folds together when the last has ended. A fold that has its scores is not run again; one that was
broken off goes on from its last epoch.

    python benchmarks/out_of_fold.py breast_us_classification --dataset_dir datasets/busi_classes
    python benchmarks/out_of_fold.py breast_us_classification --dataset_dir datasets/busi_classes \
        --recipe frozen --out docs/results/breast_us_classification.csv --weights FILE

Several recipes that answer together are joined by +, another seed of a recipe follows @:

    python benchmarks/out_of_fold.py breast_us_classification --dataset_dir datasets/busi_classes \
        --recipe lesion_guided+lesion_guided@1+embeddings_scales --masks_dir datasets/busi

What is not named here, such as --weights, goes to each training.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from pipelines.atomic import write_text
from pipelines.bundles import bundle_root
from pipelines.datasets.dataset import read
from pipelines.errors import InputError
from pipelines.evaluation.cases import read_cases
from pipelines.evaluation.classification import classification_columns
from pipelines.evaluation.classification_scores import classification_scores

DEFAULT = "default"
SCORES = ("balanced_accuracy", "accuracy", "auroc", "macro_f1", "kappa", "brier")
KEY = ("recipe", "split", "fold", "score")
COLUMNS = (
    *KEY,
    *("value", "low", "high", "n", "groups"),
    *("epochs", "best_epoch", "training_minutes", "command"),
)

Row = dict[str, Any]


def main() -> None:
    """Train what is missing and write the table."""
    options = _options()
    try:
        run(options)
    except InputError as error:
        sys.exit(f"Error: {error}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        allow_abbrev=False, description=__doc__.splitlines()[0] if __doc__ else None
    )
    parser.add_argument("bundle", help="such as breast_us_classification")
    parser.add_argument("--dataset_dir", required=True, type=Path)
    parser.add_argument(
        "--recipe", default=DEFAULT, help="a variant's name, or several (default: the bundle's)"
    )
    parser.add_argument("--masks_dir", type=Path, help="masks for the recipes that learn from some")
    parser.add_argument("--runs", type=Path, default=Path("runs/out_of_fold"))
    parser.add_argument("--out", type=Path, help="the table (default: in the folder of the runs)")
    options, overrides = parser.parse_known_args()
    options.overrides = overrides
    return options


def run(options: argparse.Namespace) -> None:
    """Train and score every fold of the dataset, and write the rows as they come.

    Raises:
        InputError: the dataset or a variant cannot be read, or a training failed.
    """
    dataset = read(options.dataset_dir)
    split = "leaky" if dataset.leaky else "grouped"
    table = options.out or options.runs / f"{options.bundle}-{options.recipe}-{split}.csv"
    labels = [dataset.labels[str(index)] for index in range(len(dataset.labels))]
    tables, minutes = [], []
    for fold in dataset.folds:
        members = [
            _member(options, name, fold, options.runs / f"{options.bundle}-{name}-{split}-{fold}")
            for name in options.recipe.split("+")
        ]
        for member in members:
            _train(member)
        folder, commands = _answered(options, members)
        cases = read_cases(folder / "cases.csv", classification_columns(labels))
        scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
        minutes.append(_sum([_minutes(member.folder) for member in members]))
        trained = [
            json.loads((member.folder / "scores.json").read_text(encoding="utf-8"))
            for member in members
        ]
        facts = {
            "epochs": "+".join(str(one["epochs_run"]) for one in trained),
            "best_epoch": "+".join(str(one["epoch"]) for one in trained),
            "training_minutes": minutes[-1],
            "command": " && ".join(map(_shown, commands)),
        }
        key = {"recipe": options.recipe, "split": split, "fold": fold}
        _write(table, [{**key, **row, **facts} for row in _rows(scores)])
        tables.append(cases)
    pooled = classification_scores(pd.concat(tables, ignore_index=True), labels)
    key = {"recipe": options.recipe, "split": split, "fold": "all"}
    facts = {"training_minutes": _sum(minutes), "command": _repeat(options)}
    rows = [{**key, **row, **facts} for row in _rows(pooled)]
    _write(table, rows)
    for row in rows:
        print(f"{row['score']:<20}{row['value']} ({row['low']}-{row['high']}), n = {row['n']}")
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
    configs = bundle_root(options.bundle) / "configs"
    files = [configs / "train.json"]
    arguments: dict[str, Any] = {"dataset_dir": options.dataset_dir, "fold": fold}
    arguments |= {"output_dir": folder}
    if seed:
        arguments["seed"] = seed
    if recipe != DEFAULT:
        files.append(configs / "variants" / f"{recipe}.json")
        if not files[-1].is_file():
            raise InputError(f"{files[-1]} is missing; expected the name of a variant")
        if options.masks_dir and "guided_loss" in files[-1].read_text(encoding="utf-8"):
            arguments["masks_dir"] = options.masks_dir
    return Member(folder, [*_bundle_run(files), *_given(arguments), *options.overrides])


def _bundle_run(files: list[Path]) -> list[str]:
    chosen = str(files[0]) if len(files) == 1 else str([str(file) for file in files])
    return ["python", "-m", "monai.bundle", "run", "--config_file", chosen]


def _given(arguments: Mapping[str, Any]) -> list[str]:
    return [part for key, value in arguments.items() for part in (f"--{key}", str(value))]


def _train(member: Member) -> None:
    if (member.folder / "scores.json").is_file():
        print(f"{member.folder} has its scores", flush=True)
        return
    resume = ["--resume", "true"] if (member.folder / "checkpoint.pt").is_file() else []
    _call([*member.command, *resume])


def _answered(options: argparse.Namespace, members: list[Member]) -> tuple[Path, list[list[str]]]:
    """Gives the folder of a fold's scores, and the commands that led there."""
    commands = [member.command for member in members]
    folder = members[0].folder
    if len(members) == 1:
        return folder, commands
    configs = bundle_root(options.bundle) / "configs"
    runs = [str(member.folder) for member in members]
    arguments = {"output_dir": folder, "ensemble": runs}
    together = [*_bundle_run([configs / "train.json", configs / "evaluate.json"])]
    together += _given(arguments)
    _call(together)
    return folder / "ensemble", [*commands, together]


def _call(command: list[str]) -> None:
    print(_shown(command), flush=True)
    if subprocess.run([sys.executable, "-W", "ignore", *command[1:]]).returncode:
        raise InputError("this failed; see above. Give the command again once it is mended")


def _sum(minutes: list[float | None]) -> float | None:
    """The sum; None where no network was trained at all."""
    known = [one for one in minutes if one is not None]
    return round(sum(known), 1) if known else None


def _minutes(folder: Path) -> float | None:
    """Time of the epochs; None where no network was trained."""
    history = folder / "history.csv"
    if not history.is_file():
        return None
    return round(float(pd.read_csv(history)["seconds"].sum()) / 60, 1)


def _rows(scores: dict[str, Any]) -> list[Row]:
    entries = {name: scores["scores"][name] for name in SCORES}
    entries |= {
        f"recall of {label}": by_score["recall"] for label, by_score in scores["by_class"].items()
    }
    return [
        {
            "score": name,
            **{key: _rounded(entry[key]) for key in ("value", "low", "high")},
            **{key: entry[key] for key in ("n", "groups")},
        }
        for name, entry in entries.items()
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _write(path: Path, rows: list[Row]) -> None:
    """Put rows into the table, in place of those of the same recipe, split and fold."""
    kept: list[Row] = []
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            kept = list(csv.DictReader(file))
    new = {_key(row) for row in rows}
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows([row for row in kept if _key(row) not in new] + rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text.getvalue())


def _key(row: Row) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in KEY)


def _repeat(options: argparse.Namespace) -> str:
    recipe = [] if options.recipe == DEFAULT else ["--recipe", options.recipe]
    masks = ["--masks_dir", str(options.masks_dir)] if options.masks_dir else []
    parts = [options.bundle, "--dataset_dir", str(options.dataset_dir), *recipe, *masks]
    parts += options.overrides
    return " ".join(["python benchmarks/out_of_fold.py", *parts])


def _shown(command: list[str]) -> str:
    root = f"{bundle_root('breast_us_classification').parent.parent}/"
    return " ".join(f'"{part}"' if "[" in part else part for part in command).replace(root, "")


if __name__ == "__main__":
    main()
