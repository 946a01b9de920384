"""What the page says of one picture: the answer, how sure it is, and what was seen where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import generate_binary_structure
from scipy.ndimage import label as label_regions

from pipelines.demo.model import Model
from pipelines.demo.view import (
    View,
    mask_colours,
    of_picture,
    plain,
    under_heat,
    view,
    with_outlines,
)
from pipelines.deployment.array_answerer import (
    CLASSIFICATION,
    INFERENCE,
    Answer,
    read_configuration,
)
from pipelines.deployment.unlike_images import unlikeness
from pipelines.training.heat_maps import heat_maps

_TOUCHING = generate_binary_structure(2, 2)  # pixels that touch at a corner are one region


@dataclass(frozen=True)
class Reply:
    """What is said of a picture.

    Attributes:
        name: of the picture.
        problem: why it is not answered; empty where it is.
        width: pixels.
        height: pixels.
        answer: in a few words, such as ``malignant`` or ``1 region of tumour``.
        found: whether something was found: False of a mask that is empty.
        probabilities: of each class of a classification, in their order; of a mask that of a
            lesion, where the network tells it.
        areas: of each class of a mask, share of the picture, 0 to 1.
        regions: of each class of a mask, how many.
        colours: of each class of a mask, as ``#rrggbb``.
        unlikeness: see ``unlike_images.unlikeness``; None where the training images are not known.
        views: its pictures.
        remark: what else must be said of the pictures; may be empty.
    """

    name: str
    problem: str = ""
    width: int = 0
    height: int = 0
    answer: str = ""
    found: bool = True
    probabilities: Mapping[str, float] = field(default_factory=dict)
    areas: Mapping[str, float] = field(default_factory=dict)
    regions: Mapping[str, int] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    unlikeness: float | None = None
    views: Sequence[View] = ()
    remark: str = ""

    @property
    def is_unlike(self) -> bool:
        """Whether the picture is unlike the training images."""
        return self.unlikeness is not None and self.unlikeness > 1

    @property
    def sureness(self) -> float | None:
        """Probability of the answer: the greatest; of a mask that of a lesion, if it is told."""
        return max(self.probabilities.values(), default=None)


def replied(model: Model, pixels: NDArray[Any], name: str, pictured: bool = True) -> Reply:
    """Answers a picture.

    Args:
        model: what answers.
        pixels: (height, width) or (height, width, 3), uint8 or uint16, upright.
        name: of the picture.
        pictured: whether pictures of the answer are wanted.

    Raises:
        InputError: it cannot be answered.
    """
    answer = model.answerer.answer(pixels, name)
    height, width = pixels.shape[:2]
    fitted = model.training_images
    common: dict[str, Any] = {
        "name": name,
        "width": width,
        "height": height,
        "unlikeness": None if fitted is None else unlikeness(pixels, fitted),
    }
    of = _classified if model.answerer.task == CLASSIFICATION else _outlined
    return Reply(**common, **of(model, pixels, answer, name, pictured))


def _classified(
    model: Model, pixels: NDArray[Any], answer: Answer, name: str, pictured: bool
) -> dict[str, Any]:
    labels, index = model.answerer.labels, int(answer.label or 0)
    views, remark = _heated(model, pixels, index, name) if pictured else ((), "")
    return {
        "answer": labels[index],
        "probabilities": dict(zip(labels, map(float, answer.probabilities), strict=True)),
        "views": views,
        "remark": remark,
    }


def _heated(model: Model, pixels: NDArray[Any], index: int, name: str) -> tuple[list[View], str]:
    """The picture, and the same under its heat map where the network gives one."""
    tile = plain(pixels)
    views = [view(tile, f"{name}, as it was given", "as given")]
    network, seen = model.answerer.network, model.answerer.prepared(pixels, name)[0]
    heats = heat_maps(network, [seen], [index]) if isinstance(network, torch.nn.Module) else None
    if heats is None:
        return views, "This network has no feature maps to draw a heat map from."
    heat = heats[0].numpy()
    if not heat.any():
        return views, "Nothing in the picture spoke for this class by Grad-CAM."
    own = of_picture(heat, seen.numpy(), *pixels.shape[:2])
    ground = tile if own is not None else _as_seen(seen)
    picture = under_heat(ground, heat if own is None else own)
    label = model.answerer.labels[index]
    alt = f"{name} under a heat map of where it spoke for {label}"
    return [*views, view(picture, alt, f"where it spoke for “{label}” (Grad-CAM)")], ""


def _as_seen(seen: torch.Tensor) -> NDArray[np.uint8]:
    """What the network saw, as a picture."""
    scaled = (seen - seen.min()) / (seen.max() - seen.min()).clamp(min=1e-6)
    pixels = (255 * scaled).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return plain(pixels if pixels.shape[2] == 3 else pixels[..., 0])


def _outlined(
    model: Model, pixels: NDArray[Any], answer: Answer, name: str, pictured: bool
) -> dict[str, Any]:
    labels, mask = model.answerer.labels, answer.mask
    assert mask is not None
    named = dict(enumerate(labels[1:], start=1))
    areas = {label: float((mask == index).mean()) for index, label in named.items()}
    regions = {label: _regions(mask == index) for index, label in named.items()}
    colours = mask_colours(labels, _own_colours(model))
    return {
        "answer": _in_words(areas, regions),
        "found": bool(mask.any()),
        "probabilities": _presence(model, pixels, name) if len(named) == 1 else {},
        "areas": areas,
        "regions": regions,
        "colours": {labels[i]: "#{:02x}{:02x}{:02x}".format(*c) for i, c in colours.items()},
        "views": _views(pixels, mask, colours, name) if pictured else (),
    }


def _regions(mask: NDArray[np.bool_]) -> int:
    return int(label_regions(mask, _TOUCHING)[1])


def _in_words(areas: Mapping[str, float], regions: Mapping[str, int]) -> str:
    if not any(areas.values()):
        return f"no {next(iter(areas))} found" if len(areas) == 1 else "nothing found"
    if len(areas) > 1:
        largest = max(areas, key=lambda label: areas[label])
        return f"largest class: {largest} ({100 * areas[largest]:.0f} %)"
    ((label, count),) = regions.items()
    return f"{label} found" + (f" ({count} regions)" if count > 1 else "")


def _presence(model: Model, pixels: NDArray[Any], name: str) -> dict[str, float]:
    """The probability of a lesion anywhere in the picture, of a network that tells it."""
    answers = getattr(model.answerer.network, "answers", None)
    if answers is None:
        return {}
    with torch.no_grad():
        seen = model.answerer.prepared(pixels, name).to(model.answerer.device)
        found = float(answers(seen)[1].float().sigmoid())
    return {} if np.isnan(found) else {model.answerer.labels[1]: found}


def _own_colours(model: Model) -> Sequence[Sequence[int]]:
    colours = read_configuration(model.answerer.folder, INFERENCE).get("colours")
    return colours if isinstance(colours, list) else ()


def _views(
    pixels: NDArray[Any], mask: NDArray[np.uint8], colours: Mapping[int, Any], name: str
) -> list[View]:
    tile = plain(pixels)
    given = view(tile, f"{name}, as it was given", "as given")
    if not mask.any():
        return [given]
    drawn = with_outlines(tile, mask, colours)
    return [given, view(drawn, f"{name} with what was found outlined", "what was found")]
