"""Train a bundle's recipes by their commands, and keep a table of what they reached."""

from __future__ import annotations

import argparse
import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from fire.parser import DefaultParseValue

from pipelines.atomic import write_text
from pipelines.bundles import bundle_root
from pipelines.errors import InputError
from pipelines.series.commands import bundle_command
from pipelines.training.run_record import read_record

DEFAULT = "default"
"""The recipe of a bundle without a variant."""

MAY_DIFFER = {"output_dir", "resume", "num_workers", "device"}
"""Settings that do not tell a run from another one of the same folder."""

Row = dict[str, Any]


def options_of_runs(description: str | None, folder: str) -> argparse.ArgumentParser:
    """Makes a parser of what every program that trains recipes takes.

    Args:
        description: of the program; its first line is shown.
        folder: where the runs go unless told otherwise.
    """
    parser = argparse.ArgumentParser(
        allow_abbrev=False, description=description.splitlines()[0] if description else None
    )
    parser.add_argument("--dataset_dir", required=True, type=Path)
    parser.add_argument("--runs", type=Path, default=Path(folder))
    parser.add_argument("--out", type=Path, help="the table (default: in the folder of the runs)")
    return parser


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Reads the command line; what the parser does not know stands in ``overrides``."""
    options, overrides = parser.parse_known_args()
    options.overrides = overrides
    return options


def ended_well(run: Callable[[argparse.Namespace], None], options: argparse.Namespace) -> None:
    """Runs a program; an input that is wrong ends it with one line."""
    try:
        run(options)
    except InputError as error:
        sys.exit(f"Error: {error}")


def recipe_files(bundle: str, recipe: str) -> list[Path]:
    """Gives the configuration files of a recipe.

    Raises:
        InputError: the bundle has no such variant.
    """
    configs = bundle_root(bundle) / "configs"
    files = [configs / "train.json"]
    if recipe != DEFAULT:
        files.append(configs / "variants" / f"{recipe}.json")
        if not files[-1].is_file():
            raise InputError(f"{files[-1]} is missing; expected the name of a variant")
    return files


def training_command(
    bundle: str, recipe: str, arguments: Mapping[str, Any], overrides: Sequence[str]
) -> list[str]:
    """Gives the command that trains a recipe.

    Args:
        bundle: its name.
        recipe: a variant's name, or ``DEFAULT``.
        arguments: options of the training, such as ``dataset_dir``.
        overrides: further words of the command.
    """
    return [*bundle_command(recipe_files(bundle, recipe), arguments), *overrides]


def train(command: list[str], folder: Path) -> None:
    """Trains, unless the run's folder has its scores; one that was broken off goes on.

    Where it was broken off before its first checkpoint, it begins anew in the same folder.

    Raises:
        InputError: the training failed, or the folder holds a run of another command.
    """
    if (folder / "config.json").is_file():
        _check_same(command, folder)
    if (folder / "scores.json").is_file():
        print(f"{folder} has its scores", flush=True)
        return
    resume = ["--resume", "true"] if (folder / "config.json").is_file() else []
    call([*command, *resume])


def _check_same(command: Sequence[str], folder: Path) -> None:
    """Refuses a run whose settings are not those of the command."""
    record = read_record(folder)
    files = [Path(file).name for file in record["config_files"]]
    before = {"config_file": files, **record["overrides"]}
    now = settings(command)
    for name in sorted((set(before) | set(now)) - MAY_DIFFER):
        if before.get(name) != now.get(name):
            raise InputError(
                f"{folder} holds a run with {name} {before.get(name)}, now {now.get(name)}; give "
                "another folder to --runs, or delete it"
            )


def settings(command: Sequence[str]) -> Row:
    """What a command of ``training_command`` sets, as a run records it.

    Returns:
        Value by name; ``config_file`` holds the names of the files alone.
    """
    start = command.index("run") + 1
    names = [word.removeprefix("--") for word in command[start::2]]
    values = map(DefaultParseValue, command[start + 1 :: 2])
    found = json.loads(json.dumps(dict(zip(names, values, strict=True)), default=str))
    files = found.get("config_file", [])
    files = [files] if isinstance(files, str) else files
    return {**found, "config_file": [Path(file).name for file in files]}


def call(command: list[str]) -> None:
    """Runs a command and shows it first.

    Raises:
        InputError: it failed.
    """
    print(shown(command), flush=True)
    if subprocess.run([sys.executable, "-W", "ignore", *command[1:]]).returncode:
        raise InputError("this failed; see above. Give the command again once it is mended")


def epoch_seconds(folder: Path) -> list[float]:
    """How long each epoch of a run took; empty where no network was trained."""
    history = folder / "history.csv"
    return pd.read_csv(history)["seconds"].tolist() if history.is_file() else []


def rounded(value: float | None) -> float | None:
    """A score with four digits."""
    return None if value is None else round(value, 4)


def shown(command: list[str]) -> str:
    """A command as a person gives it in the root of a checkout."""
    root = f"{bundle_root('breast_us_classification').parent.parent}/"
    return " ".join(f'"{part}"' if "[" in part else part for part in command).replace(root, "")


def write_rows(path: Path, rows: list[Row], columns: Sequence[str], key: Sequence[str]) -> None:
    """Puts rows into a table, in place of those with the same key.

    Args:
        path: a CSV file, which is made where it is missing.
        rows: column to value; a missing one is left empty.
        columns: all columns in their order.
        key: those that tell rows apart.
    """
    kept: list[Row] = []
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            kept = list(csv.DictReader(file))
    new = {_key(row, key) for row in rows}
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows([row for row in kept if _key(row, key) not in new] + rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text.getvalue())


def _key(row: Row, key: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in key)
