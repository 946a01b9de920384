from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from pipelines.datasets import picture as picture_module
from pipelines.datasets.picture import png, read, to_grey, to_rgb
from pipelines.datasets.sources import source
from transforms.picture import PictureError

Texture = Callable[..., NDArray[np.uint8]]


def saved(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA"])
@pytest.mark.parametrize("suffix", [".png", ".PNG", ".tif"])
def test_grey_pixels_stay_exact_and_upright(
    tmp_path: Path, texture: Texture, mode: str, suffix: str
) -> None:
    pixels = texture(1, 20, 33)
    path = saved(tmp_path / f"x (1){suffix}", Image.fromarray(pixels).convert(mode))
    picture = read(path, "image")
    assert picture.pixels.dtype == np.uint8 and picture.flags == ()
    np.testing.assert_array_equal(picture.pixels, pixels)


def test_palette_and_two_valued_pictures(tmp_path: Path, texture: Texture) -> None:
    pixels = texture(1, 20, 33)
    np.testing.assert_array_equal(
        read(saved(tmp_path / "p.png", Image.fromarray(pixels).convert("P")), "x").pixels, pixels
    )
    bits = Image.fromarray(pixels > 99)
    two = read(saved(tmp_path / "b.png", bits), "x").pixels
    np.testing.assert_array_equal(two, (pixels > 99) * np.uint8(255))


def test_sixteen_bits_are_kept(tmp_path: Path) -> None:
    pixels = np.arange(20 * 33, dtype=np.uint16).reshape(20, 33) * 99
    picture = read(saved(tmp_path / "x.png", Image.fromarray(pixels)), "x")
    assert picture.pixels.dtype == np.uint16
    np.testing.assert_array_equal(picture.pixels, pixels)
    again = Image.open(io.BytesIO(png(picture.pixels)))
    assert again.mode == "I;16"
    np.testing.assert_array_equal(np.asarray(again), pixels)


def test_fractions_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.tif", Image.fromarray(np.full((4, 5), 0.5, dtype=np.float32)))
    with pytest.raises(PictureError, match=r"holds values from 0.5 to 0.5"):
        read(path, "x")


def test_colours_are_kept(tmp_path: Path, texture: Texture) -> None:
    colour = np.stack([texture(seed, 20, 33) for seed in range(3)], axis=2)
    picture = read(saved(tmp_path / "x.png", Image.fromarray(colour)), "x")
    assert picture.flags == ()
    np.testing.assert_array_equal(picture.pixels, colour)


def test_what_is_wholly_transparent_is_black_and_told(tmp_path: Path) -> None:
    alpha = np.array([[255, 128, 0, 0]], dtype=np.uint8)
    white = Image.fromarray(np.dstack([np.full((1, 4, 3), 255, np.uint8), alpha]))
    picture = read(saved(tmp_path / "x.png", white), "x")
    assert picture.pixels.tolist() == [[255, 128, 0, 0]]
    assert picture.clear is not None and picture.clear.tolist() == [[False, False, True, True]]
    assert read(saved(tmp_path / "y.png", white.convert("RGB")), "y").clear is None
    white.putalpha(7)
    assert read(saved(tmp_path / "z.png", white), "z").clear is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_of_colours_is_luma(texture: Texture, dtype: type) -> None:
    colour = np.stack([texture(seed, 20, 33) for seed in range(3)], axis=2).astype(dtype)
    grey = to_grey(colour)
    assert grey.dtype == dtype and grey.shape == (20, 33)
    np.testing.assert_allclose(grey, colour @ [0.299, 0.587, 0.114], atol=1)
    equal = np.repeat(colour[..., :1], 3, axis=2)
    np.testing.assert_array_equal(to_grey(equal), colour[..., 0])


def test_colours_of_grey_are_three_equal_channels(texture: Texture) -> None:
    rgb = to_rgb(texture(1), "x")
    assert rgb.shape == (60, 90, 3) and (rgb == texture(1)[..., None]).all()
    assert to_rgb(rgb, "x") is rgb
    with pytest.raises(PictureError, match="x has 16 bits, which a colour dataset cannot keep"):
        to_rgb(texture(1).astype(np.uint16), "x")


def test_a_decompression_bomb_is_refused_by_its_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "x.png", Image.new("L", (300, 200)))
    monkeypatch.setattr(source, "MOST_PIXELS", 59_999)
    monkeypatch.setattr(picture_module, "open_upright", None)
    with pytest.raises(PictureError, match="x is 300 x 200 pixels by its header; the limit is 59"):
        read(path, "x")


def test_the_limit_is_ours_where_pillow_has_a_lower_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "x.png", Image.new("L", (300, 200)))
    monkeypatch.setattr(source, "MOST_PIXELS", 50_000)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20_000)
    with pytest.raises(PictureError, match="x is 300 x 200 pixels by its header; the limit is 50"):
        read(path, "x")
    assert Image.MAX_IMAGE_PIXELS == 20_000


def test_what_is_transparent_shows_black(tmp_path: Path, texture: Texture) -> None:
    pixels = texture(1, 20, 33)
    image = Image.fromarray(pixels).convert("RGBA")
    alpha = np.full((20, 33), 255, dtype=np.uint8)
    alpha[:5] = 0
    image.putalpha(Image.fromarray(alpha))
    shown = read(saved(tmp_path / "x.png", image), "x").pixels
    np.testing.assert_array_equal(shown, np.where(alpha == 0, 0, pixels))


def test_a_turned_picture_is_upright(tmp_path: Path, texture: Texture) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(texture(1, 40, 64))))
    pixels = read(saved(tmp_path / "x.png", stored, exif=exif), "x").pixels
    np.testing.assert_array_equal(pixels, texture(1, 40, 64))


def test_png_gives_the_same_bytes_and_the_same_pixels(texture: Texture) -> None:
    pixels = texture(1, 20, 33)
    assert png(pixels) == png(pixels.copy())
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png(pixels)))), pixels)


def test_what_cannot_be_read_is_called_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(PictureError, match=r'^image "b/x.png" is empty'):
        read(tmp_path / "x.png", 'image "b/x.png"')
    (tmp_path / "x.tif").write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r'^image "b/x.tif" is not a picture file'):
        read(tmp_path / "x.tif", 'image "b/x.tif"')


def test_text_chunks_do_no_harm(tmp_path: Path, texture: Texture) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "phantom")
    path = saved(tmp_path / "x.png", Image.fromarray(texture(1)), pnginfo=info)
    np.testing.assert_array_equal(read(path, "x").pixels, texture(1))
