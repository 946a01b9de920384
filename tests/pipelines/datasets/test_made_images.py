"""Made images claim neither the name nor the terms of the data in whose layout they lie."""

from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.datasets.dataset import read
from pipelines.datasets.layouts.sample import Facts, Sample
from pipelines.datasets.made_images import LICENCE, without_claims
from pipelines.datasets.phantoms.mark import write_marked
from pipelines.datasets.sources.picture_file import PictureFile

FACTS = Facts("planes", "US", ("a", "b"), "CC BY 4.0", "Someone 2020")
PIXELS = np.zeros((4, 6), np.uint8)


def samples(folder: Path, *made: bool) -> list[Sample]:
    found = []
    for number, is_made in enumerate(made):
        path = folder / f"{number}.png"
        if is_made:
            write_marked(path, PIXELS)
        else:
            Image.fromarray(PIXELS).save(path)
        found.append(Sample(path.name, PictureFile(path), "a"))
    return found


def test_made_images_say_that_they_are(tmp_path: Path) -> None:
    facts = without_claims(FACTS, samples(tmp_path, True, True))
    assert (facts.name, facts.licence, facts.reference) == ("planes-phantom", LICENCE, "")
    assert (facts.modality, facts.labels) == ("US", ("a", "b"))


def test_one_real_image_keeps_the_terms(tmp_path: Path) -> None:
    assert without_claims(FACTS, samples(tmp_path, True, False)) is FACTS
    assert without_claims(FACTS, []) is FACTS


def test_a_name_that_claims_nothing_is_left(tmp_path: Path) -> None:
    facts = without_claims(Facts("bones", "DX", ("a", "b")), samples(tmp_path, True))
    assert (facts.name, facts.licence) == ("bones", LICENCE)


def test_a_converted_phantom_is_no_busi(busi_dataset: Path) -> None:
    dataset = read(busi_dataset)
    assert (dataset.name, dataset.licence) == ("busi-phantom", LICENCE)
    assert not dataset.reference
