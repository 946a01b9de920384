"""The raw layouts that ``med2d convert`` reads: a table, so that naming them imports no reader.

To add one: write a module beside this file with ``FACTS`` (see ``sample.Facts``) and
``scan(root) -> sample.Scan``, add a line here, and a sign to ``signs.py``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """One line of the table.

    Attributes:
        name: what people type.
        module: the reader, a module to import.
        description: one line for the help text.
        bundles: the tasks that it can be converted for, each with the bundle that trains on it.
        expected: the layout in a few words, for messages.
        tree: an example.
    """

    name: str
    module: str
    description: str
    bundles: dict[str, str]
    expected: str
    tree: str


_TABLE = (
    Layout(
        name="busi",
        module="pipelines.datasets.layouts.busi",
        description="BUSI breast ultrasound: class folders, masks beside their images",
        bundles={"segmentation": "breast_us_segmentation"},
        expected="RAW/<class>/x.png with x_mask.png beside it",
        tree=(
            "RAW/benign/benign (1).png\n"
            "RAW/benign/benign (1)_mask.png\n"
            "RAW/benign/benign (1)_mask_1.png   (a second mask is merged)\n"
            "RAW/normal/normal (1).png\n"
            "RAW/normal/normal (1)_mask.png     (empty)"
        ),
    ),
)

LAYOUTS: dict[str, Layout] = {layout.name: layout for layout in _TABLE}
"""The layouts by name."""
