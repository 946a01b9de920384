"""Train the plain U-Net with each augmentation policy, three seeds each, and compare their Dice.

A policy is the list ``augmentation`` of the bundle: ``none``, the ``default`` one, or the default
one with one more transform before it. Fold f is scored, fold f + 1 chooses the epoch. A row a seed
is written as its training ends; the row ``all`` holds the mean over the seeds, with an interval
that resamples the groups of the scored images (the seeds of an image stay together), and what is
gained over the default, image by image, with its interval and the p value of a permutation test. A
training that has its scores is not run again; one that was broken off goes on from its last epoch.

    python benchmarks/augmentation_ablation.py --dataset_dir datasets/busi
    python benchmarks/augmentation_ablation.py --dataset_dir datasets/busi --policies default haze \
        --seeds 0 1 2 --fold 0 --epochs 10

What is not named here, such as --device, goes to each training.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd
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

from pipelines.atomic import write_text
from pipelines.evaluation.case_files import SEGMENTATION, Cases
from pipelines.evaluation.cases import SEGMENTATION_COLUMNS, read_cases
from pipelines.evaluation.comparison import ComparisonOptions, comparison
from pipelines.evaluation.paired_cases import Model, paired
from pipelines.evaluation.scores import segmentation_scores
from transforms.augmentation_operations import ULTRASOUND

BUNDLE = "breast_us_segmentation"
NONE = "none"
_POLICY = {
    "_target_": "transforms.trivial_augment.RandTrivialAugmentd",
    "keys": "image",
    "mask_keys": "label",
}

ADDED: dict[str, dict[str, Any]] = {
    "speckle_rayleigh": {"_target_": "transforms.speckle.RandSpeckled", "keys": "image"},
    "speckle_nakagami": {
        "_target_": "transforms.speckle.RandSpeckled",
        "keys": "image",
        "law": "nakagami",
    },
    "acoustic_shadow": {
        "_target_": "transforms.acoustic_shadow.RandAcousticShadowd",
        "keys": "image",
    },
    "depth_attenuation": {
        "_target_": "transforms.depth_attenuation.RandDepthAttenuationd",
        "keys": "image",
    },
    "time_gain": {"_target_": "transforms.time_gain.RandTimeGaind", "keys": "image"},
    "haze": {"_target_": "transforms.haze.RandHazed", "keys": "image"},
    "probe_sector": {
        "_target_": "transforms.probe_sector.RandProbeSectord",
        "keys": "image",
        "mask_keys": "label",
    },
    "burnt_in_marks": {
        "_target_": "transforms.mark_simulation.RandBurntInMarksd",
        "keys": "image",
    },
    "elastic": {
        "_target_": "transforms.elastic_deformation.RandElasticDeformationd",
        "keys": "image",
        "mask_keys": "label",
    },
    "grid": {
        "_target_": "transforms.grid_deformation.RandGridDeformationd",
        "keys": "image",
        "mask_keys": "label",
    },
    "trivial_augment": _POLICY,
    "trivial_augment_ultrasound": {**_POLICY, "added": list(ULTRASOUND)},
}
"""Policies that add one transform to the default list, by name."""

POLICIES = (DEFAULT, NONE, *ADDED)
"""The default comes first: the others are compared with it."""

KEY = ("policy", "fold", "seed")
COLUMNS = (
    *KEY,
    *("dice", "low", "high", "gain", "gain_low", "gain_high", "p", "n", "groups"),
    *("epochs", "best_epoch", "training_minutes", "command"),
)


def main() -> None:
    """Train what is missing and write the table."""
    ended_well(run, _options())


def _options() -> argparse.Namespace:
    parser = options_of_runs(__doc__, "runs/augmentation_ablation")
    parser.add_argument("--policies", nargs="+", choices=POLICIES, default=POLICIES, metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--fold", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=10)
    return parsed(parser)


def run(options: argparse.Namespace) -> None:
    """Train and score each policy with each seed, and write the rows as they come.

    Raises:
        InputError: a training failed.
    """
    table = options.out or options.runs / "augmentation_ablation.csv"
    for policy in sorted(options.policies, key=POLICIES.index):
        file = _written(options.runs / "policies", policy)
        rows = []
        for seed in options.seeds:
            folder = _folder(options, policy, seed)
            command = _command(options, file, seed, folder)
            train(command, folder)
            scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
            key = {"policy": policy, "fold": options.fold, "seed": seed}
            rows.append(
                {**key, **_row(scores), **_facts(scores, folder), "command": shown(command)}
            )
            write_rows(table, rows[-1:], COLUMNS, KEY)
        total = _total(options, policy, rows)
        write_rows(table, [total], COLUMNS, KEY)
        _tell(total)
    print(table)


def _folder(options: argparse.Namespace, policy: str, seed: int) -> Path:
    return options.runs / f"{policy}-{options.fold}-{seed}"


def _tell(total: Row) -> None:
    gain = (
        f"  {total['gain']:+} ({total['gain_low']} to {total['gain_high']})" if total["p"] else ""
    )
    print(
        f"{total['policy']:<28}Dice {total['dice']} ({total['low']}-{total['high']}){gain}",
        flush=True,
    )


def _written(folder: Path, policy: str) -> Path | None:
    """Writes the variant of a policy; the default needs none."""
    if policy == DEFAULT:
        return None
    augmentation: list[Any] = []
    if policy != NONE:
        (train_file,) = recipe_files(BUNDLE, DEFAULT)
        content = json.loads(train_file.read_text(encoding="utf-8"))
        # Before the default ones: their noise may leave [0, 1].
        augmentation = [ADDED[policy], *content["augmentation"]]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{policy}.json"
    write_text(path, json.dumps({"name": policy, "augmentation": augmentation}, indent=1) + "\n")
    return path


def _command(options: argparse.Namespace, file: Path | None, seed: int, folder: Path) -> list[str]:
    arguments: dict[str, Any] = {
        "dataset_dir": options.dataset_dir,
        "fold": options.fold,
        "seed": seed,
        "epochs": options.epochs,
        "output_dir": folder,
    }
    if file is not None:
        files = [*recipe_files(BUNDLE, DEFAULT), file]
        arguments = {"config_file": str([str(each) for each in files]), **arguments}
    return training_command(BUNDLE, DEFAULT, arguments, options.overrides)


def _row(scores: dict[str, Any]) -> Row:
    dice = scores["scores"]["dice"]
    bounds = {name: rounded(dice[name]) for name in ("low", "high")}
    return {"dice": rounded(dice["value"]), **bounds, "n": dice["n"], "groups": dice["groups"]}


def _facts(scores: dict[str, Any], folder: Path) -> Row:
    minutes = round(sum(epoch_seconds(folder)) / 60, 1)
    facts = {"epochs": scores["epochs_run"], "best_epoch": scores["epoch"]}
    return {**facts, "training_minutes": minutes}


def _total(options: argparse.Namespace, policy: str, rows: list[Row]) -> Row:
    """The mean over the seeds; n is that of the images, each of which was answered by each seed."""
    cases = _cases(options, policy)
    command = ["python", "benchmarks/augmentation_ablation.py"]
    command += ["--dataset_dir", str(options.dataset_dir), "--policies", policy]
    command += ["--seeds", *map(str, options.seeds), "--fold", str(options.fold)]
    command += ["--epochs", str(options.epochs), *options.overrides]
    return {
        **{"policy": policy, "fold": options.fold, "seed": "all"},
        **_row(segmentation_scores(cases)),
        **_gain(options, policy, cases),
        "n": rows[0]["n"],
        "training_minutes": round(sum(row["training_minutes"] for row in rows), 1),
        "command": shown(command),
    }


def _cases(options: argparse.Namespace, policy: str) -> pd.DataFrame:
    """The cases of all seeds of a policy; a seed's answers to an image have an id of their own."""
    tables = []
    for seed in options.seeds:
        path = _folder(options, policy, seed) / "cases.csv"
        table = read_cases(path, SEGMENTATION_COLUMNS)
        tables.append(table.assign(id=[f"{each} (seed {seed})" for each in table["id"]]))
    return pd.concat(tables, ignore_index=True)


def _gain(options: argparse.Namespace, policy: str, cases: pd.DataFrame) -> Row:
    """What a policy gains over the default; nothing while the default has no scores."""
    folders = [_folder(options, DEFAULT, seed) for seed in options.seeds]
    if policy == DEFAULT or not all((folder / "scores.json").is_file() for folder in folders):
        return dict.fromkeys(("gain", "gain_low", "gain_high", "p"))
    models = [
        Model(name, Cases(SEGMENTATION, (), table, True, True, False), None)
        for name, table in ((DEFAULT, _cases(options, DEFAULT)), (policy, cases))
    ]
    (pair,) = comparison(paired(models), ComparisonOptions(scores=("dice",)))["pairs"]
    found = pair["scores"]["dice"]
    named = {"gain": "difference", "gain_low": "low", "gain_high": "high", "p": "p"}
    return {column: rounded(found[name]) for column, name in named.items()}


if __name__ == "__main__":
    main()
