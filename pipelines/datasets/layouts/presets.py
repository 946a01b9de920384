"""Public data sets of pictures with a table, as they are published."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Preset:
    """How to read one public data set.

    Attributes:
        name: what people type, and the dataset's name.
        modality: DICOM modality code.
        classes: class names in the order of their indices.
        licence: the terms of the data.
        reference: what to cite.
        options: the values of the layout's options, by name.
    """

    name: str
    modality: str
    classes: tuple[str, ...]
    licence: str
    reference: str
    options: dict[str, str] = field(default_factory=dict)


_TABLE = (
    Preset(
        name="fetal-planes",
        modality="US",
        classes=(
            "Fetal abdomen",
            "Fetal brain",
            "Fetal femur",
            "Fetal thorax",
            "Maternal cervix",
            "Other",
        ),
        licence="CC BY 4.0",
        reference=(
            "Burgos-Artizzu XP, et al. Evaluation of deep convolutional neural networks for "
            "automatic classification of common maternal fetal ultrasound planes. Scientific "
            "Reports 10:10200 (2020), doi:10.1038/s41598-020-67076-5; data: Zenodo 3904280"
        ),
        options={
            "image_column": "Image_name",
            "label_column": "Plane",
            "group_column": "Patient_num",
            "split_column": "Train",
            "keep_columns": "Brain_plane,US_Machine",
            "suffix": ".png",
        },
    ),
)

PRESETS: dict[str, Preset] = {preset.name: preset for preset in _TABLE}
"""The presets by name."""
