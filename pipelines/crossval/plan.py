"""The plan of a cross-validation: which runs it has, and the command of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.crossval.choice import chosen_folds, chosen_seeds
from pipelines.series.commands import shown
from pipelines.series.recipe import Recipe, read_recipe, recipe_command
from pipelines.training.weight_origin import check_weights

_OWN = {
    "fold": "name the folds by --folds, as in --folds 0,",
    "seed": "name the seeds by --seeds, as in --seeds 0,",
}


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
class Plan(Recipe):
    """What a cross-validation trains.

    Attributes:
        folds: that are scored.
        seeds: that are trained.
        folder: holds the runs and what is made of them.
    """

    folds: tuple[int, ...]
    seeds: tuple[int, ...]
    folder: Path

    @property
    def members(self) -> list[Member]:
        """The runs, one seed after the other."""
        return [self.member(fold, seed) for seed in self.seeds for fold in self.folds]

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
        InputError: there is no such bundle, variant, dataset, fold or setting; or the weights to
            begin from have seen images of a fold.
    """
    recipe = read_recipe(bundle, dataset_dir, words, variants, _OWN)
    chosen = tuple(chosen_folds(folds, recipe.dataset))
    for fold in chosen:
        check_weights(recipe.config, recipe.dataset, fold)
    return Plan(
        **vars(recipe),
        folds=chosen,
        seeds=tuple(chosen_seeds(seeds)),
        folder=folder or Path("runs") / recipe.bundle / f"crossval-{recipe.name}",
    )


def training_command(plan: Plan, member: Member, resume: bool = False) -> list[str]:
    """Gives the command that trains a run, by this Python.

    Args:
        plan: the cross-validation.
        member: the run.
        resume: go on with it.
    """
    given = {"fold": member.fold, "seed": member.seed, "output_dir": member.folder}
    return recipe_command(plan, {**given, **({"resume": "true"} if resume else {})})


def crossval_command(plan: Plan) -> str:
    """Gives the command that makes, or goes on with, the whole."""
    words = ["med2d", "crossval", *plan.words]
    words += ["--folds", _listed(plan.folds)] if not plan.is_whole else []
    words += ["--seeds", _listed(plan.seeds)] if plan.seeds != (0,) else []
    return shown([*words, "-o", str(plan.folder), *plan.overrides.words])


def _listed(numbers: Sequence[int]) -> str:
    """Gives numbers as an option takes them; of a single one with a comma, or it were a count."""
    return ",".join(map(str, numbers)) + ("," if len(numbers) == 1 else "")
