"""The plan of a cross-validation: which runs it has, and the command of each."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fire.parser import DefaultParseValue

from pipelines.bundles import bundle_names, bundle_root
from pipelines.crossval.choice import chosen_folds, chosen_seeds
from pipelines.crossval.overrides import Overrides, merged_config, read_overrides
from pipelines.datasets.dataset import Dataset, digest, read
from pipelines.errors import InputError
from pipelines.preview.bundle_file import find_bundle
from pipelines.training.settings import check_texts

_TRAIN = "train.json"


@dataclass(frozen=True)
class Member:
    """A run of a cross-validation.

    Attributes:
        fold: that is scored.
        seed: of everything random.
        folder: of the run.
    """

    fold: int
    seed: int
    folder: Path

    @property
    def name(self) -> str:
        """Name of its folder, such as ``fold0-seed0``."""
        return self.folder.name


@dataclass(frozen=True)
class Plan:
    """What a cross-validation trains.

    Attributes:
        bundle: its name.
        files: the training configuration and those of the variants.
        dataset: the dataset.
        dataset_dir: its folder as it was given.
        dataset_digest: of its content and folds.
        folds: that are scored.
        seeds: that are trained.
        overrides: settings of every run.
        config: the configuration of every run but for fold, seed and folder.
        folder: holds the runs and what is made of them.
    """

    bundle: str
    files: tuple[Path, ...]
    dataset: Dataset
    dataset_dir: str
    dataset_digest: str
    folds: tuple[int, ...]
    seeds: tuple[int, ...]
    overrides: Overrides
    config: Mapping[str, Any]
    folder: Path

    @property
    def members(self) -> list[Member]:
        """The runs, one seed after the other."""
        return [self.member(fold, seed) for seed in self.seeds for fold in self.folds]

    @property
    def variants(self) -> list[str]:
        """Names of the variants."""
        return [file.stem for file in self.files[1:]]

    @property
    def is_whole(self) -> bool:
        """Whether every fold of the dataset is scored."""
        return list(self.folds) == self.dataset.folds

    def member(self, fold: int, seed: int) -> Member:
        """Gives the run of a fold and a seed."""
        return Member(fold, seed, self.folder / f"fold{fold}-seed{seed}")


def make_plan(
    bundle: str,
    dataset_dir: str,
    words: Sequence[str] = (),
    variants: Sequence[str] = (),
    folds: str | None = None,
    seeds: str = "1",
    folder: Path | None = None,
) -> Plan:
    """Makes a plan; nothing is written.

    Args:
        bundle: name of a shipped bundle, or a bundle's folder.
        dataset_dir: the dataset folder.
        words: further settings of the trainings, as typed.
        variants: names of the bundle's variants, or files.
        folds: see ``chosen_folds``.
        seeds: see ``chosen_seeds``.
        folder: of the results; ``runs/<bundle>/crossval-<recipe>`` where not given.

    Raises:
        InputError: there is no such bundle, variant, dataset, fold or setting.
    """
    found = find_bundle(bundle)
    if found.path.name != _TRAIN:
        raise InputError(f"{bundle} is no bundle but a configuration; name the bundle")
    files = (found.path, *find_bundle(bundle, variants).variants)
    overrides = read_overrides(words)
    check_texts({"dataset_dir": DefaultParseValue(dataset_dir)})
    config = merged_config(files, {"dataset_dir": dataset_dir, **overrides.values})
    dataset = read(dataset_dir)
    return Plan(
        bundle=found.name,
        files=files,
        dataset=dataset,
        dataset_dir=dataset_dir,
        dataset_digest=digest(dataset),
        folds=tuple(chosen_folds(folds, dataset)),
        seeds=tuple(chosen_seeds(seeds)),
        overrides=overrides,
        config=json.loads(json.dumps(config, default=str)),
        folder=folder or Path("runs") / found.name / f"crossval-{config.get('name', 'run')}",
    )


def training_command(plan: Plan, member: Member, resume: bool = False) -> list[str]:
    """Gives the command that trains a run, by this Python.

    Args:
        plan: the cross-validation.
        member: the run.
        resume: go on with it.
    """
    given = {
        "dataset_dir": plan.dataset_dir,
        "fold": member.fold,
        "seed": member.seed,
        "output_dir": member.folder,
        **({"resume": "true"} if resume else {}),
    }
    start = [sys.executable, "-W", "ignore", *bundle_command(plan.files, given)[1:]]
    return [*start, *plan.overrides.words]


def bundle_command(files: Sequence[Path], options: Mapping[str, Any]) -> list[str]:
    """Gives the command that runs configuration files with options.

    Examples:
        >>> bundle_command([Path("a.json"), Path("b.json")], {"fold": 1})[4:]
        ['--config_file', "['a.json', 'b.json']", '--fold', '1']
    """
    chosen = str(files[0]) if len(files) == 1 else str([str(file) for file in files])
    given = {"config_file": chosen, **options}
    return [
        *("python", "-m", "monai.bundle", "run"),
        *(part for key, value in given.items() for part in (f"--{key}", str(value))),
    ]


def crossval_command(plan: Plan) -> str:
    """Gives the command that makes, or goes on with, the whole."""
    words = ["med2d", "crossval", _bundle(plan)]
    words += ["--dataset_dir", plan.dataset_dir]
    words += [part for file in plan.files[1:] for part in ("--variant", _variant(plan, file))]
    words += ["--folds", _listed(plan.folds)] if not plan.is_whole else []
    words += ["--seeds", _listed(plan.seeds)] if plan.seeds != (0,) else []
    return shown([*words, "-o", str(plan.folder), *plan.overrides.words])


def shown(words: Sequence[str]) -> str:
    """Gives a command as a person would type it: words with quotes inside stand in double ones.

    Examples:
        >>> shown(["med2d", "--loss", "{'a': 1}", "my file"])
        'med2d --loss "{\'a\': 1}" \'my file\''
    """
    return " ".join(
        f'"{word}"' if "'" in word and not _SPECIAL & set(word) else shlex.quote(word)
        for word in words
    )


_SPECIAL = set('"$`\\!')


def _bundle(plan: Plan) -> str:
    """Gives the name of a shipped bundle, the folder of another."""
    root = plan.files[0].parent.parent
    ships = plan.bundle in bundle_names() and root == bundle_root(plan.bundle)
    return plan.bundle if ships else str(root)


def _variant(plan: Plan, file: Path) -> str:
    """Gives a variant's name where it lies beside the bundle's configuration, else its file."""
    return file.stem if file.parent == plan.files[0].parent / "variants" else str(file)


def _listed(numbers: Sequence[int]) -> str:
    """Gives numbers as an option takes them; of a single one with a comma, or it were a count."""
    return ",".join(map(str, numbers)) + ("," if len(numbers) == 1 else "")
