"""The images that an evaluation scores: the run's own fold, a part for testing, another site's.

Whatever they are, no model that answers may have been trained on them, or chosen by them, nor have
begun from the weights of one that was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from pipelines.datasets.dataset import Dataset, Item, digest, read, verify
from pipelines.errors import InputError
from pipelines.training.ensemble import ensemble_runs
from pipelines.training.parts import fold_parts, part_items, share_of_process
from pipelines.training.run_folder import DIGEST, flag, recorded
from pipelines.training.scoring import CASES, SCORES
from pipelines.training.settings import is_none
from pipelines.training.weight_origin import check_began_unseen

FOLD, TESTING, ALL = "fold", "testing", "all"
SITES = "sites"
"""Folder of other sites' results in a run's folder."""

FLIPS = {True: "flip_average", False: "no_flip_average"}
"""End of the name of a folder of results whose mirror images were asked, or not, by the command."""

_NAMED = 10
_RESERVED = (
    "score",
    *(
        "_".join(filter(None, words))
        for words in product(("", TESTING), ("", "ensemble"), ("", *FLIPS.values()))
        if any(words)
    ),
)
"""Of the run's own results, as MLflow names them."""


@dataclass(frozen=True)
class ScoredPart:
    """What an evaluation scores.

    Attributes:
        part: ``fold``, ``testing`` or ``all``.
        site: name of the other site; "" for the run's own dataset.
        dataset: the dataset of the images; the labels are the model's.
        items: this process's share of the images, for the preprocessing.
        folder: where the results go.
        runs: folders of the runs whose models answer.
        fold: the run's fold where that is scored.
        flip_average: whether it was asked for that mirror images are asked as well; None where
            nothing was said.
        is_mirrored: whether mirror images are asked as well.
    """

    part: str
    site: str
    dataset: Dataset
    items: Sequence[Mapping[str, Any]]
    folder: Path
    runs: tuple[Path, ...]
    fold: int | None
    flip_average: bool | None = None
    is_mirrored: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is what every training scores at its end: its own fold, by its own model."""
        own = own_folder(self.runs[0], self.flip_average) == self.runs[0]
        return self.part == FOLD and len(self.runs) == 1 and own

    @property
    def name(self) -> str:
        """What is scored, in a few words."""
        where = self.site or "own dataset"
        part = f"fold {self.fold}" if self.part == FOLD else f"{self.part} images"
        return f"{where}, {part}"


def scored_part(
    output_dir: str | Path,
    dataset_dir: str | Path,
    fold: int,
    labels: Sequence[str] | None,
    part: str | None = None,
    site_dir: str | Path | None = None,
    label_names: Mapping[str, str | None] | str | None = None,
    ensemble: Any = None,
    site_name: str | None = None,
    overwrite: bool | str = False,
    flip_average: bool | str | None = None,
) -> ScoredPart:
    """Finds the images to be scored and checks that no model has seen them.

    Args:
        output_dir: the run's folder.
        dataset_dir: the dataset folder that the run was trained on.
        fold: the run's fold.
        labels: the model's class names in the order of their indices; those of the run's dataset
            where not given.
        part: ``fold`` (of the own dataset only), ``testing``, or ``all`` (of another site only);
            where not given, the fold, or all of another site.
        site_dir: dataset folder of another site; None for the run's own.
        label_names: the site's class names to the model's; None leaves a class out. Names that are
            the same need not be given.
        ensemble: folders of the runs that answer; None for the run alone.
        site_name: name of the site, of which its results' folder is made; that of its dataset
            folder where not given.
        overwrite: replace results of other images, or of other runs, that have the same folder.
        flip_average: whether mirror images are asked as well; None for what the run does. Results
            of another choice than the run's get a folder of their own, and are compared with those
            of the own fold by that choice.

    Raises:
        InputError: there are no such images, their classes are not the model's, a model, or one
            whose weights it began from, was trained on or chosen by some of them (names them), or
            their results would replace others.
    """
    own = read(dataset_dir)
    source = own if site_dir is None else read(site_dir, folds=False)
    chosen = _checked_part(part, site_dir)
    names = _checked_names(label_names)
    site = _site_name(site_name, site_dir)
    runs = tuple(ensemble_runs(ensemble)) or (Path(output_dir),)
    flips = None if flip_average is None else flag(flip_average, "flip_average")
    if site_dir is None and names is not None:
        raise InputError("label_names is given without site_dir; it renames another site's classes")
    dataset = source
    if site_dir is not None:
        known = _class_names(own) if labels is None else labels
        dataset = _with_classes_of_model(source, own.task, known, names or {})
    items = _items(dataset, chosen, fold)
    for run in runs:
        _check_unseen(items, dataset, run, own, chosen)
        check_began_unseen(items, dataset, run)
        if chosen != FOLD:
            _check_scored(run, flips)
    folder = _folder(Path(output_dir), site, chosen, len(runs) > 1, flips)
    if folder != Path(output_dir) and not flag(overwrite, "overwrite"):
        _check_same_results(folder, digest(dataset), runs)
    return ScoredPart(
        part=chosen,
        site=site,
        dataset=dataset,
        items=_share(dataset, items, fold if chosen == FOLD else None),
        folder=folder,
        runs=runs,
        fold=fold if chosen == FOLD else None,
        flip_average=flips,
        is_mirrored=_run_mirrors(Path(output_dir)) if flips is None else flips,
    )


def own_folder(run: Path, flip_average: bool | None = None) -> Path:
    """Names the folder with the results of a run's own fold.

    Args:
        run: the run's folder.
        flip_average: whether mirror images are asked as well; None for what the run does by itself.
    """
    name = _flips_name(run, flip_average)
    return run / name if name else run


def _flips_name(run: Path, flip_average: bool | None) -> str:
    """Names a choice of mirror images; "" where it is the run's own."""
    if flip_average is None:
        return ""
    return "" if _run_mirrors(run) == flip_average else FLIPS[flip_average]


def _run_mirrors(run: Path) -> bool:
    """Whether a run asks mirror images by itself."""
    return flag(recorded(run).get("flip_average", False), "flip_average")


def _checked_part(part: str | None, site_dir: str | Path | None) -> str:
    allowed = (FOLD, TESTING) if site_dir is None else (ALL, TESTING)
    if part is None:
        return allowed[0]
    if part not in allowed:
        where = "the run's own dataset" if site_dir is None else "another site"
        raise InputError(f"part is {part!r}; expected {' or '.join(allowed)} of {where}")
    return part


def _checked_names(names: Any) -> dict[str, str | None] | None:
    """Gives the class names of a site; the command line makes a word of what it cannot read."""
    if is_none(names):
        return None
    if not isinstance(names, Mapping):
        raise InputError(
            f"label_names is {names!r}; expected the site's class names with the model's, as in "
            "--label_names \"{'carcinoma':'malignant','implant':None}\""
        )
    return {str(key): None if is_none(value) else str(value) for key, value in names.items()}


def _site_name(name: Any, site_dir: str | Path | None) -> str:
    if site_dir is None:
        if not is_none(name):
            raise InputError("site_name is given without site_dir; it names another site")
        return ""
    if is_none(name):
        name = Path(site_dir).resolve().name
        if name in _RESERVED:
            raise InputError(
                f"{site_dir}: {name!r} names other scores of a run; name the site by --site_name"
            )
        return str(name)
    if name in _RESERVED or not re.fullmatch(r"\w[\w .-]*", str(name)):
        raise InputError(
            f"site_name is {name!r}; expected letters, digits, spaces, dots, - and _, as it names "
            f"a folder, and none of {', '.join(_RESERVED)}"
        )
    return str(name)


def _check_same_results(folder: Path, images: str, runs: Sequence[Path]) -> None:
    """Refuses to replace the results of other images, or of other runs."""
    path = folder / SCORES
    if not path.is_file():
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8")).get("scored", {})
    except (OSError, ValueError):
        before = {}
    answered = {Path(run).resolve() for run in before.get("runs", ())}
    other = "images, or of other class names" if before.get("dataset_digest") != images else ""
    if len(runs) > 1 and answered != {run.resolve() for run in runs}:
        other = "runs"
    if other:
        raise InputError(
            f"{folder} holds the results of other {other}; give this site another name by "
            "--site_name, or replace them by --overwrite true"
            if folder.parent.name == SITES
            else f"{folder} holds the results of other {other}; replace them by --overwrite true, "
            "or name another of the runs by --output_dir"
        )


def _items(dataset: Dataset, part: str, fold: int) -> list[Item]:
    if part == FOLD:
        return [item for item in dataset.items if item["fold"] == fold]
    unfolded = [*dataset.testing, *(dataset.items if part == ALL else ())]
    if not unfolded:
        raise InputError(
            f"{dataset.folder} has no testing images; med2d split makes them with --test"
            if part == TESTING
            else f"{dataset.folder} has no image of a class that the model knows"
        )
    return [{key: value for key, value in item.items() if key != "fold"} for item in unfolded]


def _share(dataset: Dataset, items: Sequence[Item], fold: int | None) -> list[dict[str, Any]]:
    """Gives this process's share of the images for the preprocessing, their files checked."""
    if fold is not None:
        return fold_parts(dataset.folder, fold, dataset.task)["score"]
    verify(replace(dataset, items=(), testing=tuple(items)))
    return share_of_process(part_items(dataset, items))


def _with_classes_of_model(
    site: Dataset, task: str, labels: Sequence[str], names: dict[str, str | None]
) -> Dataset:
    """Gives the site's dataset with the model's classes."""
    if site.task != task:
        raise InputError(f"{site.folder} is a dataset for {site.task}; expected one for {task}")
    if task == "classification":
        return _renamed(site, labels, names)
    given = _class_names(site)
    if names or given != list(labels):
        raise InputError(
            f"the masks of {site.folder} have the classes {', '.join(given)}; the "
            f"model's are {', '.join(labels)}. Masks are not renamed here: convert the site's raw "
            f"folder with --classes {','.join(labels)} and, where its values differ, --map or "
            "--colour"
        )
    return site


def _class_names(dataset: Dataset) -> list[str]:
    """Gives the class names in the order of their indices."""
    return [str(dataset.labels.get(str(index))) for index in range(len(dataset.labels))]


def _renamed(site: Dataset, labels: Sequence[str], names: dict[str, str | None]) -> Dataset:
    """Gives the site's classification with the model's class names."""
    _check_names(site, labels, names)
    index = {name: place for place, name in enumerate(labels)}

    def renamed(items: Sequence[Item]) -> tuple[Item, ...]:
        pairs = ((item, site.labels[str(item["label"])]) for item in items)
        named = ((item, names.get(label, label)) for item, label in pairs)
        return tuple(
            {**item, "class": name, "label": index[name]}
            for item, name in named
            if name is not None
        )

    own = {str(place): name for place, name in enumerate(labels)}
    return replace(site, labels=own, items=renamed(site.items), testing=renamed(site.testing))


def _check_names(site: Dataset, labels: Sequence[str], names: Mapping[str, str | None]) -> None:
    known = f"the model's classes are {', '.join(labels)}"
    found = {site.labels[str(item["label"])] for item in (*site.items, *site.testing)}
    unused = sorted(set(names) - set(site.labels.values()))
    if unused:
        raise InputError(
            f"label_names renames {', '.join(unused)}, but {site.folder} has the classes "
            f"{', '.join(sorted(set(site.labels.values())))}"
        )
    wrong = sorted({str(name) for name in names.values() if name not in (*labels, None)})
    if wrong:
        raise InputError(f"label_names names {', '.join(wrong)}, which no model answers; {known}")
    unknown = sorted(name for name in found if name not in names and name not in labels)
    if unknown:
        raise InputError(
            f"{site.folder} has images of {', '.join(unknown)}; {known}. Say what each is by "
            f"--label_names \"{{'{unknown[0]}':'{labels[0]}'}}\", or leave a class out by None"
        )


def _check_unseen(
    items: Sequence[Item], dataset: Dataset, run: Path, own: Dataset, part: str
) -> None:
    """Refuses images that trained or chose a run's model, by their content.

    Elsewhere the run's own fold counts as well: it is what the other images are compared with.
    """
    config = recorded(run)
    if config.get(DIGEST) == digest(own):
        trained = own
    else:
        trained = read(config["dataset_dir"])
        if config.get(DIGEST) != digest(trained):
            raise InputError(
                f"{config['dataset_dir']} is not the dataset that the run in {run} was trained on, "
                "so nobody can tell whether it saw the images to be scored; put it back, or leave "
                "the run out"
            )
    spared = config["fold"] if part == FOLD else None
    seen = {item["sha256"]: item["image"] for item in trained.items if item["fold"] != spared}
    both = [(item["image"], seen[item["sha256"]]) for item in items if item["sha256"] in seen]
    if not both:
        return
    shown = ", ".join(one if one == other else f"{one} ({other})" for one, other in both[:_NAMED])
    more = f" and {len(both) - _NAMED} more" if len(both) > _NAMED else ""
    raise InputError(
        f"{len(both)} of the {len(items)} images of {dataset.folder} to be scored are images that "
        f"the run in {run} was trained, chosen or judged by: {shown}{more}. Score images that it "
        "has never seen"
    )


def _check_scored(run: Path, flip_average: bool | None) -> None:
    folder = own_folder(run, flip_average)
    if (folder / CASES).is_file():
        return
    if folder == run:
        raise InputError(
            f"the run in {run} has no {CASES} of its own fold to compare with; evaluate it without "
            "--site_dir, --part and --ensemble first"
        )
    option = f"--flip_average {str(flip_average).lower()}"
    raise InputError(
        f"the run in {run} has no {CASES} of its own fold with {option} to compare with; evaluate "
        f"it with {option}, but without --site_dir, --part and --ensemble, first"
    )


def _folder(
    output_dir: Path, site: str, part: str, ensemble: bool, flip_average: bool | None
) -> Path:
    words = (
        TESTING if part == TESTING else "",
        "ensemble" if ensemble else "",
        _flips_name(output_dir, flip_average),
    )
    name = "_".join(filter(None, words))
    if not site:
        return output_dir / name if name else output_dir
    return output_dir / SITES / (f"{site}_{name}" if name else site)
