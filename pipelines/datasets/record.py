"""What a worker reports of a sample; the pixels stay behind."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.datasets.dataset import Item


@dataclass(frozen=True, slots=True)
class Record:
    """What only the pixels tell of a sample.

    Attributes:
        key: a hash of the sample, and of the sizes and times of its files.
        problems: why it cannot be used; the rest is empty then.
        image_hash: SHA-256 of the written image.
        label_hash: of the written mask, or empty.
        width: of the written image, pixels.
        height: of the written image, pixels.
        flags: what a reader should know, joined by commas.
        spacing: millimetres per pixel (row, column), or nothing.
        marked: whether the mask held anything before it was shrunk.
        vanished: whether shrinking took the last of it.
        blank: whether the image is of one value only.
        deep: whether the written image has 16 bits.
        small_check: CRC-32 of the small copy.
        clear: share of the image that is wholly transparent.
        unseen: pixels of the mask that were marked there, and are background now.
    """

    key: str = ""
    problems: tuple[str, ...] = ()
    image_hash: str = ""
    label_hash: str = ""
    width: int = 0
    height: int = 0
    flags: str = ""
    spacing: tuple[float, float] | None = None
    marked: bool = False
    vanished: bool = False
    blank: bool = False
    deep: bool = False
    small_check: int = 0
    clear: float = 0.0
    unseen: int = 0

    @property
    def entries(self) -> Item:
        """The entries of the item in dataset.json that come from here."""
        item: Item = {"sha256": self.image_hash}
        if self.label_hash:
            item["label_sha256"] = self.label_hash
        item |= {"width": self.width, "height": self.height}
        if self.flags:
            item["flags"] = self.flags
        if self.spacing:
            item["spacing"] = list(self.spacing)
        return item
