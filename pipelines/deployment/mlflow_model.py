"""A run's bundle as MLflow loads it: pictures in, the bundle's own answers out.

MLflow calls ``_load_pyfunc`` with the folder that ``logged_model`` put into the model: what of a
run's folder is a bundle of its own. Each question runs the bundle's inference workflow on pictures
in a temporary folder, so that there is no second way to an answer.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import pandas as pd
from PIL import Image, UnidentifiedImageError

from pipelines.deployment.class_answers import FILE as CLASSES
from pipelines.deployment.class_answers import PREFIX
from pipelines.errors import InputError
from pipelines.training.workflow import readable_cause

IMAGE = "image"
"""Column of the questions: the content of a picture's file."""
MASK = "mask"
"""Column of a segmentation's answers: the content of the mask's file; pixels are class indices."""

PREDICTED = "predicted"
"""Column of a classification's answers: the class of the highest probability."""

_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "BMP": ".bmp", "TIFF": ".tif", "GIF": ".gif"} | {
    "WEBP": ".webp"
}
_GZIP, _NIFTI = b"\x1f\x8b", (b"n+1\x00", b"ni1\x00")
_MAGIC = slice(344, 348)  # of nifti1.h


class BundleModel:
    """Answers pictures by a bundle's inference workflow.

    Args:
        folder: a bundle of its own: ``configs/inference.json``, ``model.pt`` and what they need.
    """

    def __init__(self, folder: str | Path) -> None:
        self.config = Path(folder) / "configs" / "inference.json"
        self._lock = Lock()  # the workflow changes what a whole process shares

    def predict(self, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """Answers pictures.

        Args:
            model_input: a row for each picture; ``image`` is the content of its file (bytes).
            params: not used; MLflow's interface.

        Returns:
            A row for each picture: ``predicted`` and ``p_<class>``, or ``mask``; see
            ``answer_columns``.

        Raises:
            InputError: a picture cannot be read.
        """
        if model_input.empty:
            return pd.DataFrame(columns=answer_columns(self.config))
        with TemporaryDirectory() as folder, self._lock:
            pictures, answers = Path(folder) / "pictures", Path(folder) / "answers"
            pictures.mkdir()
            names = [
                _written(content, pictures, number)
                for number, content in enumerate(model_input[IMAGE])
            ]
            self._answer(pictures, answers)
            return _read(answers, names)

    def _answer(self, pictures: Path, answers: Path) -> None:
        """Run the bundle, as ``monai.bundle run`` does, without its output."""
        from monai.bundle import ConfigWorkflow  # takes seconds

        given = {"dataset_dir": str(pictures), "output_dir": str(answers)}
        try:
            with _quietly():
                workflow = ConfigWorkflow(
                    str(self.config), logging_file=False, workflow_type="infer", **given
                )
                workflow.initialize()
                workflow.run()
        except Exception as error:
            raise readable_cause(error) or error from error


def answer_columns(inference: Path) -> list[str]:
    """Names the columns of a bundle's answers.

    Args:
        inference: the bundle's ``inference.json``.
    """
    content = json.loads(inference.read_text(encoding="utf-8"))
    if "activation" not in content:
        return [MASK]
    return [PREDICTED, *(PREFIX + label for label in content["labels"])]


def _load_pyfunc(data_path: str) -> BundleModel:
    return BundleModel(data_path)


def _written(content: Any, folder: Path, number: int) -> str:
    """Write a picture under a name of its own; gives the name's stem."""
    stem = f"{number:06d}"
    (folder / f"{stem}{_suffix(bytes(content), number)}").write_bytes(bytes(content))
    return stem


def _suffix(content: bytes, number: int) -> str:
    """The suffix of a file of such content."""
    if content[:2] == _GZIP:
        return ".nii.gz"
    if content[_MAGIC] in _NIFTI:
        return ".nii"
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return _SUFFIXES[str(picture.format)]
    except (KeyError, OSError, UnidentifiedImageError):
        kinds = ", ".join(_SUFFIXES)
        raise InputError(
            f"row {number}: column {IMAGE} holds no picture that can be read; expected the content "
            f"of a file of {kinds} or NIfTI"
        ) from None


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep the workflow's words, and the path that it adds, to itself."""
    logger, path = logging.getLogger("monai.bundle.workflows"), list(sys.path)
    before = logger.disabled
    logger.disabled = True
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.disabled, sys.path[:] = before, path


def _read(answers: Path, names: list[str]) -> pd.DataFrame:
    """The bundle's files as a table, in the order of the pictures."""
    if (answers / CLASSES).is_file():
        words = {IMAGE: str, PREDICTED: str}  # also classes such as 0 or NA
        table = pd.read_csv(answers / CLASSES, encoding="utf-8", dtype=words, na_filter=False)
        return table.drop(columns=IMAGE)
    files = {path.name.partition("_mask.")[0]: path for path in answers.glob("*_mask.*")}
    return pd.DataFrame({MASK: [files[name].read_bytes() for name in names]})
