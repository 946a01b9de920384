"""From a dataset folder to sheets that a person looks at before anything is trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image

import pipelines
from pipelines.atomic import write_text
from pipelines.datasets.dataset import Dataset, digest, load
from pipelines.datasets.staging import Replaceable, check_beside, check_place, staged
from pipelines.errors import InputError
from pipelines.preview.bundle_file import BundleFile, find_bundle
from pipelines.preview.contact_sheet import draw
from pipelines.preview.flagged import finding_selections, flag_selections
from pipelines.preview.image_sheet import image_sheet
from pipelines.preview.selection import Selection, class_selections, wanted
from pipelines.preview.sheet_names import sheet_names
from pipelines.progress import counting

RECORD = ".med2d-preview.json"
"""In every folder of sheets: what they show; only a folder with it is ever replaced."""

COUNT = 24
SIZE = 256


@dataclass(frozen=True)
class Options:
    """What a preview shows.

    Attributes:
        count: most images of a sheet.
        size: longer side of a tile, pixels.
        columns: tiles in a row; their number decides where it is not given.
        seed: of the choice, and of the bundle's training; 0, and the bundle's own, where it is
            not given.
        classes: names of the classes to show; all where there are none.
        fold: the only fold to show; for the bundle, the fold that would be scored.
        bundle: also show what its network sees; see ``find_bundle``.
        variants: of the bundle; see ``find_bundle``.
    """

    count: int = COUNT
    size: int = SIZE
    columns: int | None = None
    seed: int | None = None
    classes: tuple[str, ...] = ()
    fold: int | None = None
    bundle: str | None = None
    variants: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawn:
    """One sheet that was written.

    Attributes:
        file: its name.
        kind: ``class``, ``flag``, ``finding``, ``transforms`` or ``bundle``.
        name: of the class, the flag, the audit's check or the bundle.
        of: how many images there are of that name.
        images: those that it shows, in their order.
    """

    file: str
    kind: str
    name: str
    of: int
    images: tuple[str, ...]


def preview(
    dataset_dir: str | Path,
    out: str | Path,
    options: Options | None = None,
    overwrite: bool = False,
    warn: Callable[[str], None] = lambda line: None,
) -> list[Drawn]:
    """Draws the sheets of a dataset.

    Args:
        dataset_dir: the dataset folder; it is only read, and a leak between its folds is let pass,
            so that what an audit found can be looked at.
        out: the folder of the sheets; it appears whole or not at all.
        options: what is shown.
        overwrite: whether an earlier preview at ``out`` may be replaced.
        warn: called with a line for each image or mask that cannot be drawn; its tile says so.

    Returns:
        The sheets: one of every class, of every flag and of every check of ``audit.json`` that
        names images; and of the bundle one of its random transforms and one of its samples.

    Raises:
        InputError: the dataset, the bundle or an option cannot be used, or the folder cannot be
            written.
    """
    options = options or Options()
    dataset, out = load(dataset_dir), Path(out).absolute()
    check_beside(dataset.folder, out)
    kind = Replaceable("a preview", _flaw)
    check_place(out, overwrite, kind)
    bundle = _bundle(options)
    selections = _selections(dataset, options)
    with staged(out, overwrite, kind) as folder:
        # The bundle first: it refuses more than the others.
        drawn = _draw_bundle(dataset, bundle, options, folder) if bundle else []
        sheets, problems = _draw_selections(dataset, selections, options, folder)
        drawn = sheets + drawn
        write_text(folder / RECORD, _record(dataset, options, drawn))
    for line in problems:
        warn(line)
    return drawn


def summary(drawn: list[Drawn], out: Path) -> dict[str, Any]:
    """Gives what was drawn, as JSON shows it."""
    return {"out": str(out), "sheets": [asdict(each) for each in drawn]}


def _selections(dataset: Dataset, options: Options) -> list[Selection]:
    """Chooses the images of every sheet."""
    items = wanted(dataset, options.classes, options.fold)
    seed = options.seed or 0
    return [
        *class_selections(items, options.count, seed),
        *flag_selections(items, options.count, seed),
        *finding_selections(dataset, items, options.count, seed),
    ]


def _prefix(selection: Selection) -> str:
    """Gives the first word of a sheet's file name."""
    return "class" if selection.kind == "class" else "flag"


def _draw_selections(
    dataset: Dataset,
    selections: list[Selection],
    options: Options,
    folder: Path,
) -> tuple[list[Drawn], list[str]]:
    """Draws the sheets of the dataset's images; tells what could not be drawn, each once."""
    problems: dict[str, None] = {}
    names = sheet_names([(_prefix(each), each.name) for each in selections])
    total, done = sum(len(each.items) for each in selections), 0
    drawn = []
    with counting("drawing") as report:

        def step() -> None:
            nonlocal done
            done += 1
            report(done, total)

        for selection, name in zip(selections, names, strict=True):
            sheet = image_sheet(
                dataset, selection, options.size, options.columns, step, problems.setdefault
            )
            _save(draw(sheet, options.size), folder / name)
            images = tuple(dict.fromkeys(item["image"] for item in selection.items))
            drawn.append(Drawn(name, selection.kind, selection.name, len(selection.among), images))
    return drawn, list(problems)


def _bundle(options: Options) -> BundleFile | None:
    """Finds the bundle, where one is given."""
    if options.bundle:
        return find_bundle(options.bundle, options.variants)
    if options.variants:
        raise InputError(f"{options.variants[0]} is a variant of no bundle; give --bundle, too")
    return None


def _draw_bundle(
    dataset: Dataset, bundle: BundleFile, options: Options, folder: Path
) -> list[Drawn]:
    """Draws what a bundle's network sees, and each random transform by itself."""
    from pipelines.preview.network_view import MOST_IMAGES, network_view  # imports torch
    from pipelines.preview.transform_view import transform_view

    given: dict[str, Any] = {
        "size": options.size,
        "classes": options.classes,
        "fold": options.fold,
        "seed": options.seed,
    }
    with counting("drawing samples") as report:
        count = min(options.count, MOST_IMAGES)
        view = network_view(dataset, bundle, count=count, progress=report, **given)
    with counting("drawing transforms") as report:
        each = transform_view(dataset, bundle, progress=report, **given)
    alone, seen = sheet_names([("transforms", bundle.name), ("bundle", bundle.name)])
    _save(draw(view.sheet, options.size), folder / seen)
    images = tuple(item["image"] for item in view.items)
    drawn = [Drawn(seen, "bundle", bundle.name, view.among, images)]
    if each is not None:
        _save(draw(each.sheet, options.size), folder / alone)
        shown = (each.item["image"],)
        drawn.insert(0, Drawn(alone, "transforms", bundle.name, view.among, shown))
    return drawn


def _save(page: Image.Image, path: Path) -> None:
    """Writes a sheet as PNG; the same pixels give the same bytes."""
    page.save(path, "PNG")


def _flaw(folder: Path) -> str | None:
    """Tells why a folder is no preview, or None."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        known = {RECORD, *(sheet["file"] for sheet in content["sheets"])}
    except (OSError, ValueError, LookupError, TypeError):
        return "was not made by med2d preview"
    others = sorted(path.name for path in folder.iterdir() if path.name not in known)
    return f"holds {others[0]}, which med2d preview did not make" if others else None


def _record(dataset: Dataset, options: Options, drawn: list[Drawn]) -> str:
    """Gives the content of the record."""
    content = {
        "med2d": pipelines.__version__,
        "dataset": dataset.name,
        "digest": digest(dataset),
        "options": asdict(options),
        "sheets": [asdict(each) for each in drawn],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
