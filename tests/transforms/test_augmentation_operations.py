"""Each operation does what its name says, on an image that is not square."""

import math

import numpy as np
import pytest
import torch

from transforms.augmentation_operations import MOVES, ON_REQUEST, OPERATIONS, TONES, Draw

HEIGHT, WIDTH = 41, 31  # the middle is row 20, column 15
RAMP = torch.linspace(0, 1, HEIGHT * WIDTH).reshape(1, HEIGHT, WIDTH)
NOISE = torch.rand(3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))


def where(name: str, amount: float) -> tuple[float, float]:
    """Where a spot 10 rows above and 5 columns right of the middle goes: row and column."""
    image = torch.zeros(1, HEIGHT, WIDTH)
    image[0, 9:12, 19:22] = 1
    moved = MOVES[name].apply(image, Draw(name, amount), "bilinear")[0]
    rows, columns = moved.sum(1) / moved.sum(), moved.sum(0) / moved.sum()
    return float(rows @ torch.arange(HEIGHT).float()), float(columns @ torch.arange(WIDTH).float())


@pytest.mark.parametrize(
    ("name", "amount", "expected"),
    [
        ("rotate", 90, (25, 25)),
        ("rotate", -90, (15, 5)),
        ("translate_x", 0.2, (10, 26.2)),
        ("translate_x", -0.2, (10, 13.8)),
        ("translate_y", 0.2, (18.2, 20)),
        ("translate_y", -0.1, (5.9, 20)),
        ("shear_x", 0.5, (10, 25)),
        ("shear_x", -0.5, (10, 15)),
        ("shear_y", 0.5, (7.5, 20)),
        ("shear_y", -0.5, (12.5, 20)),
        ("zoom", 0.5, (5, 22.5)),
        ("zoom", -0.5, (15, 17.5)),
        ("flip_horizontal", 0, (10, 10)),
        ("flip_vertical", 0, (30, 20)),
    ],
)
def test_a_move_takes_a_spot_where_its_name_says(
    name: str, amount: float, expected: tuple[float, float]
) -> None:
    assert where(name, amount) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(("place", "corner"), [((-1, -1), (0, 0)), ((1, 1), (-1, -1))])
def test_a_crop_shows_a_part_of_the_image_in_full(
    place: tuple[float, float], corner: tuple[int, int]
) -> None:
    cropped = MOVES["crop"].apply(RAMP, Draw("crop", 0.5, place), "bilinear")
    assert cropped.shape == RAMP.shape
    row, column = corner
    torch.testing.assert_close(cropped[0, row, column], RAMP[0, row, column], atol=1e-4, rtol=0)
    rows, columns = (HEIGHT - 1) // 2, (WIDTH - 1) // 2
    middle = RAMP[0, rows, columns]
    torch.testing.assert_close(cropped[0, -1 - row, -1 - column], middle, atol=1e-3, rtol=0)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_shape_and_type_stay(name: str, channels: int) -> None:
    image = NOISE[:channels]
    before = image.clone()
    draw = Draw(name, OPERATIONS[name].largest, (0.3, -0.7), seed=1)
    found = OPERATIONS[name].apply(image, draw, *(["bilinear"] if name in MOVES else []))
    assert found.shape == image.shape
    assert found.dtype == torch.float32
    assert torch.equal(image, before)
    assert torch.equal(found, image) == (name == "identity")


@pytest.mark.parametrize("name", [name for name in OPERATIONS if OPERATIONS[name].limit])
def test_a_strength_of_nothing_changes_next_to_nothing(name: str) -> None:
    found = OPERATIONS[name].apply(RAMP, Draw(name), *(["bilinear"] if name in MOVES else []))
    inside = (slice(None), slice(1, -1), slice(1, -1))  # rounding may reach over the margin
    torch.testing.assert_close(found[inside], RAMP[inside], atol=1 / 128, rtol=0)


def tone(name: str, amount: float, image: torch.Tensor = RAMP) -> torch.Tensor:
    return TONES[name].apply(image, Draw(name, amount, seed=3))


def test_brightness_multiplies() -> None:
    torch.testing.assert_close(tone("brightness", 0.3), 1.3 * RAMP)
    torch.testing.assert_close(tone("brightness", -0.3), 0.7 * RAMP)


def test_contrast_spreads_about_the_mean() -> None:
    for amount in (0.4, -0.4):
        found = tone("contrast", amount)
        torch.testing.assert_close(found.mean(), RAMP.mean())
        torch.testing.assert_close(found.std(), (1 + amount) * RAMP.std())


def test_gamma_keeps_black_and_white_and_bends_what_lies_between() -> None:
    torch.testing.assert_close(tone("gamma", 1.0), RAMP**2)
    torch.testing.assert_close(tone("gamma", -1.0), RAMP**0.5)


def test_blur_smooths_and_leaves_an_even_image_alone() -> None:
    assert tone("blur", 1.5, NOISE).std() < 0.3 * NOISE.std()
    even = torch.full((1, HEIGHT, WIDTH), 0.6)
    torch.testing.assert_close(tone("blur", 1.5, even), even, atol=1e-4, rtol=0)


def test_blur_has_the_width_that_it_is_given() -> None:
    spot = torch.zeros(1, HEIGHT, WIDTH)
    spot[0, 20, 15] = 1
    spread = (tone("blur", 1.5, spot)[0].sum(1) * (torch.arange(HEIGHT) - 20) ** 2).sum()
    assert math.sqrt(float(spread)) == pytest.approx(1.5, rel=0.1)


def test_sharpening_strengthens_edges() -> None:
    edge = torch.zeros(1, HEIGHT, WIDTH)
    edge[..., 15:] = 0.5
    found = tone("sharpen", 1.0, edge)
    assert found.max() > 0.55
    assert found.min() < -0.05
    torch.testing.assert_close(found[..., 0], edge[..., 0], atol=1e-4, rtol=0)


def test_noise_has_its_deviation_and_is_repeated_by_its_seed() -> None:
    added = tone("noise", 0.05) - RAMP
    assert float(added.std()) == pytest.approx(0.05, rel=0.1)
    assert torch.equal(tone("noise", 0.05), tone("noise", 0.05))
    other = TONES["noise"].apply(RAMP, Draw("noise", 0.05, seed=4))
    assert not torch.equal(other, tone("noise", 0.05))


def test_solarising_inverts_the_bright() -> None:
    expected = torch.where(RAMP > 0.75, 1 - RAMP, RAMP)
    torch.testing.assert_close(tone("solarise", 0.25), expected)


@pytest.mark.parametrize(("lost", "levels"), [(4.0, 16), (7.0, 2)])
def test_posterising_leaves_few_levels(lost: float, levels: int) -> None:
    found = tone("posterise", lost)
    assert len(found.unique()) == levels
    assert (found - RAMP).abs().max() <= 0.5 / (levels - 1) + 1e-6


def test_equalising_makes_all_values_alike_frequent() -> None:
    dark = RAMP**2
    found = np.histogram(tone("equalise", 0, dark).numpy(), bins=4, range=(0, 1))[0]
    before = np.histogram(dark.numpy(), bins=4, range=(0, 1))[0]
    assert np.ptp(found) < 0.3 * np.ptp(before)


@pytest.mark.parametrize("name", ["solarise", "posterise", "equalise"])
@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_what_has_nothing_to_change_stays(name: str, value: float) -> None:
    even = torch.full((1, 8, 8), value)
    assert torch.equal(tone(name, 0.0, even), even)


def test_the_names_on_request_are_operations() -> None:
    assert set(ON_REQUEST) < set(OPERATIONS)
    assert not set(MOVES) & set(TONES)
