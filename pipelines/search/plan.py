"""The plan of a search: what is trained, what is drawn, and where the trials are kept."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.datasets.dataset import parts
from pipelines.search.space import VARIANT, Choices, Range, Space, plain, read_space
from pipelines.search.space_check import checked_space, chosen_by, variant_files
from pipelines.search.storage import default_storage, without_password
from pipelines.search.variant import variant_of
from pipelines.series.commands import shown
from pipelines.series.overrides import MAY_CHANGE
from pipelines.series.recipe import Recipe, read_recipe
from pipelines.training.weight_origin import check_weights

_OWN = {"seed": "the option --seed of the search is for all trials"}
_OF_A_MACHINE = ("dataset_dir", "imports", "initialize", "run", "finalize")
_NOT_IN_VARIANT = (*MAY_CHANGE, "fold", "name")


@dataclass(frozen=True)
class Pruning:
    """When a trial is given up.

    Attributes:
        enabled: whether any is.
        startup: trials that are trained to their end before any is given up.
        warmup: epochs that every trial has.
    """

    enabled: bool = True
    startup: int = 5
    warmup: int = 5


@dataclass(frozen=True)
class Plan(Recipe):
    """What a search trains.

    Attributes:
        space: what is drawn.
        space_file: its file, as it was given.
        trials: how many the study is to have in all.
        metric: the validation's score that is made large.
        seed: of the draws and of every training.
        folder: of the runs and of what is made of them.
        storage: URL of Optuna's storage.
        study: name of the study in it.
        pruning: when a trial is given up.
        minutes: after which no further epoch is begun.
    """

    space: Mapping[str, Range | Choices]
    space_file: Path
    trials: int
    metric: str
    seed: int
    folder: Path
    storage: str
    study: str
    pruning: Pruning
    minutes: float

    @property
    def has_own_storage(self) -> bool:
        """Whether the trials are kept in the folder of the search."""
        return self.storage == default_storage(self.folder)

    @property
    def origin(self) -> dict[str, Any]:
        """What the trials of a study have in common; another study has something else here."""
        given = {k: v for k, v in self.overrides.values.items() if k not in MAY_CHANGE}
        return {
            "bundle": self.bundle,
            "variants": self.variants,
            "overrides": json.loads(json.dumps(given, default=str)),
            "dataset_digest": self.dataset_digest,
            "metric": self.metric,
            "seed": self.seed,
            "space": plain(self.space),
            "configuration": self._configuration_digest(),
        }

    def _configuration_digest(self) -> str:
        """Gives a hash of the bundle's and the variants' configuration: both may be edited."""
        left_out = (*MAY_CHANGE, *_OF_A_MACHINE)
        chosen = {k: v for k, v in self.config.items() if k not in left_out}
        drawn = self.space.get(VARIANT)
        names = drawn.values if isinstance(drawn, Choices) else ()
        files = [f for name in names for f in variant_files({VARIANT: name}, self, self.space_file)]
        texts = [json.dumps(chosen, sort_keys=True), *(f.read_text("utf-8") for f in files)]
        return hashlib.sha256("\0".join(texts).encode()).hexdigest()

    def settings(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """Gives the settings of a trial by what Optuna has drawn."""
        return {name: entry.value(drawn[name]) for name, entry in self.space.items()}

    def variant(self, drawn: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Gives a trial as one variant: with the variants and settings that all trials have.

        Args:
            drawn: by Optuna.
            name: that the variant gets.
        """
        settings = self.settings(drawn)
        files = (*self.files[1:], *variant_files(settings, self, self.space_file))
        own = {key: value for key, value in settings.items() if key != VARIANT}
        given = {k: v for k, v in self.overrides.values.items() if k not in _NOT_IN_VARIANT}
        return {**variant_of(files, {**own, **given}), "name": name}


def make_plan(
    bundle: str,
    dataset_dir: str,
    space: Path,
    trials: int,
    words: Sequence[str] = (),
    variants: Sequence[str] = (),
    seed: int = 0,
    folder: Path | None = None,
    storage: str | None = None,
    study: str | None = None,
    pruning: Pruning | None = None,
    minutes: float = math.inf,
) -> Plan:
    """Makes a plan; nothing is written.

    Args:
        bundle: name of a shipped bundle, or a bundle's folder.
        dataset_dir: the dataset folder.
        space: file of the space.
        trials: how many the study is to have in all.
        words: further settings of the trainings, as typed.
        variants: names of the bundle's variants, or files, that all trials have.
        seed: of the draws and of every training.
        folder: of the results; ``runs/<bundle>/search-<recipe>`` where not given.
        storage: URL of Optuna's storage; a SQLite file in the folder where not given.
        study: its name; of bundle and recipe where not given.
        pruning: when a trial is given up.
        minutes: after which no further epoch is begun.

    Raises:
        InputError: there is no such bundle, variant, dataset or setting; or the space does not fit;
            or the weights to begin from have seen images of the fold that is held out.
    """
    recipe = read_recipe(bundle, dataset_dir, words, variants, _OWN)
    fold: Any = recipe.config.get("fold")
    parts(recipe.dataset, fold)  # refuses a fold that there is not
    check_weights(recipe.config, recipe.dataset, fold)
    metric = chosen_by(recipe.config, bundle)
    entries: Space = checked_space(read_space(space), space, recipe)
    folder = folder or Path("runs") / recipe.bundle / f"search-{recipe.name}"
    return Plan(
        **vars(recipe),
        space=entries,
        space_file=space,
        trials=trials,
        metric=metric,
        seed=seed,
        folder=folder,
        storage=storage or default_storage(folder),
        study=study or f"{recipe.bundle}-{recipe.name}",
        pruning=pruning or Pruning(),
        minutes=minutes,
    )


def search_command(plan: Plan, trials: int | None = None) -> str:
    """Gives the command that makes, or goes on with, the whole.

    A storage with a password is left out: it stands in ``MED2D_SEARCH_STORAGE``.

    Args:
        plan: the search.
        trials: how many there are to be in all, where not as many as before.
    """
    words = ["med2d", "search", *plan.words, "--space", str(plan.space_file)]
    words += ["--trials", str(trials or plan.trials)]
    words += ["--seed", str(plan.seed)] if plan.seed else []
    if not plan.has_own_storage and without_password(plan.storage) == plan.storage:
        words += ["--storage", plan.storage]
    words += ["--study", plan.study] if plan.study != f"{plan.bundle}-{plan.name}" else []
    words += _pruning_words(plan.pruning)
    return shown([*words, "-o", str(plan.folder), *plan.overrides.words])


def _pruning_words(pruning: Pruning) -> list[str]:
    if not pruning.enabled:
        return ["--no-prune"]
    given, usual = vars(pruning), vars(Pruning())
    return [
        word
        for name in ("startup", "warmup")
        if given[name] != usual[name]
        for word in (f"--{name}", str(given[name]))
    ]
