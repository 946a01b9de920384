"""The split of a file, applied to the same images elsewhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

from pipelines.datasets.dataset import LEAKY, Dataset, Item
from pipelines.datasets.layouts.sample import natural
from pipelines.datasets.split import in_order, with_fold
from pipelines.datasets.split_file import SplitFile, images_digest
from pipelines.errors import InputError

_DIGITS = 12  # of a hash that a message shows


def apply_split(dataset: Dataset, file: SplitFile) -> Dataset:
    """Divides a dataset as a split file says.

    Args:
        dataset: the dataset; its present folds need not be in order.
        file: the split.

    Returns:
        The dataset with the folds of the file; nothing is written.

    Raises:
        InputError: the file is of other images, or would put a group of this dataset on two sides
            though it is not marked as leaky.
    """
    everything = in_order((*dataset.items, *dataset.testing))
    _check_same(everything, dataset, file)
    waiting = defaultdict(list)
    for place in sorted(file.places, key=lambda place: natural(place.image), reverse=True):
        waiting[place.sha256].append(place.fold)  # equal images are told apart by their names
    folds = {item["image"]: waiting[item["sha256"]].pop() for item in everything}
    if not file.leaky:
        _check_groups(everything, folds, file)
    ordered = [with_fold(item, folds[item["image"]]) for item in everything]
    source = {key: value for key, value in dataset.source.items() if key != LEAKY}
    source |= {key: file.split[key] for key in ("seed", "folds") if key in file.split}
    source["split"] = {**file.split, "applied": f"{file.dataset} {file.digest}"}
    return replace(
        dataset,
        items=tuple(item for item in ordered if "fold" in item),
        testing=tuple(item for item in ordered if "fold" not in item),
        source={**source, **({LEAKY: True} if file.leaky else {})},
    )


def _check_same(items: list[Item], dataset: Dataset, file: SplitFile) -> None:
    """Refuses a split of other images; says which are missing on either side."""
    found = images_digest(item["sha256"] for item in items)
    if found == file.digest:
        return
    here = Counter(item["sha256"] for item in items)
    there = Counter(place.sha256 for place in file.places)
    lacking = [place.image for place in file.places if here[place.sha256] < there[place.sha256]]
    unknown = [item["image"] for item in items if here[item["sha256"]] > there[item["sha256"]]]
    reasons = [
        f"{len(names)} of {whole} are missing in {where} (such as {names[0]})"
        for names, whole, where in (
            (lacking, f"its {len(file.places)} images", str(dataset.folder)),
            (unknown, f"the {len(items)} images there", "the file"),
        )
        if names
    ]
    raise InputError(
        f"{file.path} is the split of another dataset (hash {file.digest[:_DIGITS]}…, that of "
        f"{dataset.folder} is {found[:_DIGITS]}…): {'; '.join(reasons)}. Apply it to the same "
        "images, converted with the same options"
    )


def _check_groups(items: list[Item], folds: dict[str, int | None], file: SplitFile) -> None:
    """Refuses a split that would part a group."""
    firsts: dict[str, str] = {}
    for item in items:
        first = firsts.setdefault(item["group"], item["image"])
        if folds[first] != folds[item["image"]]:
            raise InputError(
                f"{file.path} puts {first} and {item['image']} on two sides, which are one group "
                f"({item['group']}) here; it was made with other groups. Make a new split instead"
            )
