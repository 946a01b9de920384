from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.phantoms.grid import Grid
from pipelines.datasets.phantoms.scanner import (
    Acquisition,
    beam_widths,
    grey_image,
    log_compress,
    path_loss,
    speckle,
    usual_loss,
)

GRID = Grid(height=100, width=80, spacing=0.2)
ACQUISITION = Acquisition(
    depth=20.0,
    frequency=8.0,
    focus=10.0,
    f_number=2.0,
    compensation=1.0,
    noise=-90.0,
    looks=4,
    dynamic_range=60.0,
    gain=0.0,
    gamma=1.0,
    coupling=1.0,
)


@pytest.mark.parametrize("widths", [(2.0, 2.0), (1.0, 4.0)])
def test_homogeneous_speckle_is_rayleigh(widths: tuple[float, float]) -> None:
    lateral = np.linspace(widths[0], widths[1], 400)[:, None]
    signal = speckle(np.random.default_rng(0), np.full((400, 400), 3.0, np.float32), 1.0, lateral)
    envelope = np.abs(signal)
    assert envelope.mean() / envelope.std() == pytest.approx(1.91, abs=0.04)
    assert np.mean(envelope**2) == pytest.approx(3.0**2, rel=0.05)


def test_speckle_is_wider_where_the_beam_is() -> None:
    lateral = np.repeat([1.0, 4.0], 150)[:, None]
    signal = speckle(np.random.default_rng(1), np.ones((300, 300), np.float32), 1.0, lateral)
    shifted = np.abs(np.mean(signal[:, 4:] * signal[:, :-4].conj(), axis=1))
    assert shifted[150:].mean() > 3 * shifted[:150].mean()


def test_path_loss_is_the_way_there_and_back() -> None:
    loss = path_loss(np.full((100, 80), 0.5, np.float32), GRID, ACQUISITION)
    assert loss[-1] == pytest.approx(2 * 8.0 * 0.5 * 2.0, rel=1e-3)


def test_the_beam_is_narrowest_at_the_focus() -> None:
    widths = beam_widths(GRID, ACQUISITION)[:, 0]
    assert GRID.depth[widths.argmin(), 0] == pytest.approx(10.0, abs=0.2)
    assert widths.min() == pytest.approx(1.54 / 8.0 * 2.0 / 2.355, rel=1e-3)


def test_a_decade_less_is_twenty_decibels_darker() -> None:
    envelope = np.ones((10, 10))
    envelope[0, 0] = 0.1
    grey = log_compress(envelope, ACQUISITION)
    assert grey[1, 1] == 255 and grey[0, 0] == round(255 * (1 - 20 / 60))


def test_compensation_lifts_the_depth_and_an_absorber_casts_a_shadow() -> None:
    echo, plain = np.zeros((100, 80), np.float32), np.full((100, 80), 0.7, np.float32)
    absorbing = plain.copy()
    absorbing[20:40, 30:50] = 3.0
    usual = usual_loss(plain, GRID, ACQUISITION)
    images = (
        grey_image(np.random.default_rng(0), echo, attenuation, usual, GRID, ACQUISITION)
        for attenuation in (plain, absorbing)
    )
    even, shaded = (image.astype(float) for image in images)
    assert even[-20:].mean() == pytest.approx(even[20:40].mean(), rel=0.1)
    behind, beside = shaded[50:, 35:45].mean(), shaded[50:, :20].mean()
    more = 2 * 8.0 * 0.4 * (3.0 - 0.7)  # dB: there and back through 0.4 cm of it
    assert beside - behind == pytest.approx(255 * more / 60, rel=0.1)
