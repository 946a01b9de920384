from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from pipelines.datasets.picture import open_upright, png, read
from pipelines.errors import InputError

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
    with pytest.raises(InputError, match=r"holds values from 0.5 to 0.5"):
        read(path, "x")


def test_colour_becomes_luma_with_a_flag(tmp_path: Path, texture: Texture) -> None:
    colour = np.stack([texture(seed, 20, 33) for seed in range(3)], axis=2)
    picture = read(saved(tmp_path / "x.png", Image.fromarray(colour)), "x")
    assert picture.flags == ("colour",)
    luma = colour @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(picture.pixels, luma, atol=1)


def test_what_is_transparent_shows_black(tmp_path: Path, texture: Texture) -> None:
    pixels = texture(1, 20, 33)
    image = Image.fromarray(pixels).convert("RGBA")
    alpha = np.full((20, 33), 255, dtype=np.uint8)
    alpha[:5] = 0
    image.putalpha(Image.fromarray(alpha))
    shown = read(saved(tmp_path / "x.png", image), "x").pixels
    np.testing.assert_array_equal(shown, np.where(alpha == 0, 0, pixels))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_exif_orientation_is_applied(
    tmp_path: Path, texture: Texture, orientation: int, suffix: str
) -> None:
    upright = texture(1, 40, 64, grain=6)
    undo: dict[int, Callable[[Any], Any]] = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.T,
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].T,
        8: lambda a: np.rot90(a, -1),
    }
    stored = Image.fromarray(np.ascontiguousarray(undo[orientation](upright)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100} if suffix == "jpg" else {}
    path = saved(tmp_path / f"x.{suffix}", stored, exif=exif, **options)
    pixels = read(path, "x").pixels.astype(int)
    assert pixels.shape == (40, 64)
    assert np.abs(pixels - upright).max() <= (6 if suffix == "jpg" else 0)


def test_png_gives_the_same_bytes_and_the_same_pixels(texture: Texture) -> None:
    pixels = texture(1, 20, 33)
    assert png(pixels) == png(pixels.copy())
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png(pixels)))), pixels)


def test_no_truncation_passes(tmp_path: Path, texture: Texture) -> None:
    data = png(texture(1, 40, 64))
    path = tmp_path / "x.png"
    for length in {
        *range(0, len(data) - 12, 23),
        *range(50),
        len(data) - 13,
    }:  # the last twelve bytes say only that the file ends
        path.write_bytes(data[:length])
        with pytest.raises(InputError, match=r"^x (is truncated or damaged|is empty|is not a pic)"):
            open_upright(path, "x")


def test_no_flipped_bit_passes(tmp_path: Path, texture: Texture) -> None:
    data = png(texture(1, 40, 64))
    path = tmp_path / "x.png"
    for place in range(8, len(data) - 12, 7):
        path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        with pytest.raises(InputError):
            open_upright(path, "x")


def test_messages_say_what_the_file_is(tmp_path: Path, texture: Texture) -> None:
    path = tmp_path / "x.png"
    with pytest.raises(InputError, match="image cannot be read: No such file"):
        read(path, "image")
    path.write_bytes(b"")
    with pytest.raises(InputError, match="image is empty"):
        read(path, "image")
    path.write_bytes(b"hello, I am a text")
    with pytest.raises(InputError, match="image is not a picture file"):
        read(path, "image")
    data = io.BytesIO()
    Image.fromarray(texture(1, 99, 99)).save(data, "JPEG")
    path.write_bytes(data.getvalue()[:-900])
    with pytest.raises(InputError, match="image is truncated or damaged"):
        read(path, "image")


def test_several_pictures_in_one_file_are_refused(tmp_path: Path, texture: Texture) -> None:
    pages = [Image.fromarray(texture(seed, 20, 33)) for seed in range(3)]
    path = saved(tmp_path / "x.tif", pages[0], save_all=True, append_images=pages[1:])
    with pytest.raises(InputError, match="holds 3 pictures; expected one"):
        read(path, "image")


def test_text_chunks_do_no_harm(tmp_path: Path, texture: Texture) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "phantom")
    path = saved(tmp_path / "x.png", Image.fromarray(texture(1)), pnginfo=info)
    np.testing.assert_array_equal(read(path, "x").pixels, texture(1))
