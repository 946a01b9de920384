"""Whether a bundle has what a space names, and can be searched at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from monai.bundle.utils import ID_SEP_KEY

from pipelines.errors import InputError
from pipelines.preview.bundle_file import find_bundle
from pipelines.search.space import VARIANT, Choices, Range, Space
from pipelines.series.overrides import merged_config
from pipelines.series.recipe import Recipe
from pipelines.training.scored_fold import SCORER

_SAME = "what trains and scores is the same in all trials"
_REFUSED = {
    "fold": "every trial has the same folds, or their scores could not be compared",
    "seed": "a search over seeds finds luck; the seed of all trials is that of --seed",
    "dataset_dir": "every trial has the same dataset",
    **dict.fromkeys(("name", "output_dir", "resume", "overwrite"), "every trial has its own"),
    **dict.fromkeys(("imports", "initialize", "run", "finalize", "bundle_root"), _SAME),
    **dict.fromkeys(("parts", "labels", "validate", "score", "scorer", "val_interval"), _SAME),
}
"""What cannot be searched, and why."""
_ALIKE = ("fold", "seed", "parts", "labels", "validate", "score", "scorer")
"""What no variant may change either; how often is validated is its own affair."""
_HISTORY = ".History"


def checked_space(space: Space, path: Path, recipe: Recipe) -> dict[str, Range | Choices]:
    """Checks that every setting of a space is one of a recipe, whatever is drawn with it.

    Args:
        space: see ``read_space``.
        path: its file, for the errors.
        recipe: what is trained.

    Returns:
        The space; a range of a setting that is no whole number is of such numbers, even where the
        file gives whole ones.

    Raises:
        InputError: a name is unknown, cannot be searched, is given by the command line as well, or
            its range does not fit; names file and name.
    """
    for name in space:
        _check_name(name, path, recipe)
    typed = {name: _typed(space[name], name, path, recipe.config) for name in space}
    metric = chosen_by(recipe.config, "the bundle")
    for settings in alternatives(typed):
        files = (*recipe.files, *variant_files(settings, recipe, path))
        own = {name: value for name, value in settings.items() if name != VARIANT}
        try:
            config = merged_config(files, {**own, **recipe.overrides.values})
        except InputError as error:
            raise InputError(f"{path}: {str(error).removeprefix('--')}") from None
        what = f"{path}: a choice"
        if chosen_by(config, what) != metric:
            raise InputError(f"{what} names the best epoch by another score than {metric}")
        _check_same(config, recipe.config, what)
    return typed


def _check_same(config: Mapping[str, Any], usual: Mapping[str, Any], what: str) -> None:
    """Refuses a choice that changes, by its variant, what is the same in all trials."""
    for name in _ALIKE:
        if config.get(name) != usual.get(name):
            raise InputError(f"{what} changes {name}, which cannot be searched: {_REFUSED[name]}")


def variant_files(settings: Mapping[str, Any], recipe: Recipe, path: Path) -> tuple[Path, ...]:
    """Gives the file of the variant that was drawn; none where none is drawn, or ``null``."""
    name = settings.get(VARIANT)
    if name is None:
        return ()
    try:
        return find_bundle(str(recipe.files[0]), [str(name)]).variants
    except InputError as error:
        raise InputError(f"{path}: {VARIANT}: {error}") from None


def alternatives(space: Space) -> Iterator[dict[str, Any]]:
    """Yields settings in which every variant meets every other choice, and every choice comes."""
    first = {name: entry.first for name, entry in space.items()}
    variants = _values(space[VARIANT]) if VARIANT in space else [None]
    for variant in variants:
        start = {**first, VARIANT: variant}
        yield start
        for name, entry in space.items():
            if name != VARIANT and isinstance(entry, Choices):
                yield from ({**start, name: value} for value in entry.values[1:])


def chosen_by(config: Mapping[str, Any], what: str) -> str:
    """Gives the validation's score that names the best epoch.

    Args:
        config: of a training.
        what: of whom it is, for the error.

    Raises:
        InputError: it takes no epochs, or has no scorer that could be left out.
    """
    handlers = config.get("train", {}).get("handlers", [])
    found = [each.get("metric") for each in handlers if _target(each).endswith(_HISTORY)]
    if "baseline" in config or not found or scorer_place(config) is None:
        raise InputError(
            f"{what} cannot be searched: a search needs a training in epochs, with a history and a "
            "scorer among train::handlers, as the shipped bundles have"
        )
    return str(found[0])


def scorer_place(config: Mapping[str, Any]) -> int | None:
    """Gives the place in ``train::handlers`` of what scores the held-out fold at the end."""
    handlers = config.get("train", {}).get("handlers", [])
    places = [k for k, each in enumerate(handlers) if each.get("handler") == SCORER]
    return places[0] if places else None


def _target(handler: Mapping[str, Any]) -> str:
    return str(handler.get("_target_", ""))


def _values(entry: Range | Choices) -> list[Any]:
    return list(entry.values) if isinstance(entry, Choices) else [entry.low]


def _check_name(name: str, path: Path, recipe: Recipe) -> None:
    top = name.split(ID_SEP_KEY)[0]
    if top in _REFUSED:
        raise InputError(f"{path}: {name} cannot be searched: {_REFUSED[top]}")
    for given in recipe.overrides.values:
        above = given.replace("#", ID_SEP_KEY)
        if name == above or name.startswith(above + ID_SEP_KEY):
            raise InputError(
                f"{path}: {name} is searched, and given by --{given} as well; leave one out"
            )


def _typed(
    entry: Range | Choices, name: str, path: Path, config: Mapping[str, Any]
) -> Range | Choices:
    """Gives an entry with numbers of the kind that the recipe has there."""
    if name == VARIANT and isinstance(entry, Range):
        raise InputError(f"{path}: {VARIANT} is a range of numbers; expected choices of variants")
    if isinstance(entry, Choices):
        return entry
    now = _at(config, name)
    if isinstance(now, bool | dict | list):
        raise InputError(f"{path}: {name} is no number in the bundle; give choices of values")
    if isinstance(now, int) and not entry.is_whole:
        raise InputError(
            f"{path}: {name} is a whole number ({now} by default); give low, high and step as such"
        )
    return entry.as_float() if isinstance(now, float) else entry


def _at(config: Any, name: str) -> Any:
    """Gives what stands at an id; None where nothing does."""
    node = config
    for part in name.split(ID_SEP_KEY):
        if isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            node = node.get(part) if isinstance(node, Mapping) else None
    return node
