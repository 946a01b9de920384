"""Answer pictures in memory by a bundle, as ``monai.bundle run`` answers files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from monai.transforms import AsDiscreted, Compose, LoadImaged
from numpy.typing import NDArray
from PIL import Image

from pipelines.errors import InputError
from pipelines.quiet_readers import quiet_readers
from pipelines.training.workflow import readable_cause
from transforms.picture import PictureError, rgb8, to_grey, to_rgb
from transforms.save_mask import SaveImageMaskd
from transforms.upright_reader import UprightReader, picture_metadata

CLASSIFICATION, SEGMENTATION = "classification", "segmentation"
INFERENCE, METADATA = "configs/inference.json", "configs/metadata.json"
RECORD = "configs/package.json"
"""What ``med2d package`` records beside a model."""

_LOGIT = " (logit)"
_SHAPES: Mapping[str, Callable[[Image.Image], NDArray[Any]]] = {"grey": to_grey, "rgb": to_rgb}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bundle says of one picture.

    Attributes:
        probabilities: float32 in [0, 1]. Of a classification (classes,), which add up to 1; of a
            segmentation (channels, height, width) of the picture's own size, before a threshold or
            the removal of small regions.
        label: index of the most probable class; None of a segmentation.
        mask: class indices (height, width), uint8, of the picture's own size; None of a
            classification.
    """

    probabilities: NDArray[np.float32]
    label: int | None = None
    mask: NDArray[np.uint8] | None = None


class ArrayAnswerer:
    """Answers pictures in memory by the preprocessing, inferer and postprocessing of a bundle.

    They are those of its ``inference.json``, without what reads and what writes files, so that a
    picture is answered as ``monai.bundle run`` answers its file.

    Args:
        folder: a bundle that has weights: a package, a run's folder or that of an ensemble.
        network: what answers in place of the bundle's own network, such as its TorchScript; from
            (1, channels, height, width) to logits. Must be on ``device`` and in evaluation mode.
        device: where the network computes.

    Attributes:
        folder: the bundle.
        task: ``classification`` or ``segmentation``.
        labels: names of the classes in the order of their indices, of a mask with the background.
        metadata: content of ``metadata.json``.
        network: what answers.
        device: where.

    Raises:
        InputError: there is no such bundle, it lacks weights or metadata, or it reads no pictures.
    """

    def __init__(
        self,
        folder: str | Path,
        network: Callable[[torch.Tensor], torch.Tensor] | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        self.folder = Path(folder)
        content = read_configuration(self.folder, INFERENCE)
        self.metadata = read_configuration(self.folder, METADATA)
        self.task = CLASSIFICATION if "activation" in content else SEGMENTATION
        self.labels = _labels(content, self.metadata, self.task)
        self.device = torch.device(device)
        given = {"bundle_root": str(self.folder.absolute()), "device": str(device)}
        self._parser = ConfigParser({**content, **given})
        self._content, self._prepare = self._preprocessing()
        self._postprocess = self._postprocessing()
        self._inferer = self._parsed("inferer")
        self.network = self._parsed("network").eval() if network is None else network

    @property
    def image_size(self) -> int | None:
        """Side of the square that the network sees, in pixels; None where the bundle tells none."""
        return self._parser.get("image_size")

    @property
    def channels(self) -> int:
        """1 where the network sees grey, 3 where it sees colours."""
        return 1 if self._content == "grey" else 3

    def answer(self, picture: NDArray[Any], name: str = "the picture") -> Answer:
        """Answers a picture.

        Args:
            picture: (height, width) or (height, width, 3), uint8, or uint16 of grey; upright.
                Colours become grey, or grey three equal channels, where the bundle wants that.
            name: what messages call it.

        Raises:
            InputError: the picture cannot be answered, or the network answers NaN.
        """
        with torch.no_grad():
            item = self._item(picture, name)
            batch = torch.as_tensor(item["image"])[None].to(self.device)
            if isinstance(batch, MetaTensor):
                batch = batch.as_tensor()
            return self.answer_of(self._inferer(batch, self.network), item, name)

    def prepared(self, picture: NDArray[Any], name: str = "the picture") -> torch.Tensor:
        """Gives a picture as the network sees it, (1, channels, height, width), float32.

        Args:
            picture: see ``answer``.
            name: what messages call it.

        Raises:
            InputError: the picture cannot be used.
        """
        image = torch.as_tensor(self._item(picture, name)["image"])
        return (image.as_tensor() if isinstance(image, MetaTensor) else image)[None]

    def answer_of(self, logits: torch.Tensor, item: Mapping[str, Any], name: str) -> Answer:
        """Makes an answer of what the network says.

        Args:
            logits: (1, channels, …).
            item: the prepared picture.
            name: what messages call it.

        Raises:
            InputError: some logits are NaN, or overflow.
        """
        if not bool((logits < float("inf")).all()):
            raise InputError(
                f"the model answers NaN for {name}; such a model is not used: take that of another "
                "run"
            )
        answered: dict[str, Any] = {**item, "pred": logits[0]}
        probabilities = None
        for transform in self._postprocess:
            if isinstance(transform, AsDiscreted) and probabilities is None:
                probabilities = _array(answered["pred"])
            answered = dict(transform(answered))
        found = _array(answered["pred"])
        if self.task == CLASSIFICATION:
            return Answer(found.astype(np.float32), label=int(found.argmax()))
        if probabilities is None:
            raise InputError(
                f"{self.folder / INFERENCE}: postprocessing makes no mask of the probabilities; "
                "expected AsDiscreted among its transforms"
            )
        return Answer(probabilities.astype(np.float32), mask=found[0].astype(np.uint8))

    def _item(self, picture: NDArray[Any], name: str) -> dict[str, Any]:
        """The prepared picture under ``image``, with what turns masks back to its size."""
        try:
            pixels = _channelled(np.asarray(picture), self._content)
            if pixels.shape[0] == pixels.shape[1] == 1:
                raise InputError(f"{name} is a single pixel, which shows nothing")
            return dict(self._prepare({"image": _loaded(pixels, name)}))
        except PictureError as error:
            raise InputError(f"{name}: {error}") from error
        except RuntimeError as error:
            height, width = np.shape(picture)[:2]
            cause = error.__cause__ or error
            if isinstance(cause, ArithmeticError):  # the shorter side shrinks to nothing
                raise InputError(
                    f"{name} ({width} x {height} pixels) is too long and thin to shrink to what "
                    "the network sees; cut it to the part that is to be answered"
                ) from error
            raise InputError(
                f"{name} ({width} x {height} pixels) cannot be made what the network sees "
                f"({str(cause).splitlines()[0]})"
            ) from error

    def _preprocessing(self) -> tuple[str, Compose]:
        """What is read of a picture's file, and the transforms after it."""
        transforms = _flat(self._parsed("preprocessing"))
        readers = [t for t in transforms if isinstance(t, LoadImaged) and "image" in t.keys]
        contents = [
            reader.content
            for loader in readers
            for reader in loader._loader.readers
            if isinstance(reader, UprightReader)
        ]
        if not contents:
            raise InputError(
                f"{self.folder / INFERENCE}: preprocessing reads no picture by "
                "transforms.upright_reader.UprightReader; expected that, as in the shipped bundles"
            )
        return contents[-1], Compose([t for t in transforms if not isinstance(t, LoadImaged)])

    def _postprocessing(self) -> Sequence[Callable[[Any], Any]]:
        """What makes an answer of logits, without what writes it."""
        transforms = _flat(self._parsed("postprocessing"))
        return [each for each in transforms if not isinstance(each, SaveImageMaskd)]

    def _parsed(self, name: str) -> Any:
        """A component of the configuration."""
        try:
            with quiet_readers():
                return self._parser.get_parsed_content(name)
        except Exception as error:
            known = readable_cause(error)
            if known is not None:
                raise InputError(str(known)) from error
            if isinstance(error, KeyError | RuntimeError | ValueError | TypeError):
                raise InputError(
                    f"{self.folder / INFERENCE}: {name} cannot be made ("
                    f"{str(error.__cause__ or error).splitlines()[0]})"
                ) from error
            raise


def read_configuration(folder: Path, name: str) -> dict[str, Any]:
    """Reads a configuration file of a bundle.

    Args:
        folder: the bundle.
        name: the file's path below it.

    Raises:
        InputError: it is missing, or no JSON object.
    """
    path = folder / name
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{folder} has no {name}, so it is no bundle that answers; name a package, the folder "
            "of a run whose training has ended, or the ensemble of a cross-validation"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}); expected a JSON object") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}; expected a JSON object")
    return content


def _labels(content: Mapping[str, Any], metadata: Mapping[str, Any], task: str) -> list[str]:
    if "labels" in content:
        return [str(label) for label in content["labels"]]
    try:
        told = metadata["network_data_format"]["outputs"]["pred"]["channel_def"]
        names = [str(told[key]).removesuffix(_LOGIT) for key in sorted(told, key=int)]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{METADATA} does not name what the network answers; expected "
            "network_data_format.outputs.pred.channel_def, as the shipped bundles have it"
        ) from error
    return ["background", *names] if task == SEGMENTATION and len(names) == 1 else names


def _channelled(picture: NDArray[Any], content: str) -> NDArray[Any]:
    """A picture in the channels that the bundle reads."""
    if picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,)) or 0 in picture.shape:
        raise PictureError(
            f"an array of the shape {picture.shape}; expected (height, width) or (height, width, 3)"
        )
    if content == "rgb8":
        return rgb8(picture if picture.ndim == 3 else np.stack([picture] * 3, axis=-1))
    if picture.ndim == 2 and content == "grey":
        return picture
    return _SHAPES[content](Image.fromarray(picture))


def _loaded(pixels: NDArray[Any], name: str) -> MetaTensor:
    """The picture as ``LoadImaged`` gives it: float32, channels first."""
    meta = {**picture_metadata(pixels), "filename_or_obj": name}
    channels = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
    return MetaTensor(torch.from_numpy(np.ascontiguousarray(channels, dtype=np.float32)), meta=meta)


def _flat(transforms: Any) -> list[Callable[[Any], Any]]:
    """The transforms of a ``Compose``, also of those inside it, in their order."""
    if not isinstance(transforms, Compose):
        return [transforms]
    return [inner for each in transforms.transforms for inner in _flat(each)]


def _array(tensor: Any) -> NDArray[Any]:
    return torch.as_tensor(tensor).detach().cpu().numpy()
