"""Channels of an image: those that a preprocessing gives, and those that a network takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image
from torch import nn

from networks.backbones import first_convolution
from networks.errors import NetworkError
from pipelines.errors import InputError

Preprocessing = Callable[[dict[str, Any]], Any]

_SIDE = 16  # pixels
_KINDS = ("L", "RGB")  # Pillow's names of a grey and of a colour picture
_CONTENTS = {1: "grey", 3: "rgb"}  # of the reader, by its channels


def read_channels(preprocessing: Preprocessing) -> int | None:
    """Tells the channels of a preprocessed image, by letting made pictures be read.

    Args:
        preprocessing: takes the paths of ``image``, and of ``label`` and ``truth`` where it reads
            masks; gives the image, (channels, height, width).

    Returns:
        The channels, which are the same of a grey and of a colour file; None where they depend on
        the file, or where a made picture cannot be preprocessed.
    """
    found = set()
    with TemporaryDirectory() as folder:
        mask = Path(folder) / "mask.png"
        Image.new("L", (_SIDE, _SIDE)).save(mask)
        for kind in _KINDS:
            image = Path(folder) / f"{kind}.png"
            Image.new(kind, (_SIDE, _SIDE)).save(image)
            item = {"image": str(image), "label": str(mask), "truth": str(mask)}
            try:
                found.add(int(preprocessing(item)["image"].shape[0]))
            except Exception:  # a transform of the user's that needs more; a real image will tell
                return None
    return found.pop() if len(found) == 1 else None


def taken_channels(network: nn.Module) -> int | None:
    """Tells the channels of the images that a network takes; None where no convolution says it."""
    try:
        return first_convolution(network)[1].in_channels
    except NetworkError:
        return None


def check_channels(network: nn.Module, preprocessing: Preprocessing | None) -> int | None:
    """Check that a network takes the images that a preprocessing gives.

    Args:
        network: what is trained or answers.
        preprocessing: see ``read_channels``; not looked at where None.

    Returns:
        The channels; None where neither tells them.

    Raises:
        InputError: they differ.
    """
    read = None if preprocessing is None else read_channels(preprocessing)
    taken = taken_channels(network)
    if read and taken and read != taken:
        raise InputError(
            f"network_def takes {taken}-channel images and preprocessing gives {read}-channel "
            f"ones; set network_def::in_channels to {read}, or the content of the reader in "
            f"preprocessing to {_CONTENTS.get(taken, 'what the network takes')}"
        )
    return taken or read
