"""Measure what leaks add to a score: one network, trained on an honest split and on leaking ones.

Of each image three copies are made by flips, turns and cuts, as notebooks do that write augmented
images. The last blocks of MobileNetV2 train on images and copies of all folds but two; every epoch
answers both others. What differs is where an image may stand, and what chooses the epoch:

    protocol        split                                   epoch chosen on
    honest          groups of near-duplicates stay together images of the next fold
    duplicates      images, near-duplicates apart           images of the next fold
    copies          images and copies, wherever they fall   images and copies of the next fold
    best_epoch      as honest, the same trainings           images of the scored fold itself
    all             as copies, the same trainings           images and copies of the scored fold

The out-of-fold answers of all folds are pooled; intervals resample groups; the gap to the honest
protocol is that of the same images. Rows are written as a protocol's last fold ends, for each seed,
and for all seeds so far. A training whose answers are kept in the folder of the runs is not done
again.

    python benchmarks/leak_gap.py --dataset_dir datasets/busi_classes --weights FILE \
        --normalisation symmetric --seeds 0 1 2

What whole recipes gain by duplicates is told by the runs that benchmarks/out_of_fold.py leaves of a
dataset and of its copy with `med2d split --leaky`; nothing is trained for it:

    python benchmarks/leak_gap.py --out_of_fold runs/out_of_fold
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from monai.bundle import ConfigParser
from monai.transforms import Compose, RandFlip, RandRotate, RandSpatialCrop, Resize
from numpy.typing import NDArray
from recipe_runs import Row, ended_well, recipe_files, rounded, write_rows

from networks.pretrained import load_pretrained
from networks.transfer_classifier import TransferClassifier
from pipelines.atomic import replacing, write_text
from pipelines.datasets.dataset import digest, read
from pipelines.datasets.splits import even_folds
from pipelines.errors import InputError
from pipelines.evaluation.case_files import CLASSIFICATION, Cases, read_case_files
from pipelines.evaluation.case_scores import case_scores
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.classification_scores import point_scores
from pipelines.evaluation.comparison import DEFAULTS, ComparisonOptions, comparison
from pipelines.evaluation.group_intervals import IntervalOptions
from pipelines.evaluation.holm import holm_adjusted
from pipelines.evaluation.paired_cases import Model, paired
from pipelines.training.parts import part_items

BUNDLE = "breast_us_classification"
FIRST_TRAINED = 14
"""The blocks of MobileNetV2 from here on train; what the others give is computed once."""

GROUPS, IMAGES, FILES = "groups", "images", "files"
NEXT, SCORED = "next fold", "scored fold"
METRIC = "balanced_accuracy"
"""What chooses the epoch."""

BATCH, RATE, DROPOUT, COPIES = 32, 0.0005, 0.2, 3


class Protocol(NamedTuple):
    """How a score is come by.

    Attributes:
        name: in the table.
        split: what is put into folds: ``groups``, single ``images``, or single ``files`` (images
            and copies).
        chosen_on: the fold that chooses the epoch.
    """

    name: str
    split: str
    chosen_on: str


HONEST = Protocol("honest", GROUPS, NEXT)
DUPLICATES = Protocol("duplicates", IMAGES, NEXT)
PROTOCOLS = (
    HONEST,
    Protocol("best_epoch", GROUPS, SCORED),
    Protocol("copies", FILES, NEXT),
    Protocol("all", FILES, SCORED),
    DUPLICATES,
)
"""In the order in which their trainings end; those of a split are the same."""

OF_RECIPES = ("balanced_accuracy", "auroc", "dice", "lesion_recall", "false_positive_rate")
"""Scores of whole recipes that a page shows."""

TRAINED = "last blocks"
"""The recipe that is trained here."""

SCORED_FILES = ("images", "images and copies")
KEY = ("protocol", "seed", "scored", "score")
COLUMNS = (
    *("protocol", "recipe", "split", "chosen_on", "seed", "scored", "score"),
    *("value", "low", "high", "gap", "gap_low", "gap_high", "p", "n", "groups"),
    *("epochs", "best_epochs", "core_minutes", "command"),
)


@dataclass(frozen=True)
class Files:
    """Images and their copies, an image and its copies one after the other.

    Attributes:
        labels: class names in the order of their indices.
        ids: name of each file.
        source: number of the image of each file.
        is_copy: whether it is a copy.
        classes: index of its class.
        groups: the group of its image.
        still: gives ``maps``, which take a while and are needed to train only.
    """

    labels: tuple[str, ...]
    ids: tuple[str, ...]
    source: NDArray[np.int64]
    is_copy: NDArray[np.bool_]
    classes: NDArray[np.int64]
    groups: tuple[str, ...]
    still: Callable[[], torch.Tensor]

    @cached_property
    def maps(self) -> torch.Tensor:
        """What the blocks that do not train give of each file, (files, channels, rows, columns)."""
        return self.still()


@dataclass(frozen=True)
class Settings:
    """What every training of a table shares.

    Attributes:
        dataset: digest of the dataset.
        weights: name of the file of the pretrained weights, or of the library's.
        normalisation: what they expect of the images.
        image_size: side of the input in pixels.
        epochs: passes over the images and copies.
    """

    dataset: str
    weights: str
    normalisation: str | None
    image_size: int
    epochs: int


class Answers(NamedTuple):
    """What a training answered.

    Attributes:
        fold: the fold of each file, (files,).
        asked: numbers of the files that were answered, those of two folds.
        probabilities: (epochs, asked, classes).
        core_seconds: processor time of the training.
    """

    fold: NDArray[np.int64]
    asked: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    core_seconds: float


@dataclass(frozen=True)
class Trainings:
    """The answers of all trainings so far, and the epochs that they chose.

    Attributes:
        files: what was answered.
        answers: of each split and seed, a training for each fold.
        epochs: of each protocol and seed the epoch, from 0, that each fold's training chose.
    """

    files: Files
    answers: dict[tuple[str, int], list[Answers]] = field(default_factory=dict)
    epochs: dict[tuple[Protocol, int], list[int]] = field(default_factory=dict)


def main() -> None:
    """Train what is missing and write the table."""
    ended_well(run, _options())


def _options() -> argparse.Namespace:
    first_line = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(allow_abbrev=False, description=first_line)
    parser.add_argument("--dataset_dir", type=Path, help="an honest classification dataset")
    parser.add_argument("--weights", help="pretrained weights of MobileNetV2")
    parser.add_argument("--normalisation", help="what a file of weights expects of the images")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--image_size", type=int, default=96)
    parser.add_argument("--out_of_fold", type=Path, nargs="+", help="folders of out_of_fold.py")
    parser.add_argument("--runs", type=Path, default=Path("runs/leak_gap"))
    parser.add_argument("--out", type=Path, help="the table (default: in the folder of the runs)")
    parser.add_argument("--page", type=Path, help="a page whose tables are written from the table")
    parser.add_argument("--resamples", type=int, default=10_000)
    return parser.parse_args()


def run(options: argparse.Namespace) -> None:
    """Write the rows that the options ask for.

    Raises:
        InputError: the dataset or the weights cannot be used, or earlier trainings are of others.
    """
    if options.dataset_dir is None and not options.out_of_fold and options.page is None:
        raise InputError("nothing to do; give --dataset_dir with --weights, or --out_of_fold")
    if options.dataset_dir is not None:
        train_and_compare(options)
    for folder in options.out_of_fold or ():
        compare_recipes(options, folder)
    if options.page is not None:
        write_page(options.page, pd.read_csv(_table(options), dtype=str, keep_default_na=False))
    print(_table(options))


def train_and_compare(options: argparse.Namespace) -> None:
    """Trains on each split with each seed, and writes a row a score.

    Raises:
        InputError: see ``run``.
    """
    dataset = read(options.dataset_dir)
    if dataset.task != CLASSIFICATION or dataset.leaky:
        raise InputError(
            f"{options.dataset_dir} is a {'leaky ' if dataset.leaky else ''}{dataset.task} dataset;"
            " expected a classification whose split keeps groups together: the leaks are made here"
        )
    if not options.weights:
        raise InputError("--weights is missing; give pretrained weights of MobileNetV2")
    settings = _settings(options, digest(dataset))
    _check_settings(options.runs, settings)
    items = part_items(dataset, dataset.items)
    labels = tuple(dataset.labels[str(index)] for index in range(len(dataset.labels)))
    files = made_files(items, labels, options)
    folds = np.array([item["fold"] for item in items])
    done = Trainings(files)
    for count, seed in enumerate(options.seeds, start=1):
        for protocol in PROTOCOLS:
            if (protocol.split, seed) not in done.answers:
                answers = _all_folds(protocol.split, seed, files, folds, options)
                done.answers[protocol.split, seed] = answers
            done.epochs[protocol, seed] = [
                chosen_epoch(protocol, fold, each, files)
                for fold, each in enumerate(done.answers[protocol.split, seed])
            ]
            for seeds in [[seed]] + ([options.seeds[:count]] if count > 1 else []):
                write_rows(_table(options), _rows(protocol, seeds, done, options), COLUMNS, KEY)


def _settings(options: argparse.Namespace, of_dataset: str) -> Settings:
    weights = Path(options.weights).name
    chosen = options.normalisation
    return Settings(of_dataset, weights, chosen, options.image_size, options.epochs)


def _check_settings(folder: Path, settings: Settings) -> None:
    """Refuses to mix trainings of different settings; notes them for the next time."""
    path = folder / "settings.json"
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
        differ = [name for name, value in asdict(settings).items() if found.get(name) != value]
        if differ:
            raise InputError(
                f"{folder} holds trainings of another {differ[0]}: {found.get(differ[0])}, not "
                f"{getattr(settings, differ[0])}; give another folder to --runs"
            )
    folder.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(asdict(settings), indent=1) + "\n")


def made_files(
    items: Sequence[dict[str, Any]], labels: tuple[str, ...], options: argparse.Namespace
) -> Files:
    """Names the images and the copies that will be made of them."""
    source = np.repeat(np.arange(len(items)), COPIES + 1)
    number = np.tile(np.arange(COPIES + 1), len(items))
    sources = [items[place] for place in source.tolist()]
    names = [
        f"{item['id']}{f' copy {n}' if n else ''}"
        for item, n in zip(sources, number.tolist(), strict=True)
    ]
    return Files(
        labels=labels,
        ids=tuple(names),
        source=source,
        is_copy=number > 0,
        classes=np.array([item["label"] for item in sources]),
        groups=tuple(item["group"] for item in sources),
        still=partial(_still, items, len(labels), options),
    )


def pictures(items: Sequence[dict[str, Any]], image_size: int) -> Iterator[torch.Tensor]:
    """Yields each image with its copies, (1 + copies, 1, side, side).

    A copy is turned by up to 15 degrees, cut to between 0.8 and 1 of each side, and mirrored half
    of the time; it is the same whenever and on whichever split it is made.
    """
    parser = ConfigParser()
    parser.read_config([str(path) for path in recipe_files(BUNDLE, "default")])
    parser["image_size"] = image_size
    preprocessing = parser.get_parsed_content("preprocessing")
    copying = Compose(
        [
            RandFlip(prob=0.5, spatial_axis=1),
            RandRotate(range_x=0.26, prob=1.0, padding_mode="zeros"),
            RandSpatialCrop([round(0.8 * image_size)] * 2, [image_size] * 2, random_size=True),
            Resize([image_size] * 2, mode="bilinear", anti_aliasing=True),
        ]
    )
    for place, item in enumerate(items):
        image = preprocessing({"image": item["image"]})["image"]
        made = [image]
        for number in range(COPIES):
            (seed,) = np.random.SeedSequence([place, number]).generate_state(1)
            made.append(copying.set_random_state(int(seed))(image))
        yield torch.stack([torch.as_tensor(each) for each in made])


def _network(classes: int, options: argparse.Namespace) -> TransferClassifier:
    head = {"pooling": "average", "dropout": DROPOUT}
    network = TransferClassifier("torchvision.mobilenet_v2", classes, head=head)
    load_pretrained(network, options.weights, options.normalisation)
    return network


@torch.no_grad()
def _still(
    items: Sequence[dict[str, Any]], classes: int, options: argparse.Namespace
) -> torch.Tensor:
    """Gives the maps of the blocks that do not train, of all images and copies."""
    network = _network(classes, options).eval()
    blocks: Any = network.backbone.features
    still = blocks[:FIRST_TRAINED]
    made = [still(network.normalisation(each)) for each in pictures(items, options.image_size)]
    return torch.cat(made)


def _all_folds(
    split: str, seed: int, files: Files, folds: NDArray[np.int64], options: argparse.Namespace
) -> list[Answers]:
    """Gives the answers of a split's trainings, one for each fold."""
    assigned = file_folds(split, seed, files, folds)
    answers = []
    for fold in sorted(set(folds.tolist())):
        path = options.runs / f"{split}-{fold}-{seed}.npz"
        if not path.is_file():
            _save(path, trained(files, assigned, fold, seed, options))
            print(
                f"{split}, fold {fold}, seed {seed}: {_load(path).core_seconds:.0f} s", flush=True
            )
        answers.append(_load(path))
    return answers


def file_folds(split: str, seed: int, files: Files, folds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Gives the fold of each file.

    Args:
        split: ``groups``: that of its image in the dataset; ``images``: a copy goes with its image,
            which goes anywhere; ``files``: each goes anywhere. Classes are spread evenly in all.
        seed: of the two that leak.
        files: images and copies.
        folds: of the images in the dataset.
    """
    count = len(set(folds.tolist()))
    classes = [files.labels[each] for each in files.classes]
    if split == GROUPS:
        return folds[files.source]
    if split == FILES:
        return np.array(even_folds(classes, files.ids, count, seed))
    images = np.flatnonzero(~files.is_copy)
    spread = even_folds([classes[i] for i in images], [files.ids[i] for i in images], count, seed)
    return np.array(spread)[files.source]


def trained(
    files: Files, assigned: NDArray[np.int64], fold: int, seed: int, options: argparse.Namespace
) -> Answers:
    """Trains on all folds but two, the one to be scored and the next, and asks both each epoch."""
    torch.manual_seed(seed)
    network = _network(len(files.labels), options)
    blocks: Any = network.backbone.features
    model = torch.nn.Sequential(*blocks[FIRST_TRAINED:], network.head)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    following = (fold + 1) % (int(assigned.max()) + 1)
    asked = np.flatnonzero((assigned == fold) | (assigned == following))
    learnt = torch.from_numpy(np.setdiff1d(np.arange(len(assigned)), asked))
    start, answers = time.process_time(), []
    for _ in range(options.epochs):
        _train_epoch(model, optimizer, files, learnt)
        answers.append(_probabilities(model, files.maps[asked]))
    return Answers(assigned, asked, np.stack(answers), time.process_time() - start)


def _train_epoch(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, files: Files, learnt: torch.Tensor
) -> None:
    model.train()
    classes = torch.from_numpy(files.classes)
    for batch in learnt[torch.randperm(len(learnt))].split(BATCH):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(files.maps[batch]), classes[batch])
        loss.backward()
        optimizer.step()


@torch.inference_mode()
def _probabilities(model: torch.nn.Module, maps: torch.Tensor) -> NDArray[np.float32]:
    model.eval()
    return torch.cat([model(part).softmax(dim=1) for part in maps.split(256)]).numpy()


def _save(path: Path, answers: Answers) -> None:
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **answers._asdict())


def _load(path: Path) -> Answers:
    with np.load(path) as held:
        found = {name: held[name] for name in Answers._fields}
    return Answers(**{**found, "core_seconds": float(found["core_seconds"])})


def _rows(
    protocol: Protocol, seeds: Sequence[int], done: Trainings, options: argparse.Namespace
) -> list[Row]:
    """Makes the rows of a protocol: of the images alone, and of the images with their copies."""
    trainings = [each for seed in seeds for each in done.answers[protocol.split, seed]]
    chosen = [epoch + 1 for seed in seeds for epoch in done.epochs[protocol, seed]]
    facts = {
        "protocol": protocol.name,
        "recipe": TRAINED,
        "split": protocol.split,
        "chosen_on": protocol.chosen_on,
        "seed": seeds[0] if len(seeds) == 1 else "all",
        "epochs": options.epochs,
        "best_epochs": "+".join(map(str, chosen)),
        "core_minutes": round(sum(each.core_seconds for each in trainings) / 60, 1),
        "command": _command(options, seeds),
    }
    rows = []
    for scored in SCORED_FILES:
        cases = _cases(protocol, seeds, done, scored)
        base = None if protocol == HONEST else _cases(HONEST, seeds, done, scored)
        images = len(cases.table) // len(seeds)
        for row in _scored(cases, base, options.resamples):
            rows.append({**facts, "scored": scored, **row, "n": images})
    return rows


def _cases(protocol: Protocol, seeds: Sequence[int], done: Trainings, scored: str) -> Cases:
    """Gives the pooled out-of-fold cases of some seeds, each of the epoch that was chosen."""
    parts = []
    for seed in seeds:
        answers, epochs = done.answers[protocol.split, seed], done.epochs[protocol, seed]
        for fold, (each, epoch) in enumerate(zip(answers, epochs, strict=True)):
            table = _of_fold(each, epoch, fold, done.files)
            if scored == SCORED_FILES[0]:
                table = table[~done.files.is_copy[table["file"]]]
            parts.append(table.assign(id=[f"{name} (seed {seed})" for name in table["id"]]))
    pooled = pd.concat(parts).sort_values("id", ignore_index=True).drop(columns="file")
    return Cases(CLASSIFICATION, done.files.labels, pooled, True, True, False)


def chosen_epoch(protocol: Protocol, fold: int, answers: Answers, files: Files) -> int:
    """Chooses the epoch, from 0, the first of equal ones.

    Where copies follow their images, only the images choose. Where they were thrown in with them,
    nobody knows which is which, and all choose.
    """
    count = int(answers.fold.max()) + 1
    on = fold if protocol.chosen_on == SCORED else (fold + 1) % count
    values = []
    for epoch in range(len(answers.probabilities)):
        cases = _of_fold(answers, epoch, on, files)
        if protocol.split != FILES:
            cases = cases[~files.is_copy[cases["file"]]]
        values.append(point_scores(cases, files.labels)[METRIC])
    return int(np.argmax(values))


def _of_fold(answers: Answers, epoch: int, fold: int, files: Files) -> pd.DataFrame:
    """Gives the cases of a fold at an epoch, with the number of each file."""
    inside = np.flatnonzero(answers.fold[answers.asked] == fold)
    which = answers.asked[inside]
    probabilities = answers.probabilities[epoch, inside].astype(float)
    labels = np.array(files.labels, dtype=object)
    return pd.DataFrame(
        {
            "file": which,
            "id": [files.ids[i] for i in which],
            "group": [files.groups[i] for i in which],
            "class": labels[files.classes[which]],
            "predicted": labels[probabilities.argmax(axis=1)],
            **{PREFIX + name: probabilities[:, i] for i, name in enumerate(files.labels)},
        }
    )


def _scored(cases: Cases, honest: Cases | None, resamples: int) -> list[Row]:
    """Scores cases, and compares them with the honest ones image by image."""
    content = case_scores(cases, IntervalOptions(resamples=resamples))["scores"]
    gaps: dict[str, Any] = {}
    if honest is not None:
        models = [Model("honest", honest, None), Model("leaky", cases, None)]
        asked = ComparisonOptions(resamples=resamples)
        (pair,) = comparison(paired(models), asked)["pairs"]
        gaps = pair["scores"]
    rows = []
    for name in (each for each in DEFAULTS[cases.task] if each in content):
        entry, gap = content[name], gaps.get(name, {})
        row: Row = {"score": name, "n": entry["n"], "groups": entry["groups"]}
        row |= {key: rounded(entry[key]) for key in ("value", "low", "high")}
        row |= {"gap": rounded(gap.get("difference")), "p": rounded(gap.get("p"))}
        row |= {f"gap_{key}": rounded(gap.get(key)) for key in ("low", "high")}
        rows.append(row)
    return rows


def compare_recipes(options: argparse.Namespace, folder: Path) -> None:
    """Writes the rows of each recipe whose runs of both splits stand in a folder.

    Raises:
        InputError: there is none, or the runs scored different images.
    """
    names = recipes_of(folder)
    if not names:
        raise InputError(
            f"{folder} holds no recipe with runs of both splits, BUNDLE-RECIPE-grouped-0, … and "
            "BUNDLE-RECIPE-leaky-0, …; benchmarks/out_of_fold.py makes them"
        )
    for name, count in names.items():
        cases = {
            split: read_case_files([folder / f"{name}-{split}-{fold}" for fold in range(count)])
            for split in ("grouped", "leaky")
        }
        for protocol, split in ((HONEST, "grouped"), (DUPLICATES, "leaky")):
            base = None if protocol == HONEST else cases["grouped"]
            facts = {
                "protocol": f"{protocol.name}: {name}",
                "split": protocol.split,
                "chosen_on": protocol.chosen_on,
                "recipe": name,
                "seed": 0,
                "scored": "images",
                "command": f"python benchmarks/leak_gap.py --out_of_fold {folder}",
            }
            rows = [{**facts, **row} for row in _scored(cases[split], base, options.resamples)]
            write_rows(_table(options), rows, COLUMNS, KEY)


def recipes_of(folder: Path) -> dict[str, int]:
    """Names the recipes of which every fold of both splits has been scored, with how many folds.

    A recipe of which some are missing is told and left out.
    """
    found: dict[str, dict[str, set[int]]] = {}
    for path in sorted(folder.glob("*/cases.csv")):
        match = re.fullmatch(r"(.+)-(grouped|leaky)-(\d+)", path.parent.name)
        if match:
            by_split = found.setdefault(match[1], {"grouped": set(), "leaky": set()})
            by_split[match[2]].add(int(match[3]))
    whole = {}
    for name, by_split in found.items():
        honest, leaky = by_split["grouped"], by_split["leaky"]
        if leaky and honest == leaky == set(range(len(honest))):
            whole[name] = len(honest)
        else:
            print(f"{name}: folds {sorted(honest)} honest, {sorted(leaky)} leaky; left out")
    return whole


def write_page(path: Path, rows: pd.DataFrame) -> None:
    """Puts the tables of the rows between the marks of a page.

    Raises:
        InputError: the page lacks a mark.
    """
    text = path.read_text(encoding="utf-8")
    for mark, table in page_tables(rows).items():
        pattern = rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)"
        text, count = re.subn(pattern, rf"\g<1>\n{table}\n\g<2>", text, flags=re.DOTALL)
        if count != 1:
            raise InputError(f"{path} holds {count} times <!-- {mark} -->; expected it once")
    write_text(path, text)


def page_tables(rows: pd.DataFrame) -> dict[str, str]:
    """Makes the tables of a page, by the marks between which they stand.

    Args:
        rows: the table as text. Of several seeds those of all together are shown, once each
            protocol has them.
    """
    trained = _of_all_seeds(rows[rows["recipe"] == TRAINED])
    images = trained[trained["scored"] == SCORED_FILES[0]]
    files = trained[trained["scored"] == SCORED_FILES[1]]
    recipes = rows[rows["recipe"] != TRAINED]
    return {
        "images": _markdown(images, DEFAULTS[CLASSIFICATION]),
        "files": _markdown(files, DEFAULTS[CLASSIFICATION]),
        "recipes": _markdown(recipes, OF_RECIPES),
    }


def _of_all_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """Takes the rows of all seeds together where each protocol has as many; else of the first."""
    pooled = rows[rows["seed"] == "all"]
    whole = set(pooled["protocol"]) == set(rows["protocol"])
    if whole and pooled["best_epochs"].str.count(r"\+").nunique() == 1:
        return pooled
    return rows[rows["seed"] == rows["seed"].min()]


def with_adjusted_p(rows: pd.DataFrame) -> pd.DataFrame:
    """Adds ``p_holm``: the p values of a protocol, adjusted over its scores.

    As ``med2d compare`` does of a pair of models; each protocol is a question of its own.

    Args:
        rows: the table as text, of one seed or of all, with every score that was compared.
    """
    adjusted = rows.assign(p_holm="")
    for _, family in rows.groupby(["protocol", "seed", "scored"], sort=False):
        given = pd.to_numeric(family["p"], errors="coerce")
        values = holm_adjusted(given.to_list())
        shown = ["" if np.isnan(value) else f"{value:.4f}" for value in values]
        adjusted.loc[family.index, "p_holm"] = shown
    return adjusted


def _markdown(rows: pd.DataFrame, scores: Sequence[str]) -> str:
    """Writes rows with their interval, and the gap with its own and both p values."""
    head = ["protocol", "score", "value (95 % interval)", "gap (95 % interval)"]
    head += ["p", "p (Holm)", "n", "groups"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    rows = with_adjusted_p(rows)
    for _, row in rows[rows["score"].isin(scores)].iterrows():
        gap = "" if not row["gap"] else f"{float(row['gap']):+.3f} ({_range(row, 'gap_')})"
        p = f"{float(row['p']):.4f}" if row["p"] else ""
        cells = [f"`{row['protocol']}`", row["score"].replace("_", " ")]
        cells += [f"{float(row['value']):.3f} ({_range(row, '')})", gap, p, row["p_holm"]]
        cells += [row["n"], row["groups"]]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _range(row: pd.Series, start: str) -> str:
    if not row[f"{start}low"]:  # as where all resamples agree
        return "no interval"
    return " to ".join(
        f"{float(row[start + end]):{'+' if start else ''}.3f}" for end in ("low", "high")
    )


def _table(options: argparse.Namespace) -> Path:
    return options.out or options.runs / "leaks.csv"


def _command(options: argparse.Namespace, seeds: Sequence[int]) -> str:
    words = ["python", "benchmarks/leak_gap.py", "--dataset_dir", str(options.dataset_dir)]
    words += ["--weights", str(options.weights)]
    words += ["--normalisation", options.normalisation] if options.normalisation else []
    words += ["--seeds", *map(str, seeds), "--epochs", str(options.epochs)]
    return " ".join([*words, "--image_size", str(options.image_size)])


if __name__ == "__main__":
    main()
