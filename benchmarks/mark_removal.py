"""Where ``RemoveMarksd`` finds something to fill, against what a person saw in each image.

docs/results/burnt_in_marks.csv holds what was seen (see burnt_in_marks.py). An image counts as
marked where a person saw any mark; those with letters that are cut off alone are left out.

    python benchmarks/mark_removal.py RAW

RAW is the folder as it was published: that of ``benign/``, ``malignant/`` and ``normal/``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from scipy.ndimage import binary_dilation

from pipelines.evaluation.wilson import wilson_bounds
from transforms.found_marks import found_marks

LABELS = Path(__file__).parent.parent / "docs" / "results" / "burnt_in_marks.csv"
CONTRAST, WIDTH, RIM = 0.3, 3, 1  # the defaults of RemoveMarksd


def main() -> None:
    """Looks at every labelled image and prints the shares."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("raw", type=Path, help="the raw folder")
    raw = parser.parse_args().raw
    if not (raw / "benign").is_dir():
        parser.error(f"{raw} holds no folder benign; expected BUSI as it was published")
    labels = pd.read_csv(LABELS, dtype=str, keep_default_na=False).query("source == 'busi'")
    kinds = labels[["text", "caliper", "overlay"]]
    seen = (kinds == "yes").any(axis=1)
    clear = seen | (kinds == "no").all(axis=1)
    filled = np.array([_filled(raw / image) for image in labels["image"]])
    for name, chosen in (("with marks", seen), ("without", clear & ~seen)):
        part = filled[chosen.to_numpy()]
        low, high = wilson_bounds((part > 0).sum(), len(part))
        print(
            f"{name}: something found in {(part > 0).mean():.3f} ({low:.3f}-{high:.3f}), "
            f"n = {len(part)}; at most {part.max():.2%} of the pixels, median {np.median(part):.2%}"
        )


def _filled(path: Path) -> float:
    """The share of an image's pixels that would be filled."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=np.float32)
    marks = found_marks((pixels / np.float32(255)).transpose(2, 0, 1), CONTRAST, WIDTH)
    return float(binary_dilation(marks, np.ones((3, 3)), iterations=RIM).mean())


if __name__ == "__main__":
    main()
