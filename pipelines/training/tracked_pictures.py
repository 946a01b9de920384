"""A few images of the validation fold with what the network says of them, as it learns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from ignite.engine import Engine, Events
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from skimage.segmentation import find_boundaries

from transforms.upright_reader import UprightReader

MOST_STEPS = 8
"""How many times in a training, about, pictures are taken: of one epoch in so many."""
LONGEST_SIDE = 256
"""Of a picture, pixels."""

SECTION = "pictures"
"""Before the keys: the MLflow UI shows them in a section of that name."""
TRUTH, PREDICTION = (230, 159, 0), (86, 180, 233)
"""Colours of the outlines, those of ``pipelines.evaluation.overlays``."""
_CAPTION = 28  # pixels
_WHITE = (255, 255, 255)
_NONE: Mapping[int, str] = {}


class Picture(NamedTuple):
    """A picture to be sent.

    Attributes:
        key: under which MLflow shows the pictures of one image by step; no name of an image.
        pixels: (H, W, 3), uint8.
        is_truth: whether nothing of an answer is shown.
    """

    key: str
    pixels: NDArray[np.uint8]
    is_truth: bool = False


class ValidationPictures:
    """Takes pictures of the same few images whenever one epoch in ``MOST_STEPS`` is validated.

    Of a segmentation they show the outlines of truth and prediction, of a classification the true
    and the predicted class below the image. What has neither gets no picture. The first time, the
    truth alone is shown beside them: it is step 0, with which the MLflow UI begins.

    Args:
        count: how many images, spread evenly over the validation fold; 0 for none.

    Attributes:
        taken: the pictures of the last epoch that was chosen; whoever sends them empties it.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.taken: list[Picture] = []
        self._next = 0
        self._every = 1
        self._with_truth = True
        self._was_taken = False
        self._position = 0
        self._wanted: tuple[int, ...] = ()
        self._classes: dict[int, str] = {}

    def attach(self, validator: Engine) -> None:
        """Look at what ``validator`` answers."""
        validator.add_event_handler(Events.EPOCH_STARTED, self._on_start)
        validator.add_event_handler(Events.ITERATION_COMPLETED, self._on_batch)

    def begin(self, epochs: int, done: int = 0) -> None:
        """Spread the steps over a training.

        Args:
            epochs: that are to come.
            done: those before, of a training that goes on.
        """
        self._every, self._next = max(1, math.ceil(epochs / MOST_STEPS)), 0
        self._with_truth = not done

    def _on_start(self, engine: Engine) -> None:
        self._position, self._wanted = 0, ()
        dataset = getattr(getattr(engine, "data_loader", None), "dataset", ())
        images = len(dataset)
        if engine.state.epoch < self._next or not images or not self.count:
            return
        self._next = engine.state.epoch + self._every
        spread = np.linspace(0, images - 1, min(self.count, images))
        self._wanted = tuple(int(place) for place in spread)
        self._with_truth = self._with_truth and not self._was_taken
        self._was_taken = True
        self._classes = _classes(getattr(dataset, "data", ()))
        self.taken = []

    def _on_batch(self, engine: Engine) -> None:
        if not self._wanted or not isinstance(engine.state.output, list):
            return
        for item, answer in zip(engine.state.batch, engine.state.output, strict=False):
            if self._position in self._wanted:
                self._take(f"{SECTION}/{self._wanted.index(self._position) + 1}", item, answer)
            self._position += 1

    def _take(self, key: str, item: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        pixels = drawn(item, answer, self._classes)
        if pixels is None:
            return
        self.taken.append(Picture(key, pixels))
        truth = drawn_truth(item, answer) if self._with_truth else None
        if truth is not None:
            self.taken.append(Picture(key, truth, is_truth=True))


def _classes(items: Iterable[Any]) -> dict[int, str]:
    """The names of the classes by their indices, as the items tell both."""
    return {
        int(item["label"]): str(item["class"])
        for item in items
        if isinstance(item, Mapping) and isinstance(item.get("label"), int)
    }


def drawn(
    item: Mapping[str, Any], answer: Mapping[str, Any], classes: Mapping[int, str] = _NONE
) -> NDArray[np.uint8] | None:
    """Draw one image with what is true and what is answered.

    Args:
        item: of the validation's batch, with ``image``; of a classification also ``class`` and
            ``label``.
        answer: after the postprocessing: ``pred`` (1, H, W), a mask or a map of classes, with
            ``label`` alike; or probabilities (classes,).
        classes: the names of classes by their indices; one that is missing is shown by its index.

    Returns:
        (H, W, 3); None where there is nothing to draw.
    """
    pred = answer.get("pred")
    if not isinstance(pred, torch.Tensor):
        return None
    if pred.ndim == 3 and isinstance(answer.get("label"), torch.Tensor):
        return _outlined(_native(item["image"]), _plain(answer["label"])[0], _plain(pred)[0])
    if pred.ndim == 1 and "class" in item:
        said = int(pred.argmax())
        name = classes.get(said, f"class {said}")
        text = f"is {item['class']}, answer {name} {float(pred.max()):.2f}"
        return _captioned(_tensor_pixels(item["image"]), text, said == int(item["label"]))
    return None


def drawn_truth(item: Mapping[str, Any], answer: Mapping[str, Any]) -> NDArray[np.uint8] | None:
    """Draw one image with what is true alone; see ``drawn``."""
    if "class" in item and answer["pred"].ndim == 1:
        return _captioned(_tensor_pixels(item["image"]), f"is {item['class']}", True)
    label = _plain(answer["label"])[0]
    return _outlined(_native(item["image"]), label, np.zeros_like(label))


def _native(image: torch.Tensor) -> NDArray[np.uint8]:
    """The image at its own size where its file is known, as its masks are."""
    name = getattr(image, "meta", {}).get("filename_or_obj")
    if not isinstance(name, str | Path):
        return _tensor_pixels(image)
    reader = UprightReader("grey")
    return _eight_bits(reader.get_data(Path(name))[0])


def _tensor_pixels(image: torch.Tensor) -> NDArray[np.uint8]:
    return _eight_bits(_plain(image.float()).mean(axis=0))


def _plain(tensor: torch.Tensor) -> NDArray[Any]:
    plain = tensor.as_tensor() if hasattr(tensor, "as_tensor") else tensor
    return plain.detach().cpu().numpy()


def _eight_bits(grey: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey values of any range, (H, W), as (H, W, 3) from black to white."""
    low, high = float(grey.min()), float(grey.max())
    share = (grey.astype(np.float64) - low) / ((high - low) or 1.0)
    return np.repeat(np.rint(255 * share).astype(np.uint8)[..., None], 3, axis=2)


def _outlined(
    pixels: NDArray[np.uint8], truth: NDArray[Any], prediction: NDArray[Any]
) -> NDArray[np.uint8] | None:
    """The image with both outlines; None where the masks are of another size."""
    if pixels.shape[:2] != truth.shape or truth.shape != prediction.shape:
        return None
    size = _size(pixels)
    canvas = np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
    for mask, colour in ((truth, TRUTH), (prediction, PREDICTION)):
        small = Image.fromarray(mask.astype(np.uint8)).resize(size, Image.Resampling.NEAREST)
        canvas[find_boundaries(np.array(small), mode="inner")] = colour
    return canvas


def _captioned(pixels: NDArray[np.uint8], text: str, right: bool) -> NDArray[np.uint8]:
    small = Image.fromarray(pixels).resize(_size(pixels), Image.Resampling.BILINEAR)
    picture = Image.new("RGB", (max(small.width, LONGEST_SIDE), small.height + _CAPTION))
    picture.paste(small, ((picture.width - small.width) // 2, 0))
    place = (4, small.height + 8)
    ImageDraw.Draw(picture).text(place, text, fill=_WHITE if right else TRUTH)
    return np.array(picture)


def _size(pixels: NDArray[Any]) -> tuple[int, int]:
    """Width and height of a picture of an image: never larger than it is."""
    height, width = pixels.shape[:2]
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def log_pictures(client: Any, run_id: str | None, pictures: list[Picture], step: int) -> None:
    """Log pictures to an MLflow run.

    Args:
        client: an ``MlflowClient``.
        run_id: the MLflow run.
        pictures: of one epoch.
        step: the epoch; the truth alone stands at step 0.
    """
    for picture in pictures:
        at = 0 if picture.is_truth else step
        client.log_image(run_id, picture.pixels, key=picture.key, step=at, synchronous=True)
