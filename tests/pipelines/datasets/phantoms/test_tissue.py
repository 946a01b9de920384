from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipelines.datasets.phantoms import tissue
from pipelines.datasets.phantoms.mark import is_marked
from pipelines.datasets.phantoms.tissue import (
    COLOURS,
    FIELD,
    TILES,
    Tile,
    at_scan_edge,
    make_tissue,
    tissue_tile,
)
from pipelines.datasets.phantoms.tissue_plan import TISSUES
from pipelines.errors import InputError

SIZE = 72


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantoms") / "tissue"
    make_tissue(out, count=5, seed=3, size=SIZE, workers=1)
    return out


def test_workers_do_not_change_the_result(made: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    make_tissue(tmp_path / "tissue", 5, 3, SIZE, 2, progress=lambda *step: told.append(step))
    assert content(tmp_path / "tissue") == content(made)
    assert told == [(done, 5) for done in range(1, 6)]


def test_seed_decides_and_count_only_appends(made: Path, tmp_path: Path) -> None:
    make_tissue(tmp_path / "fewer", count=2, seed=3, size=SIZE, workers=1)
    make_tissue(tmp_path / "other", count=2, seed=4, size=SIZE, workers=1)
    fewer, other = content(tmp_path / "fewer"), content(tmp_path / "other")
    assert fewer.items() <= content(made).items()
    assert all(fewer[name] != other[name] for name in fewer if name.startswith("images"))


def test_layout_is_rgba_images_and_palette_masks_of_the_same_names(made: Path) -> None:
    images, masks = (sorted((made / part).iterdir()) for part in ("images", "masks"))
    assert [path.name for path in images] == [path.name for path in masks]
    assert images[4].name == "slide_02_tile_1.png" and len(images) == 5
    for path in images:
        with Image.open(path) as image:
            assert image.mode == "RGBA" and image.size == (SIZE, SIZE)
    for path in masks:
        with Image.open(path) as mask:
            assert mask.mode == "P" and mask.size == (SIZE, SIZE)
            assert mask.getpalette()[:12] == [level for c in COLOURS.values() for level in c]
            assert np.asarray(mask).max() < len(COLOURS)
    assert tuple(COLOURS) == TISSUES


def test_alpha_is_opaque_but_for_the_strip_beyond_the_scan(made: Path) -> None:
    for place, path in enumerate(sorted((made / "images").iterdir())):
        pixels = np.asarray(Image.open(path))
        mask = np.asarray(Image.open(made / "masks" / path.name))
        clear = pixels[..., 3] == 0
        assert set(np.unique(pixels[..., 3])) <= {0, 255}
        assert clear.any() == at_scan_edge(place) == (place % TILES == TILES - 1)
        assert (pixels[clear][:, :3] == 255).all() and (mask[clear] == 0).all()
        assert (clear == clear[:1]).all() and clear.mean() < 0.25


def test_tiles_of_a_slide_share_their_colours_and_slides_differ() -> None:
    def pink(slide: int, number: int) -> NDArray:
        tile = tissue_tile(0, slide * TILES + number, SIZE)
        return np.log(tile.image[tile.mask == 1, :3].astype(float) + 1).mean(axis=0)

    shades = np.array([[pink(slide, number) for number in range(2)] for slide in range(5)])
    within = shades.std(axis=1).mean()
    assert shades.mean(axis=1).std(axis=0).mean() > 1.5 * within


def features(tile: Tile, size: int) -> dict[str, NDArray]:
    """Mean intensities at a pixel and around it, and the spread at several scales."""
    colours = tile.image[..., :3].astype(np.float32)
    around = ndimage.uniform_filter(colours, (*[round(12 * size / FIELD)] * 2, 0))
    texture = []
    for scale in (1, 2, 4, 8, 16):
        sigma = (*[scale * size / 512] * 2, 0)
        mean = ndimage.gaussian_filter(colours, sigma)
        spread = ndimage.gaussian_filter((colours - mean) ** 2, [2 * each for each in sigma])
        texture += [mean, np.sqrt(spread)]
    grey = np.stack([colours.mean(-1), around.mean(-1)], axis=-1)
    return {"grey": grey, "colour": around, "texture": np.concatenate(texture, axis=-1)}


@pytest.mark.slow
def test_a_linear_classifier_on_mean_intensities_fails() -> None:
    """Macro F1 of the pixels' classes, trained on three slides, scored on three others.

    From mean grey values: below 0.65. From the three mean colours, which tell more than any mean
    intensity does: below 0.78, and below 0.55 for the worst class. Texture tells more than either.
    """
    size, rng = 192, np.random.default_rng(0)
    inputs: dict[str, list[NDArray]] = {"grey": [], "colour": [], "texture": []}
    labels, slides = [], []
    for place in range(6 * TILES):
        tile = tissue_tile(0, place, size)
        chosen = rng.choice(size * size, 600, replace=False)
        for name, values in features(tile, size).items():
            inputs[name].append(values.reshape(size * size, -1)[chosen])
        labels.append(tile.mask.ravel()[chosen])
        slides.append(np.full(600, place // TILES))
    classes, train = np.concatenate(labels), np.concatenate(slides) % 2 == 0
    assert (np.bincount(classes) > 0.05 * classes.size).all()

    def scores(name: str, model: object) -> NDArray:
        values = np.concatenate(inputs[name])
        told = model.fit(values[train], classes[train]).predict(values[~train])
        return f1_score(classes[~train], told, average=None)

    linear = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    forest = RandomForestClassifier(40, min_samples_leaf=5, class_weight="balanced", random_state=0)
    grey, colour = scores("grey", linear), scores("colour", linear)
    texture = scores("texture", forest)
    assert grey.mean() < 0.65
    assert colour.mean() < 0.78 and colour.min() < 0.55
    assert texture.mean() > colour.mean() + 0.04 and texture.mean() > grey.mean() + 0.15


@pytest.mark.parametrize("name", ["mine.txt", "images/mine.txt", "masks/slide_01_tile_1.png"])
def test_overwrite_spares_what_it_did_not_make(tmp_path: Path, name: str) -> None:
    out = tmp_path / "tissue"
    make_tissue(out, count=1, size=SIZE)
    if name.endswith(".png"):
        assert is_marked(out / name)
        Image.new("P", (9, 8)).save(out / name)
    else:
        (out / name).write_text("mine")
    before = content(out)
    with pytest.raises(InputError, match="which no phantom run made, so it is not replaced"):
        make_tissue(out, count=1, seed=1, size=SIZE, overwrite=True)
    assert content(out) == before


def test_overwrite_replaces_an_earlier_run(tmp_path: Path) -> None:
    out = tmp_path / "tissue"
    make_tissue(out, count=2, size=SIZE, workers=1)
    with pytest.raises(InputError, match="a set of made images already; replace it with --over"):
        make_tissue(out, count=1, size=SIZE)
    make_tissue(out, count=1, size=SIZE, overwrite=True)
    assert sorted(content(out)) == ["images/slide_01_tile_1.png", "masks/slide_01_tile_1.png"]


def test_a_full_disk_is_one_line_and_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tissue, "write_marked", full)
    with pytest.raises(InputError, match="tissue cannot be written: No space left on device"):
        make_tissue(tmp_path / "tissue", count=1, size=SIZE, workers=1)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("numbers", "named"), [({"count": 0}, "count"), ({"seed": -1}, "seed"), ({"size": 63}, "size")]
)
def test_impossible_numbers_are_refused(
    tmp_path: Path, numbers: dict[str, int], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        make_tissue(tmp_path / "tissue", **numbers)
