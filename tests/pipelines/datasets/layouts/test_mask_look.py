from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.layouts import mask_look
from pipelines.datasets.layouts.mask_look import images_and_masks, looks_like_mask


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 50)).astype(np.uint8)


def block(value: int = 255) -> np.ndarray:
    values = np.zeros((40, 50), dtype=np.uint8)
    values[8:24, 8:32] = value
    return values


def put(root: Path, name: str, values: np.ndarray) -> PurePosixPath:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(root / name)
    return PurePosixPath(name)


def test_what_looks_like_a_mask(tmp_path: Path) -> None:
    rgb = np.repeat(block()[..., None], 3, axis=2)
    deep = block().astype(np.uint16) * 257
    for name, values in {"a.png": block(), "b.jpg": block(), "c.png": rgb, "d.png": deep}.items():
        assert looks_like_mask(tmp_path / put(tmp_path, name, values)), name
    coloured = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    deep = picture().astype(np.uint16) * 200
    for name, values in {"e.png": picture(), "f.jpg": picture(), "g.png": coloured}.items():
        assert not looks_like_mask(tmp_path / put(tmp_path, name, values)), name
    assert not looks_like_mask(tmp_path / put(tmp_path, "h.png", deep))


def test_what_cannot_be_read_is_no_mask(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("hello")
    for name in ("text.png", "none.png"):
        assert not looks_like_mask(tmp_path / name)


@pytest.mark.parametrize("flip", [False, True])
def test_a_folder_of_masks_is_found_by_its_look(tmp_path: Path, flip: bool) -> None:
    folders: dict[str, list[PurePosixPath]] = {"overlays": [], "bilder": [], "masken": []}
    for number in range(4):
        for folder in folders:
            values = block() if folder == "masken" else picture()
            name = f"train/{folder}/x{number}.{'png' if folder == 'masken' else 'jpg'}"
            folders[folder].append(put(tmp_path, name, values))
    del folders["overlays"]
    ordered = dict(reversed(folders.items())) if flip else folders
    assert images_and_masks(tmp_path, ordered) == ("bilder", "masken")


def test_classes_of_the_same_names_are_none(tmp_path: Path) -> None:
    def laid(what: np.ndarray, other: np.ndarray, start: int) -> dict[str, list[PurePosixPath]]:
        return {
            "a": [put(tmp_path, f"a/{number}.png", what) for number in range(3)],
            "b": [put(tmp_path, f"b/{start + number}.png", other) for number in range(3)],
        }

    assert images_and_masks(tmp_path, laid(picture(), picture(), 0)) is None
    assert images_and_masks(tmp_path, laid(block(), block(), 0)) is None
    assert images_and_masks(tmp_path, laid(picture(), block(), 2)) is None
    assert images_and_masks(tmp_path, laid(picture(), block(), 0)) == ("a", "b")


def test_no_folder_is_looked_at_twice_or_among_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []
    monkeypatch.setattr(mask_look, "looks_like_mask", lambda path: bool(seen.append(path)))
    folders = {f"f{index}": [PurePosixPath(f"f{index}/1.png")] for index in range(40)}
    assert images_and_masks(tmp_path, folders) is None and len(seen) == 40
    folders["more"] = [PurePosixPath("more/1.png")]
    assert images_and_masks(tmp_path, folders) is None and len(seen) == 40
