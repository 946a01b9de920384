"""Images made by physics, in raw layouts, for trials without a download.

An image is made in the order in which a device makes it. Of ultrasound, anatomy gives two maps,
echogenicity (dB) and attenuation (dB/cm/MHz), and the scanner turns them into grey values; its axes
are (depth, lateral), lengths are in mm, echo levels in dB relative to a reference tissue.

To add a kind: write a module beside this file with a maker, and add a line here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Phantom:
    """One line of the table.

    Attributes:
        name: what people type.
        module: where it is made, a module to import.
        function: its maker there, called with ``out``, ``count``, ``seed``, ``size``, ``workers``,
            ``overwrite`` and ``progress``.
        description: one line for the help text.
        count: images where nobody says how many.
        enough: images of which three folds can always be made.
        size: pixels of the longer side where nobody says.
        convert: the words between ``med2d convert`` and the folders.
        options: what follows the folders.
        flags: names of the maker's own switches, each with a line of help.
    """

    name: str
    module: str
    function: str
    description: str
    count: int
    enough: int
    size: int
    convert: str
    options: str = ""
    flags: tuple[tuple[str, str], ...] = ()


_HERE = "pipelines.datasets.phantoms"
_TABLE = (
    Phantom(
        name="busi",
        module=f"{_HERE}.busi",
        function="make_busi",
        description="breast ultrasound with tumour masks, in the busi layout",
        count=60,
        enough=18,
        size=500,
        convert="busi",
    ),
    Phantom(
        name="npy",
        module=f"{_HERE}.npy",
        function="make_npy",
        description="breast ultrasound in arrays, in the npy-arrays layout",
        count=60,
        enough=18,
        size=128,
        convert="npy-arrays",
        options="--task classification",
        flags=(("masks", "Make an array of tumour masks, too."),),
    ),
    Phantom(
        name="fetal-planes",
        module=f"{_HERE}.fetal_planes",
        function="make_fetal_planes",
        description="planes of fetal ultrasound and their table, in the csv-labels layout",
        count=150,
        enough=60,
        size=500,
        convert="csv-labels",
        options="--preset fetal-planes",
    ),
    Phantom(
        name="bones",
        module=f"{_HERE}.bones",
        function="make_bones",
        description="radiographs of healthy and broken limbs, in the class-folders layout",
        count=60,
        enough=12,
        size=500,
        convert="class-folders",
        options="--levels class,region",
    ),
    Phantom(
        name="tissue",
        module=f"{_HERE}.tissue",
        function="make_tissue",
        description="stained tissue with masks of four classes, in the image-mask-folders layout",
        count=24,
        enough=12,
        size=512,
        convert="image-mask-folders",
        options=(
            "--classes background,stroma,epithelium,necrosis --group-pattern '(slide_[0-9]+)_'"
        ),
    ),
)

PHANTOMS: dict[str, Phantom] = {phantom.name: phantom for phantom in _TABLE}
"""The made data by name."""
