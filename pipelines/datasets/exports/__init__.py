"""The formats that ``med2d export`` writes: a table, so that naming them imports no writer.

To add one: write a module beside this file with ``write(request: request.Request) -> None``, and
add a line here.
"""

from __future__ import annotations

from dataclasses import dataclass

SEGMENTATION, CLASSIFICATION = "segmentation", "classification"


@dataclass(frozen=True)
class Export:
    """One line of the table.

    Attributes:
        name: what people type.
        module: the writer, a module to import.
        description: one line for the help text.
        tasks: the kinds of dataset that it can hold.
        options: the options that it heeds, besides those of every format.
        tree: an example of what is written.
    """

    name: str
    module: str
    description: str
    tasks: tuple[str, ...]
    options: tuple[str, ...]
    tree: str


_TABLE = (
    Export(
        name="nnunet",
        module="pipelines.datasets.exports.nnunet",
        description="nnU-Net v2: a raw 2-D dataset with the folds as splits",
        tasks=(SEGMENTATION,),
        options=("number",),
        tree=(
            "OUT/Dataset501_busi/dataset.json\n"
            "OUT/Dataset501_busi/splits_final.json\n"
            "OUT/Dataset501_busi/imagesTr/benign_0001_0000.png\n"
            "OUT/Dataset501_busi/labelsTr/benign_0001.png\n"
            "OUT/Dataset501_busi/imagesTs/…   (the part testing, with labelsTs)"
        ),
    ),
    Export(
        name="auto3dseg",
        module="pipelines.datasets.exports.auto3dseg",
        description="MONAI Auto3DSeg: a datalist and NIfTI files of one slice",
        tasks=(SEGMENTATION,),
        options=(),
        tree=("OUT/datalist.json\nOUT/images/benign_0001.nii.gz\nOUT/labels/benign_0001.nii.gz"),
    ),
    Export(
        name="npz",
        module="pipelines.datasets.exports.npz",
        description="NumPy: one compressed file that np.load opens",
        tasks=(SEGMENTATION, CLASSIFICATION),
        options=("size",),
        tree="OUT/dataset.npz",
    ),
    Export(
        name="yolo",
        module="pipelines.datasets.exports.yolo",
        description="Ultralytics YOLO: class folders, or polygons with data.yaml",
        tasks=(SEGMENTATION, CLASSIFICATION),
        options=("fold",),
        tree=(
            "OUT/train/benign/benign_0001.png   (classification; also val and test)\n"
            "OUT/data.yaml                      (segmentation)\n"
            "OUT/images/train/benign_0001.png\n"
            "OUT/labels/train/benign_0001.txt"
        ),
    ),
)

EXPORTS: dict[str, Export] = {export.name: export for export in _TABLE}
"""The formats by name."""
