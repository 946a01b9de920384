"""MONAI's words about DICOM decoders that nobody asked for, kept from the reader."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_readers() -> Iterator[None]:
    """Keeps MONAI from telling, by each reader that it makes, which DICOM decoder is missing."""
    logger = logging.getLogger("monai.data.nvimgcodec_pydicom_plugin")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="NvImgCodec")
            yield
    finally:
        logger.setLevel(level)
