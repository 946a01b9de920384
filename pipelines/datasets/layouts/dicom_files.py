"""What a conversion needs to know of each DICOM file below a folder, from its header."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from pydicom.dataset import Dataset
from pydicom.uid import MediaStorageDirectoryStorage

from pipelines.datasets.layouts.dicom_class_tag import ClassTag
from pipelines.datasets.layouts.dicom_concealment import Concealment
from pipelines.datasets.layouts.dicom_identity import Identity, reveals, secrets
from pipelines.datasets.layouts.sample import Problem
from pipelines.datasets.layouts.walk import Walk, is_picture, shown
from pipelines.datasets.sources.dicom_check import check_image
from pipelines.datasets.sources.dicom_header import (
    code,
    damage_named,
    looks_like_dicom,
    read_header,
    text,
)
from transforms.picture import PictureError

SUFFIXES = (".dcm", ".dicom", ".dic", ".ima")
"""Suffixes (lower case) of files that claim to be DICOM."""

MODALITIES = ("US", "CR", "DX", "MG")
"""The modalities that are read without being asked for; secondary captures besides."""

_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # SOP classes of secondary captures begin so
_COLUMNS = {
    "modality": "Modality",
    "body_part": "BodyPartExamined",
    "view": "ViewPosition",
    "laterality": "ImageLaterality",
    "photometric": "PhotometricInterpretation",
}
_CODE = re.compile(r"[A-Z0-9_]{1,16}").fullmatch  # free text may name a person
_NAMED = 3  # files that a warning names before it only counts them


@dataclass(frozen=True, slots=True)
class DicomFile:
    """A file that holds an image.

    Attributes:
        path: below the root.
        source: how it is recorded: its path, or a hash of it.
        frames: their number.
        group: the patient or study, or nothing.
        label: the class that a header element names; empty without one.
        names_patient: of its first two folders, whether they hold the patient's name or id.
        modality: its code.
        columns: what is kept of the header.
    """

    path: PurePosixPath
    source: str
    frames: int
    group: str | None
    label: str
    names_patient: tuple[bool, ...]
    modality: str
    columns: Mapping[str, str]


@dataclass
class DicomFiles:
    """Reads the headers of a tree.

    Attributes:
        identity: how patients are told apart.
        tag: the element that names classes, where one does.
        any_modality: whether other modalities are read too.
        files: the files that hold images, in order.
        problems: why others cannot be used, by their real names.
        unusable: the paths of those others, below the root.
        concealment: gives the names under which they are recorded.
    """

    identity: Identity
    tag: ClassTag | None = None
    any_modality: bool = False
    files: list[DicomFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unusable: list[PurePosixPath] = field(default_factory=list)
    _strangers: list[str] = field(default_factory=list)
    _burnt: list[str] = field(default_factory=list)
    _oblong: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Starts with nothing to conceal."""
        self.concealment = Concealment(self.identity)

    def read(self, tree: Walk) -> None:
        """Reads the header of every file that is DICOM, or claims to be by its suffix.

        DICOMDIR files and pictures are passed over; what else is no DICOM is warned of.
        """
        for path in tree.files:
            if path.name.casefold() == "dicomdir" or is_picture(path):
                continue
            if _is_suspect(tree.root / path):
                self._read(tree.root, path)
            else:
                self._strangers.append(shown(path))
        self.files = [
            replace(file, source=self.concealment.source(file.source)) for file in self.files
        ]

    def _read(self, root: Path, path: PurePosixPath) -> None:
        """Adds one file, or says why not."""
        source, name = shown(path), f'file "{shown(path)}"'
        further = (self.tag.tag,) if self.tag else ()
        try:
            header = read_header(root / path, name, further)
            elements = header.elements
            with damage_named(name):
                if elements.get("SOPClassUID") == MediaStorageDirectoryStorage:
                    return
                hidden = secrets(elements)
                self.concealment.learn(source, hidden)
            check_image(header, name)
            with damage_named(name):
                self._check_modality(elements, name)
                self.files.append(self._file(path, header.frames, elements, hidden))
                self._note(source, elements)
        except PictureError as error:
            self.problems.append(Problem(source, str(error)))
            self.unusable.append(path)

    def _check_modality(self, elements: Dataset, name: str) -> None:
        modality = code(elements, "Modality")
        capture = text(elements, "SOPClassUID").startswith(_CAPTURE)
        if not (self.any_modality or modality in MODALITIES or capture):
            raise PictureError(
                f"{name} has the modality {modality or '(none)'}; expected {', '.join(MODALITIES)} "
                "or a secondary capture. Take it out, or give --any-modality"
            )

    def _file(
        self, path: PurePosixPath, frames: int, elements: Dataset, hidden: frozenset[str]
    ) -> DicomFile:
        folders = [shown(folder) for folder in path.parent.parts[:2]]
        named = secrets(elements, patient_only=True)
        keep = self.identity.keep
        hidden = frozenset() if keep else hidden
        return DicomFile(
            path=path,
            source=shown(path),
            frames=frames,
            group=self.identity.group(elements),
            label=self.tag.label(elements) if self.tag else "",
            names_patient=tuple(not keep and reveals(folder, named) for folder in folders),
            modality=text(elements, "Modality") or "OT",
            columns=_columns(elements, hidden),
        )

    def _note(self, shown_path: str, elements: Dataset) -> None:
        """Remembers what the person should know of a file."""
        burnt = text(elements, "BurnedInAnnotation").upper()
        screen = text(elements, "Modality") == "US" or text(elements, "SOPClassUID").startswith(
            _CAPTURE
        )
        if burnt == "YES" or (screen and burnt != "NO"):
            self._burnt.append(shown_path)
        ratio = text(elements, "PixelAspectRatio").split()
        if len(set(ratio)) > 1 and all(part.isdigit() for part in ratio):
            self._oblong[shown_path] = f" ({':'.join(ratio)})"

    @property
    def warnings(self) -> list[str]:
        """What was odd, one line of each kind; nobody is given away by the names in them."""
        hidden = [file.source for file in self.files if file.source != shown(file.path)]
        kinds = (
            (self._strangers, "no DICOM and left alone"),
            (
                hidden,
                "recorded under a hash of the path, which holds the name of a patient, a study or "
                "an image; run with --keep-ids --dry-run to see the names in messages",
            ),
            (
                self._burnt,
                "not said to be free of burnt-in text, which may name the patient or the clinic; "
                "it is not taken out: look at the images before they are passed on",
            ),
            (
                list(self._oblong),
                "stored with pixels that are not square, and not stretched",
            ),
        )
        lines = [_line(self._concealed(names), state) for names, state in kinds if names]
        lines += self._modalities()
        if self.identity.keep:
            lines.append("--keep-ids: the dataset holds patient ids as they are; do not pass it on")
        groups = {file.group for file in self.files}
        if len(groups) == 1 and len(self.files) > 1:
            lines.append(
                "all files have one patient id, so no split can be made between them; was it "
                "blanked? --group-by study tells them apart by study"
                if self.identity.by == "patient"
                else "all files are of one study, so no split can be made between them"
            )
        return lines

    def _concealed(self, names: Iterable[str]) -> list[str]:
        """Gives names of files as they may be seen; what stands in brackets behind one stays."""
        return [self.concealment.source(name) + self._oblong.get(name, "") for name in names]

    def _modalities(self) -> list[str]:
        """Says how many files have which modality, where there are several."""
        counts = Counter(
            file.modality if _CODE(file.modality) else "others" for file in self.files
        ).most_common()
        if len(counts) < 2:
            return []
        listed = ", ".join(f"{count} of {code}" for code, count in counts)
        return [
            f"the files are of several modalities ({listed}); dataset.json names the most frequent "
            'at its top, and each image its own in the column "modality"'
        ]


def _is_suspect(path: Path) -> bool:
    """Tells whether a file says that it is DICOM, or cannot be asked. A pipe is no file."""
    if not path.is_file():
        return False
    claims = path.suffix.casefold() in SUFFIXES
    return claims or looks_like_dicom(path) or not os.access(path, os.R_OK)


def _columns(elements: Dataset, hidden: frozenset[str]) -> dict[str, str]:
    """Gives what is kept of a header: codes of one word, and the kind of pixels, no more."""
    values = {key: text(elements, keyword) for key, keyword in _COLUMNS.items()}
    values["laterality"] = values["laterality"] or text(elements, "Laterality")
    coded = {key: value for key, value in values.items() if key == "photometric" or _CODE(value)}
    return {key: value for key, value in coded.items() if value and not reveals(value, hidden)}


def _line(names: list[str], state: str) -> str:
    """Counts and names files, and says what they are."""
    listed = ", ".join(f'"{name}"' for name in names[:_NAMED])
    if len(names) == 1:
        return f"file {listed} is {state}"
    return f"{len(names)} files ({listed}{', …' if len(names) > _NAMED else ''}) are {state}"
