"""The pixels of a picture's file, as ``ArrayAnswerer`` takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pipelines.errors import InputError
from transforms.picture import PictureError
from transforms.upright_reader import UprightReader

_CONTENTS = {1: "grey", 3: "rgb"}


def read_picture(path: Path, channels: int) -> NDArray[Any]:
    """Reads a picture, upright.

    Args:
        path: its file.
        channels: 1 for grey, (height, width), or 3 for colours, (height, width, 3).

    Raises:
        InputError: it cannot be read.
    """
    try:
        return UprightReader(_CONTENTS[channels]).get_data(path)[0]
    except PictureError as error:
        raise InputError(str(error)) from error
    except FileNotFoundError:
        raise InputError(
            f"{path} is missing; put it back, or say by --dataset_dir where the dataset is now"
        ) from None
