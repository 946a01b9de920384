"""Pictures of every mode, orientation and state load upright, or are refused by name."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from transforms.picture import (
    PictureError,
    open_upright,
    rgb8,
    to_grey,
    to_indices,
    to_rgb,
    to_rgb8,
)

Picture = NDArray[np.uint8]

# How the file's rows and columns lie for each EXIF orientation (Exif 2.32, tag 0x0112).
STORED = {
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: np.rot90(upright.T, 2),
    8: lambda upright: np.rot90(upright, -1),
}


def _palette(marked: Picture, transparency: int | bytes | None = None) -> Image.Image:
    """Indices 0 and 1 for the colours 60 and 220, so that an index is no grey value."""
    image = Image.fromarray((marked == 220).astype(np.uint8)).convert("L")
    image.putpalette([60, 60, 60, 220, 220, 220])
    if transparency is not None:
        image.info["transparency"] = transparency
    return image


def _with_alpha(marked: Picture, mode: str) -> Image.Image:
    """The corner opaque, the rest transparent with white beneath."""
    grey = Image.fromarray(np.where(marked == 220, 220, 255).astype(np.uint8))
    alpha = Image.fromarray(np.where(marked == 220, 255, 0).astype(np.uint8))
    colours = grey.convert(mode.removesuffix("A"))
    return Image.merge(mode, (*colours.split(), alpha))


def _write(marked: Picture, kind: str, folder: Path) -> Path:
    """Writes the marked picture in one of the ways that people have."""
    grey = Image.fromarray(marked)
    path = folder / f"{kind.replace(';', '_')}.png"
    match kind:
        case "L" | "RGB":
            grey.convert(kind).save(path)
        case "RGBA" | "LA":
            _with_alpha(marked, kind).save(path)
        case "1":
            Image.fromarray(marked == 220).save(path)
        case "P":
            _palette(marked).save(path)
        case "P transparent":
            _palette(marked).save(path, transparency=0)
        case "P translucent":
            _palette(marked).save(path, transparency=bytes([0, 255]))
        case "I;16":
            Image.fromarray(marked.astype(np.uint16) * 100).save(path)
        case "I" | "F":
            path = path.with_suffix(".tif")
            Image.fromarray(marked.astype({"I": np.int32, "F": np.float32}[kind]) * 100).save(path)
        case "I;16B":
            path = path.with_suffix(".tif")
            tifffile.imwrite(path, marked.astype(">u2") * 100, byteorder=">")
        case "CMYK" | "YCbCr":
            path = path.with_suffix(".jpg")
            grey.convert("RGB").convert(kind).save(path, quality=95)
        case _:
            path = folder / f"grey{kind}"
            grey.save(path)
    return path


MODES = {  # the corner's value and the other pixels'
    "L": (220, 60),
    "RGB": (220, 60),
    "RGBA": (220, 0),
    "LA": (220, 0),
    "1": (255, 0),
    "P": (220, 60),
    "P transparent": (220, 0),
    "P translucent": (220, 0),
    "I;16": (22000, 6000),
    "I;16B": (22000, 6000),
    "I": (22000, 6000),
    "F": (22000, 6000),
    "CMYK": (220, 60),
    "YCbCr": (220, 60),
    ".bmp": (220, 60),
    ".tif": (220, 60),
    ".gif": (220, 60),
    ".webp": (220, 60),
}


@pytest.mark.parametrize("kind", MODES)
def test_every_mode_is_one_upright_grey_channel(kind: str, marked: Picture, tmp_path: Path) -> None:
    path = _write(marked, kind, tmp_path)
    grey = to_grey(open_upright(path))
    corner, rest = MODES[kind]
    expected = np.where(marked == 220, corner, rest)
    assert grey.shape == (60, 40)
    lossy = path.suffix in (".jpg", ".webp")
    # JPEG blurs the edge of the corner; its blocks of 8 px end there.
    np.testing.assert_allclose(grey.astype(float), expected, atol=12 if lossy else 0)


def test_colours_become_luma(tmp_path: Path) -> None:
    Image.new("RGB", (2, 3), (200, 100, 50)).save(tmp_path / "a.png")
    luma = 0.299 * 200 + 0.587 * 100 + 0.114 * 50
    assert np.all(np.abs(to_grey(open_upright(tmp_path / "a.png")) - luma) <= 1)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("orientation", STORED)
def test_every_exif_orientation_is_turned_upright(
    orientation: int, suffix: str, marked: Picture, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](marked)))
    options = {} if suffix == ".tif" else {"quality": 95}
    stored.save(tmp_path / f"a{suffix}", exif=exif, **options)
    grey = to_grey(open_upright(tmp_path / f"a{suffix}")).astype(float)
    np.testing.assert_allclose(grey, marked, atol=12)


@pytest.mark.parametrize("orientation", STORED)
def test_a_deep_picture_is_turned_and_keeps_its_values(
    orientation: int, marked: Picture, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    deep = marked.astype(np.uint16) * 100
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](deep)))
    stored.save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(to_grey(open_upright(tmp_path / "a.png")), deep)


def _several_frames(marked: Picture, path: Path) -> None:
    image = Image.fromarray(marked)
    image.save(path, save_all=True, append_images=[Image.fromarray(marked[::-1].copy())])


@pytest.mark.parametrize("suffix", [".tif", ".gif"])
def test_several_frames_are_refused(suffix: str, marked: Picture, tmp_path: Path) -> None:
    path = tmp_path / f"film{suffix}"
    _several_frames(marked, path)
    with pytest.raises(PictureError, match=rf"film{suffix} holds 2 frames"):
        open_upright(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"gone\.png does not exist"):
        open_upright(tmp_path / "gone.png")


def test_a_text_file_with_a_picture_s_name_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("no picture")
    with pytest.raises(PictureError, match=r"notes\.png is not a picture file"):
        open_upright(tmp_path / "notes.png")


def test_a_folder_with_a_picture_s_name_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(PictureError, match=r"folder\.png cannot be read: Is a directory"):
        open_upright(tmp_path / "folder.png")


def test_a_picture_bomb_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (100, 100)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(PictureError, match=r"bomb\.png.* pixels by its header, which is the limit"):
        open_upright(tmp_path / "bomb.png")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif", ".gif", ".webp"])
def test_a_truncated_file_is_named_wherever_it_is_cut(suffix: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 40), dtype=np.uint8)
    whole = tmp_path / f"whole{suffix}"
    Image.fromarray(noise).save(whole)
    content = whole.read_bytes()
    path = tmp_path / f"cut{suffix}"
    for length in [*range(0, 160, 3), len(content) // 2, int(len(content) * 0.9)]:
        path.write_bytes(content[:length])
        with pytest.raises(PictureError, match=rf"cut{suffix}"):
            open_upright(path)


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    with pytest.raises(PictureError, match=r"empty\.png is empty \(0 bytes\)"):
        open_upright(tmp_path / "empty.png")


def test_messages_use_the_name_that_is_given(tmp_path: Path) -> None:
    for content in (b"", b"no picture", b"\x89PNG"):
        (tmp_path / "a.png").write_bytes(content)
        with pytest.raises(
            PictureError, match=r'^mask "a\.png" is (empty|not|truncated)'
        ) as caught:
            open_upright(tmp_path / "a.png", 'mask "a.png"')
        assert str(tmp_path) not in str(caught.value)
    with pytest.raises(PictureError, match=r'^mask "b\.png" does not exist'):
        open_upright(tmp_path / "b.png", 'mask "b.png"')


def _noise_png(path: Path) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (40, 30), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path.read_bytes()


def test_no_truncated_png_passes(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    content = _noise_png(path)
    body = len(content) - 12  # the last twelve bytes say only that the file ends
    for length in (*range(0, body, 13), body - 1):
        path.write_bytes(content[:length])
        with pytest.raises(PictureError, match=r"a\.png is (truncated|empty|not a picture)"):
            open_upright(path)


def test_no_flipped_bit_in_a_png_passes(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    content = _noise_png(path)
    for place in range(8, len(content) - 12, 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with pytest.raises(PictureError, match=r"a\.png"):
            open_upright(path)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif", ".gif", ".webp"])
def test_a_damaged_file_gives_a_picture_or_its_name(suffix: str, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = tmp_path / f"whole{suffix}"
    options = {} if suffix in (".bmp", ".gif") else {"exif": exif}
    Image.fromarray(random.integers(0, 256, (9, 7), dtype=np.uint8)).save(whole, **options)
    path = tmp_path / f"damaged{suffix}"
    for _ in range(150):
        content = bytearray(whole.read_bytes())
        for place in random.integers(0, len(content), 3):
            content[place] = random.integers(256)
        path.write_bytes(content)
        try:
            to_grey(open_upright(path))
        except PictureError as error:
            assert f"damaged{suffix}" in str(error)


def test_a_mode_without_a_grey_value_is_refused() -> None:
    with pytest.raises(PictureError, match="LAB"):
        to_grey(Image.new("LAB", (4, 4)))


def test_a_mode_without_a_colour_is_refused() -> None:
    with pytest.raises(PictureError, match="mode La has no RGB"):
        to_rgb(Image.new("La", (4, 4)))


def test_a_palette_mask_gives_its_indices(marked: Picture, tmp_path: Path) -> None:
    _palette(marked).save(tmp_path / "a.png")
    indices = to_indices(open_upright(tmp_path / "a.png"))
    np.testing.assert_array_equal(indices, marked == 220)


@pytest.mark.parametrize(("kind", "corner", "rest"), [("L", 220, 60), ("1", 1, 0)])
def test_a_grey_mask_gives_its_values(
    kind: str, corner: int, rest: int, marked: Picture, tmp_path: Path
) -> None:
    indices = to_indices(open_upright(_write(marked, kind, tmp_path)))
    np.testing.assert_array_equal(indices, np.where(marked == 220, corner, rest))


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "LA", "F"])
def test_a_mask_without_indices_is_refused(kind: str, marked: Picture, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=f"mode {kind}"):
        to_indices(open_upright(_write(marked, kind, tmp_path)))


def _deep_png(path: Path, channels: int) -> None:
    """A PNG of 2 x 2 pixels with 16 bits a channel, which Pillow cannot write."""
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + b"\x12\x34" * channels * 2 for _ in range(2))

    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", 2, 2, 16, kind, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_colours_of_16_bits_are_not_halved_unseen(channels: int, tmp_path: Path) -> None:
    _deep_png(tmp_path / "deep.png", channels)
    with pytest.raises(PictureError, match=r"deep.png has 16 bits in each colour channel"):
        open_upright(tmp_path / "deep.png")


def test_colours_of_16_bits_in_a_tiff_are_not_halved_either(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "deep.tif", np.full((4, 4, 3), 4660, np.uint16), photometric="rgb")
    with pytest.raises(PictureError, match="16 bits in each colour channel"):
        open_upright(tmp_path / "deep.tif")
    _deep_png(tmp_path / "grey.png", 1)
    assert np.asarray(open_upright(tmp_path / "grey.png")).tolist() == [[4660] * 2] * 2


def test_red_green_and_blue_of_8_bits_are_the_levels_of_the_file(marked: Picture) -> None:
    colours = Image.fromarray(np.stack([marked, 255 - marked, marked // 2], axis=-1))
    np.testing.assert_array_equal(to_rgb8(colours), np.asarray(colours))
    with pytest.raises(PictureError, match="values from 60 to 220, of more than 8 bits"):
        to_rgb8(Image.fromarray(marked.astype(np.uint16)))


def test_numbers_of_another_kind_are_levels_where_they_are_whole() -> None:
    assert rgb8(np.full((1, 1, 3), 255.0)).dtype == np.uint8
    for array, expected in (
        (np.full((1, 1, 3), 0.5), "a picture of fractions"),
        (np.full((1, 1, 3), -1.0), "values from -1 to -1"),
        (np.full((1, 1, 3), 300), "values from 300 to 300"),
    ):
        with pytest.raises(PictureError, match=expected):
            rgb8(array)
