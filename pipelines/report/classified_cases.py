"""The surest right answers, the median ones and the surest mistakes, with Grad-CAM."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.datasets.audit.appearance import eight_bits
from pipelines.datasets.audit.measure import read_pixels
from pipelines.errors import first_line
from pipelines.evaluation.classification import PREFIX
from pipelines.quiet_readers import quiet_readers
from pipelines.report.case_pictures import PicturedCase, View, view
from pipelines.report.score_names import number
from pipelines.report.sources import MODEL, Member, Sources

_LOG = logging.getLogger("med2d")
_HEAT = 0.65  # most of the image that the heat covers


def chosen_answers(cases: pd.DataFrame, count: int) -> dict[str, list[str]]:
    """Chooses the cases that are worth a look; none stands in two kinds.

    Args:
        cases: table of cases with ``id``, ``class``, ``predicted`` and ``p_<class>``.
        count: most cases of a kind.

    Returns:
        Title to ids: right answers of the highest probability; those whose probability of the true
        class is about the median; mistakes of the highest probability. Ties are broken by id.
    """
    table = cases.assign(
        of_truth=[float(row[PREFIX + row["class"]]) for _, row in cases.iterrows()],
        of_answer=[float(row[PREFIX + row["predicted"]]) for _, row in cases.iterrows()],
    )
    right, wrong = (
        table[(table["class"] == table["predicted"]) == is_right] for is_right in (1, 0)
    )
    best = _surest(right)[:count]
    worst = _surest(wrong)[:count]
    ordered = table.sort_values(["of_truth", "id"])["id"].astype(str).tolist()
    left = [name for name in ordered if name not in (*best, *worst)]
    start = max(0, len(left) // 2 - count // 2)
    found = {
        "Surest right answers": best,
        "Median answers": left[start : start + count],
        "Surest mistakes": worst,
    }
    return {title: ids for title, ids in found.items() if ids}


def _surest(table: pd.DataFrame) -> list[str]:
    ordered = table.sort_values(["of_answer", "id"], ascending=[False, True])
    return ordered["id"].astype(str).tolist()


def classified_cases(
    sources: Sources, count: int, heat: bool
) -> tuple[dict[str, list[PicturedCase]], str]:
    """Draws the cases, each beside itself under its heat map.

    Args:
        sources: what the report is of; its dataset is at hand.
        count: most cases of a kind.
        heat: whether heat maps are wanted.

    Returns:
        Title to cases, and why there are no heat maps (empty where there are some).

    Raises:
        InputError: an image of the dataset cannot be read.
    """
    dataset, cases = sources.dataset, sources.cases.table
    assert dataset is not None
    items = {item["id"]: item for item in map(dataset.resolved, (*dataset.items, *dataset.testing))}
    chosen = chosen_answers(cases, count)
    records = cases.set_index("id").to_dict("index")
    names = [name for ids in chosen.values() for name in ids if name in items]
    heats: dict[str, Any] = {}
    why = "" if heat else "They were left out as asked."
    if heat:
        heats, why = _heats(sources, {name: items[name]["image"] for name in names}, records)
    drawn = {
        name: _case(name, Path(items[name]["image"]), records[name], heats.get(name))
        for name in names
    }
    return {title: [drawn[n] for n in ids if n in drawn] for title, ids in chosen.items()}, why


def _case(name: str, path: Path, record: Any, heat: Any) -> PicturedCase:
    pixels = eight_bits(read_pixels(path, name))
    sure = number(record[PREFIX + record["predicted"]], 2)
    answer = f"{record['predicted']} {sure}"
    lines = [f"true {record['class']}", f"answered {answer}"]
    views: list[View] = [view(pixels, f"{name}: true {record['class']}, answered {answer}")]
    if heat is not None:
        seen, map_ = heat
        what = f"{name}: where the image spoke for {record['predicted']}"
        views.append(view(_under_heat(seen, map_), what))
    return PicturedCase(name, lines, views)


def _under_heat(image: NDArray[np.floating], heat: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Lays a heat map over an image; where nothing speaks for the class, the image shows."""
    from matplotlib import colormaps

    grey = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    share = _HEAT * heat[..., None]
    mixed = (1 - share) * grey + share * colormaps["inferno"](heat)[..., :3]
    return np.asarray(np.clip(255 * mixed, 0, 255), dtype=np.uint8)


def _heats(sources: Sources, paths: dict[str, str], records: Any) -> tuple[dict[str, Any], str]:
    """Computes the heat map of each image by the run that scored it."""
    found: dict[str, Any] = {}
    for member in sources.members:
        own = _own(sources, member, paths)
        try:
            found |= _heats_of(member, own, records, sources.cases.labels)
        except Exception as error:  # a recipe may not be built here; the page says why
            _LOG.warning(f"no heat maps: {first_line(error)}")
            return {}, f"The network could not be asked for them: {first_line(error)}."
    return found, "" if found else "The network has no feature maps to draw them from."


def _own(sources: Sources, member: Member, paths: dict[str, str]) -> dict[str, str]:
    """Gives the images that a run scored."""
    if len(sources.members) == 1:
        return paths
    table = sources.cases.table
    folds = dict(zip(table["id"].astype(str), table["fold"].astype(str), strict=True))
    return {name: path for name, path in paths.items() if folds[name] == str(member.fold)}


def _heats_of(
    member: Member, paths: dict[str, str], records: Any, labels: Sequence[str]
) -> dict[str, Any]:
    if not paths:
        return {}
    import torch

    from networks.calibrated_classifier import CalibratedClassifier
    from pipelines.training.heat_maps import heat_maps
    from pipelines.training.run_folder import setting
    from pipelines.training.weights import load_weights

    # Wrapped, because the weights may hold a temperature; the heat is of the upright image alone.
    network = CalibratedClassifier(setting(member.folder, "network_def"), flip_average=False)
    load_weights(network, member.folder / MODEL)
    with quiet_readers():
        prepare = setting(member.folder, "preprocessing")
    images = [torch.as_tensor(prepare({"image": path})["image"]).float() for path in paths.values()]
    classes = [labels.index(records[name]["predicted"]) for name in paths]
    heats = heat_maps(network, images, classes)
    if heats is None:
        return {}
    return {
        name: (_seen(image), heat.numpy())
        for name, image, heat in zip(paths, images, heats, strict=True)
    }


def _seen(image: Any) -> NDArray[np.floating]:
    """Gives what the network saw, (height, width) or (height, width, 3), in [0, 1]."""
    scaled = (image - image.min()) / (image.max() - image.min()).clamp(min=1e-6)
    return scaled[0].numpy() if len(scaled) != 3 else scaled.permute(1, 2, 0).numpy()
