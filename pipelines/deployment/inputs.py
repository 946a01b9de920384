"""The pictures that a model is to answer: found, checked, and their answers' place made ready."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import nibabel as nib
from ignite.engine import Engine, Events

from pipelines.errors import InputError
from pipelines.progress import counting
from pipelines.training.finite_answers import FiniteAnswers
from pipelines.training.run_folder import flag
from transforms.nifti_orientation import (
    directions,
    is_turned_by_half,
    picture_axes,
    turned_by_half_text,
)
from transforms.picture import SUFFIXES, PictureError
from transforms.save_mask import mask_name
from transforms.upright_reader import NIFTI_SUFFIXES, UprightReader

_LOG = logging.getLogger("med2d")
_NAMED = 10


def picture_items(
    folder: str | Path,
    image_size: int | None,
    masks: bool = True,
    content: str = "grey",
    smallest: int = 1,
) -> list[dict[str, Any]]:
    """Find the pictures and NIfTI files below a folder, and check that each can be read.

    Hidden files and folders are passed over. Every file is decoded once before anything is
    written, so that a broken one is named now and not after an hour. A NIfTI file stands by its own
    transform; those that it turns by half are told of.

    Args:
        folder: a folder, searched with its sub-folders.
        image_size: longest side that the network sees, in pixels; the shorter one must keep one.
            None where the network sees the picture at its own size.
        masks: whether each picture gets a file of its own, named after it.
        content: what is read of a picture; see ``transforms.upright_reader.UprightReader``.
        smallest: least side of a picture, pixels.

    Returns:
        ``{"image": path}`` for each, sorted by path.

    Raises:
        InputError: no folder, no picture in it, pictures that cannot be read, or two whose masks
            would have one name; up to ten are named.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"dataset_dir {folder} is no folder; expected a folder of pictures")
    kinds = SUFFIXES + NIFTI_SUFFIXES
    visible = [p for p in sorted(folder.rglob("*")) if p.is_file() and not _hidden(p, folder)]
    paths = [p for p in visible if p.name.lower().endswith(kinds)]
    if not paths:
        raise InputError(
            f"dataset_dir {folder} holds no picture among its {len(visible)} files; "
            f"expected {', '.join(kinds)}"
        )
    if masks:
        _check_names(paths)
    _check_readable(paths, image_size, content, smallest)
    _warn_turned(paths)
    return [{"image": str(path)} for path in paths]


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _check_names(paths: list[Path]) -> None:
    first: dict[Path, Path] = {}
    for path in paths:
        other = first.setdefault(path.with_name(mask_name(path)), path)
        if other != path:
            raise InputError(
                f"{other} and {path} differ only in their suffix; their masks would have one name. "
                "Rename one"
            )


def _check_readable(paths: list[Path], image_size: int | None, content: str, smallest: int) -> None:
    reader, wrong = UprightReader(content), []
    with counting("checking") as report:
        for done, path in enumerate(paths, start=1):
            try:
                height, width = reader.get_data(path)[0].shape[:2]
                if height == width == 1:
                    wrong.append(f"{path} is a single pixel, which shows nothing; take it out")
                elif min(height, width) < smallest:
                    wrong.append(
                        f"{path} is {width} x {height} pixels, smaller than the {smallest} pixels "
                        "a side that this bundle needs; take it out, or scan it finer"
                    )
                elif image_size and min(height, width) * image_size < max(height, width):
                    wrong.append(
                        f"{path} is {width} x {height} pixels: too long and thin to shrink"
                    )
            except PictureError as error:
                wrong.append(str(error))
            report(done, len(paths))
    if wrong:
        more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise InputError("; ".join(wrong[:_NAMED]) + more)


def _warn_turned(paths: list[Path]) -> None:
    """Say which pictures their transform turns by half: programs write such a one unasked."""
    turned = [path for path in paths if _is_turned(path)]
    if turned:
        _LOG.warning(turned_by_half_text(len(turned), str(turned[0])))


def _is_turned(path: Path) -> bool:
    if not path.name.lower().endswith(NIFTI_SUFFIXES):
        return False
    image = nib.load(path)
    axes = picture_axes(image.shape)
    return axes is not None and is_turned_by_half(directions(image.header), axes)


def prepare_output(folder: str | Path, overwrite: Any, source: str | Path) -> None:
    """Make the folder of the answers, and refuse one that holds something.

    Args:
        folder: the folder.
        overwrite: whether files in it may be replaced; others are left alone.
        source: the folder of the pictures.

    Raises:
        InputError: it holds something and ``overwrite`` is false, lies among the pictures (the
            next run would take the masks for pictures), or cannot be written.
    """
    folder = Path(folder)
    if Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(source)):
        raise InputError(
            f"output_dir {folder} lies inside dataset_dir {source}, where the masks would be taken "
            "for pictures; choose a folder outside it"
        )
    try:
        occupied = folder.is_dir() and any(folder.iterdir())
        if occupied and not flag(overwrite, "overwrite"):
            raise InputError(
                f"output_dir {folder} is not empty; choose another, or allow files in it to be "
                "replaced by --overwrite true"
            )
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"output_dir {folder} cannot be made ({error.strerror or error})"
        ) from error
    if not os.access(folder, os.W_OK):
        raise InputError(f"output_dir {folder} cannot be written; choose another")


class AnswerProgress:
    """Shows how many pictures are answered, and at the end where the answers are.

    A model that answers NaN stops the run; see ``FiniteAnswers``.

    Args:
        output_dir: the folder of the answers.
        answers: what they are.
    """

    def __init__(self, output_dir: str | Path, answers: str = "masks") -> None:
        self.output_dir = output_dir
        self.answers = answers

    def attach(self, engine: Engine) -> None:
        """Follow the evaluator ``engine``."""
        FiniteAnswers().attach(engine)
        engine.add_event_handler(Events.STARTED, self._start)

    def _start(self, engine: Engine) -> None:
        context = counting("answering")
        report = context.__enter__()
        total = engine.state.epoch_length

        def finish(_: Engine) -> None:
            context.__exit__(None, None, None)
            print(f"{total} {self.answers} in {self.output_dir}")

        engine.add_event_handler(
            Events.ITERATION_COMPLETED, lambda e: report(e.state.iteration, total)
        )
        engine.add_event_handler(Events.COMPLETED, finish)
