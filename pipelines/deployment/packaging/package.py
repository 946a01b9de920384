"""Make of a run, or of a cross-validation, a folder and a zip that others can use."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import torch

from pipelines import __version__
from pipelines.atomic import replacing, write_text
from pipelines.bundles import bundle_names, bundle_root
from pipelines.datasets.staging import Replaceable, check_place, staged, work_folder
from pipelines.deployment.array_answerer import INFERENCE, RECORD, ArrayAnswerer, read_configuration
from pipelines.deployment.checks.checked_bundle import PACKAGE as PACKAGE_KIND
from pipelines.deployment.checks.checked_bundle import CheckedBundle
from pipelines.deployment.checks.files import SUMS
from pipelines.deployment.checks.metadata import metadata_problems
from pipelines.deployment.checks.run import check_texts
from pipelines.deployment.packaging.agreement_pictures import LEAST, agreement_pictures
from pipelines.deployment.packaging.checksums import write_checksums
from pipelines.deployment.packaging.configuration import WEIGHTS, package_configuration
from pipelines.deployment.packaging.exported_formats import FORMATS, check_installed, write_format
from pipelines.deployment.packaging.format_agreement import (
    agreements,
    check_agreements,
    check_enough,
)
from pipelines.deployment.packaging.library_modules import (
    copy_modules,
    foreign_modules,
    library_modules,
)
from pipelines.deployment.packaging.model_card import RESEARCH_ONLY, model_card
from pipelines.deployment.packaging.operating_point import (
    CLASS_THRESHOLD,
    KIND,
    PIXEL_THRESHOLD,
    Wanted,
    operating_point,
)
from pipelines.deployment.packaging.packaged_run import LOGGING, METADATA, PackagedRun, packaged_run
from pipelines.deployment.packaging.required_packages import (
    OWN_KEYS,
    required_packages,
    requirements_text,
)
from pipelines.deployment.packaging.scored_weights import check_scored_weights
from pipelines.deployment.read_picture import read_picture
from pipelines.deployment.training_images import fit_to_run
from pipelines.errors import InputError, no_room
from pipelines.quiet_readers import quiet_readers
from pipelines.report.agreement import check_agreement
from pipelines.report.content import Pictures, Words, content
from pipelines.report.honesty import LEAKY, SEEN, honesty
from pipelines.report.sources import CLASSES
from pipelines.training.run_folder import DIGEST, MODEL, recorded

_DICOM = "dicom"
_CARD, _REQUIREMENTS = "docs/README.md", "requirements.txt"
_REPLACEABLE = Replaceable(
    "a package", lambda folder: None if (folder / RECORD).is_file() else f"holds no {RECORD}"
)


class Written(NamedTuple):
    """What was written.

    Attributes:
        folder: the package.
        zip: the same in one file.
        record: content of ``package.json``.
    """

    folder: Path
    zip: Path
    record: dict[str, Any]


class Request(NamedTuple):
    """What is wanted.

    Attributes:
        source: folder of a run, or of a cross-validation.
        out: the package's folder; the zip lies beside it.
        dataset_dir: where the dataset is now; the recorded place where None.
        wanted: the operating point.
        research: whether a package without calibration or operating point will do.
        intended_use: the user's words; the bundle's where None.
        formats: keys of ``FORMATS``.
        overwrite: whether a package that is there may be replaced.
    """

    source: Path
    out: Path
    dataset_dir: Path | None = None
    wanted: Wanted = Wanted()
    research: bool = False
    intended_use: str | None = None
    formats: Sequence[str] = tuple(FORMATS)
    overwrite: bool = False


def write_package(request: Request, tell: Callable[[str], None] = lambda _: None) -> Written:
    """Writes a package and its zip; nothing where anything fails.

    Args:
        request: what is wanted.
        tell: called with each step, in words.

    Raises:
        InputError: there is nothing that can be packaged, something is missing without
            ``research``, a format cannot be written or answers otherwise than the network, or the
            place is taken or cannot be written.
    """
    out = Path.cwd() / request.out
    archive = out.with_name(f"{out.name}.zip")
    _check_places(out, archive, request.overwrite)
    for key in request.formats:
        check_installed(FORMATS[key])
    run = packaged_run(request.source, request.dataset_dir)
    _check_metadata(run)
    check_agreement(run.sources)
    with quiet_readers():
        ArrayAnswerer(run.folder)  # what is wrong with it is told by the run's own paths
    tell(f"reading {run.sources.name}: {run.bundle}")
    with quiet_readers():
        point = operating_point(run, request.wanted)
    reasons = _missing(run, point)
    if reasons and not request.research:
        raise InputError(f"{' '.join(reasons)} --research packages it all the same, and says so")
    tell("answering some of the scored images again")
    with quiet_readers():
        scored_weights = check_scored_weights(run)
    if not scored_weights["cases"]:
        reason = scored_weights["reason"].rstrip(".")
        tell(f"not checked: whether the weights are those that were scored ({reason})")
    with (
        ExitStack() as at_the_end,  # the zip takes its place when the folder has
        staged(out, request.overwrite, _REPLACEABLE) as folder,
        quiet_readers(),
    ):
        record = _fill(folder, run, request, point, reasons, scored_weights, tell)
        tell("packing")
        _write_zip(folder, at_the_end.enter_context(replacing(archive)), out.name)
    return Written(out, archive, record)


def _check_places(out: Path, archive: Path, overwrite: bool) -> None:
    check_place(out, overwrite, _REPLACEABLE)
    if archive.exists() and not (overwrite and archive.is_file()):
        raise InputError(f"{archive} exists; replace it with --overwrite, or choose another -o")
    if archive.exists() and not _is_package(archive):
        raise InputError(
            f"{archive} is no package of med2d (no folder in it holds {RECORD}), so it is not "
            "replaced; choose another -o"
        )
    above = next(folder for folder in out.parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise InputError(f"{above} cannot be written; choose another -o")


def _check_metadata(run: PackagedRun) -> None:
    """Refuses metadata that ``med2d check`` would not take, versions of libraries aside."""
    versions = dict.fromkeys(OWN_KEYS.values(), "0.0")
    told = {**run.metadata, **versions, "required_packages_version": {}}
    problems = metadata_problems(told)
    if problems:
        raise InputError(
            f"{run.folder / METADATA}: {'; '.join(problems)}; mend it there: the shipped bundle "
            "of the same name shows how"
        )


def _is_package(archive: Path) -> bool:
    """Whether a zip is what ``_write_zip`` writes: one folder with a package's record in it."""
    try:
        with zipfile.ZipFile(archive) as packed:
            names = packed.namelist()
    except (OSError, RuntimeError, ValueError, zipfile.BadZipFile):
        return False
    tops = {name.partition("/")[0] for name in names}
    return len(tops) == 1 and f"{tops.pop()}/{RECORD}" in names


def _missing(run: PackagedRun, point: Mapping[str, Any] | None) -> list[str]:
    """Says what a model that is used should have, and this one has not."""
    reasons = []
    name = run.sources.name
    if run.sources.task == CLASSES and not all(
        (folder / "calibration.json").is_file() for folder in run.runs
    ):
        reasons.append(
            f"The probabilities of {name} are not calibrated: no temperature was fitted (train "
            "without --calibration false)."
        )
    if point is None:
        way = (
            "--sensitivity 0.95 --class NAME, --most-probable"
            if run.sources.task == CLASSES
            else "--best-dice"
        )
        reasons.append(f"{name} has no operating point: choose one by {way}.")
    if honesty(run.sources)["level"] in (LEAKY, SEEN):
        reasons.append(f"The scores of {name} are of images that the model knew: they are no use.")
    return reasons


def _fill(
    folder: Path,
    run: PackagedRun,
    request: Request,
    point: dict[str, Any] | None,
    reasons: list[str],
    scored_weights: dict[str, Any],
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Fills the package's folder; gives its record."""
    kind = point[KIND] if point else None
    inference = package_configuration(
        run.inference,
        run.folder,
        threshold=point["threshold"] if point and kind == PIXEL_THRESHOLD else None,
        thresholds={point["class"]: point["threshold"]}
        if point and kind == CLASS_THRESHOLD
        else None,
    )
    modules = library_modules(inference)
    needed = required_packages(
        foreign_modules(modules), inference, run.metadata.get("required_packages_version", ())
    )
    metadata = _metadata(run, needed, reasons, request.intended_use)
    for name in ("configs", "models", "docs"):
        (folder / name).mkdir()
    _write_json(folder / INFERENCE, inference)
    _write_json(folder / METADATA, metadata)
    shutil.copyfile(run.folder / LOGGING, folder / LOGGING)
    shutil.copyfile(run.folder / MODEL, folder / WEIGHTS)
    for name, path in run.licences.items():
        shutil.copyfile(path, folder / name)
    copy_modules(modules, folder)
    write_text(folder / _REQUIREMENTS, requirements_text(needed))
    answerer = ArrayAnswerer(folder)
    checks, checked_on = _formats(folder, run, request, answerer, inference, metadata, tell)
    record = {
        "bundle": run.bundle,
        "task": answerer.task,
        "labels": answerer.labels,
        "med2d": __version__,
        "packaged": datetime.now(UTC).isoformat(timespec="seconds"),
        "run": _origin(run),
        "research": bool(reasons),
        "research_reasons": reasons,
        "operating_point": point,
        "temperature": _temperature(answerer),
        "modality": list(metadata.get(_DICOM, {}).get("modalities", [])),
        "body_part": list(metadata.get(_DICOM, {}).get("body_parts", [])),
        "training_images": _training_images(run, tell),
        "scored_weights": scored_weights,
        "checks": checks,
        "checked_on": checked_on,
        "requirements": needed,
    }
    report = content(run.sources, Words(intended_use=request.intended_use), _no_pictures())
    write_text(folder / _CARD, model_card(report, record, metadata))
    record["problems"] = _problems(folder, tell)
    _write_json(folder / RECORD, record)
    write_checksums(folder)
    return record


def _problems(folder: Path, tell: Callable[[str], None]) -> list[str]:
    """Names what ``med2d check`` finds by reading alone; the checksums are not there yet."""
    bundle = CheckedBundle(folder, PACKAGE_KIND, folder.name)
    verdicts = [verdict for verdict in check_texts(bundle) if verdict.check != SUMS]
    problems = [f"{each.check}: {problem}" for each in verdicts for problem in each.problems]
    for problem in problems:
        tell(f"med2d check will say: {problem}")
    return problems


def _metadata(
    run: PackagedRun, needed: Mapping[str, str], reasons: list[str], intended_use: str | None
) -> dict[str, Any]:
    """The metadata of the run, with the libraries that were checked.

    A run that began before bundles told what they are meant for takes that from its bundle.
    """
    content = {**_meant_for(run.bundle), **run.metadata}
    content |= {key: needed[name] for name, key in OWN_KEYS.items()}
    others = {name: number for name, number in needed.items() if name not in OWN_KEYS}
    use = intended_use or str(content.get("intended_use", ""))
    return {
        **content,
        "required_packages_version": others,
        "intended_use": f"{RESEARCH_ONLY} {use}".strip() if reasons else use,
        "research": bool(reasons),
    }


def _meant_for(bundle: str) -> dict[str, Any]:
    """What a shipped bundle says of DICOM images; nothing where there is no such bundle."""
    if bundle not in bundle_names():
        return {}
    shipped = read_configuration(bundle_root(bundle), METADATA)
    return {_DICOM: shipped[_DICOM]} if _DICOM in shipped else {}


def _formats(
    folder: Path,
    run: PackagedRun,
    request: Request,
    answerer: ArrayAnswerer,
    inference: Mapping[str, Any],
    metadata: Mapping[str, Any],
    tell: Callable[[str], None],
) -> tuple[list[dict[str, Any]], str]:
    """Writes the network in all formats and compares their answers with its own."""
    work = work_folder(folder) / "pictures"
    work.mkdir(parents=True)
    pictures, checked_on = agreement_pictures(run.sources.dataset, run.bundle, work, LEAST)
    check_enough(pictures, LEAST)
    example = _example(answerer, pictures[0])
    texts = {"metadata.json": json.dumps(metadata), "inference.json": json.dumps(inference)}
    kinds, how, networks = [FORMATS[key] for key in request.formats], {}, {}
    for kind in kinds:
        tell(f"writing {kind.name}")
        network = answerer.network.to(memory_format=torch.contiguous_format)  # type: ignore[union-attr]
        how[kind.name] = write_format(kind, network, example, folder / "models", texts)
        networks[kind.name] = kind.load(folder / "models" / kind.file)
    tell(f"comparing {', '.join(networks)} with the network on {checked_on}")
    found = agreements(
        answerer,
        networks,
        pictures,
        tuple(example.shape[1:]),
        inference.get("threshold"),
        inference.get("activation"),
    )
    check_agreements(found)
    return [
        {
            **agreement.record(),
            "key": kind.key,
            "file": f"models/{kind.file}",
            "how": how[kind.name],
        }
        for kind, agreement in zip(kinds, found, strict=True)
    ], checked_on


def _example(answerer: ArrayAnswerer, picture: Path) -> torch.Tensor:
    """Two images as the network is given them; of a large picture, windows."""
    seen: list[torch.Tensor] = []
    own = answerer.network

    def watching(images: torch.Tensor) -> torch.Tensor:
        seen.append(images[:1].detach().clone())
        return own(images)

    answerer.network = watching
    try:
        answerer.answer(read_picture(picture, answerer.channels), picture.name)
    finally:
        answerer.network = own
    return torch.cat([seen[0], seen[0]]).contiguous()


def _origin(run: PackagedRun) -> dict[str, Any]:
    """Tells which runs answer."""
    configs = [recorded(folder) for folder in run.runs]
    first = configs[0]
    told = {"name": run.sources.folder.resolve().name, "recipe": str(first.get("name", ""))}
    runs = [
        {"name": folder.name, **{key: config.get(key) for key in ("fold", "seed", DIGEST)}}
        for folder, config in zip(run.runs, configs, strict=True)
    ]
    single = {key: first.get(key) for key in ("fold", "seed", DIGEST)} if len(runs) == 1 else {}
    return {**told, "kind": run.sources.kind, **single, "runs": runs}


def _temperature(answerer: ArrayAnswerer) -> float | None:
    """The temperature of a classifier; None of a segmentation, and of several runs."""
    value = getattr(answerer.network, "temperature", None)
    return float(value) if isinstance(value, torch.Tensor) else None


def _training_images(run: PackagedRun, tell: Callable[[str], None]) -> dict[str, Any] | None:
    """Describes the images that trained the models, so that others can be told apart; None where
    that cannot be done, which is told."""
    if run.sources.dataset is None:
        tell(f"left out: what the training images look like ({run.sources.absence.rstrip('.')})")
        return None
    tell("describing the training images")
    try:
        return fit_to_run(run.folder, run.sources.dataset.folder)
    except InputError as error:
        tell(f"left out: what the training images look like ({error})")
        return None


def _no_pictures() -> Pictures:
    return Pictures({}, "A package shows no images.", "")


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(value, indent=4, ensure_ascii=False) + "\n")


def _write_zip(folder: Path, part: Path, name: str) -> None:
    """Packs a folder, below one of the package's name, into a file that is there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in files:
                packed.write(path, f"{name}/{path.relative_to(folder).as_posix()}")
    except OSError as error:
        raise no_room(error) or error from error
