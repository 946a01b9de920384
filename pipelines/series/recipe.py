"""What the trainings of a series have in common: bundle, variants, dataset and settings."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fire.parser import DefaultParseValue

from pipelines.bundles import bundle_names, bundle_root
from pipelines.datasets.dataset import Dataset, digest, read
from pipelines.errors import InputError
from pipelines.preview.bundle_file import find_bundle
from pipelines.series.commands import bundle_command
from pipelines.series.overrides import Overrides, merged_config, read_overrides
from pipelines.training.settings import check_texts

_TRAIN = "train.json"


@dataclass(frozen=True)
class Recipe:
    """What is trained.

    Attributes:
        bundle: its name.
        files: the training configuration and those of the variants.
        dataset: the dataset.
        dataset_dir: its folder as it was given.
        dataset_digest: of its content and folds.
        overrides: settings of every run.
        config: the configuration of every run, but for what the series changes.
    """

    bundle: str
    files: tuple[Path, ...]
    dataset: Dataset
    dataset_dir: str
    dataset_digest: str
    overrides: Overrides
    config: Mapping[str, Any]

    @property
    def variants(self) -> list[str]:
        """Names of the variants."""
        return [file.stem for file in self.files[1:]]

    @property
    def name(self) -> str:
        """The name that the configuration gives itself."""
        return str(self.config.get("name", "run"))

    @property
    def words(self) -> list[str]:
        """How a verb is told of bundle, dataset and variants."""
        words = [self._bundle(), "--dataset_dir", self.dataset_dir]
        return words + [part for file in self.files[1:] for part in ("--variant", self._word(file))]

    def _bundle(self) -> str:
        """Gives the name of a shipped bundle, the folder of another."""
        root = self.files[0].parent.parent
        ships = self.bundle in bundle_names() and root == bundle_root(self.bundle)
        return self.bundle if ships else str(root)

    def _word(self, file: Path) -> str:
        """Gives a variant's name where it lies beside the configuration, else its file."""
        return file.stem if file.parent == self.files[0].parent / "variants" else str(file)


def read_recipe(
    bundle: str,
    dataset_dir: str,
    words: Sequence[str] = (),
    variants: Sequence[str] = (),
    own: Mapping[str, str] | None = None,
) -> Recipe:
    """Reads what is to be trained; nothing is written.

    Args:
        bundle: name of a shipped bundle, or a bundle's folder.
        dataset_dir: the dataset folder.
        words: further settings of the trainings, as typed.
        variants: names of the bundle's variants, or files.
        own: settings that the series gives itself, see ``read_overrides``.

    Raises:
        InputError: there is no such bundle, variant, dataset or setting.
    """
    found = find_bundle(bundle)
    if found.path.name != _TRAIN:
        raise InputError(f"{bundle} is no bundle but a configuration; name the bundle")
    files = (found.path, *find_bundle(bundle, variants).variants)
    overrides = read_overrides(words, own or {})
    check_texts({"dataset_dir": DefaultParseValue(dataset_dir)})
    config = merged_config(files, {"dataset_dir": dataset_dir, **overrides.values})
    dataset = read(dataset_dir)
    return Recipe(
        bundle=found.name,
        files=files,
        dataset=dataset,
        dataset_dir=dataset_dir,
        dataset_digest=digest(dataset),
        overrides=overrides,
        config=json.loads(json.dumps(config, default=str)),
    )


def recipe_command(
    recipe: Recipe, options: Mapping[str, Any], files: Sequence[Path] = ()
) -> list[str]:
    """Gives the command that trains a run, by this Python.

    Args:
        recipe: what is trained.
        options: what the series gives this run, besides the dataset.
        files: further configuration files.
    """
    given = {"dataset_dir": recipe.dataset_dir, **options}
    start = bundle_command([*recipe.files, *files], given)[1:]
    return [sys.executable, "-W", "ignore", *start, *recipe.overrides.words]
