"""The physics of an ultrasound scanner: echogenicity and attenuation in, grey values out.

Random scatterers of the given echogenicity, dimmed by what the path to them and back absorbs, are
blurred with a point-spread function that widens away from the focus. Electronic noise joins,
time-gain compensation lifts the depth, the envelope is taken, a few looks are compounded, and the
logarithm is shown as grey values.

Sources: speckle statistics, Burckhardt 1978, Speckle in ultrasound B-mode scans, IEEE Trans. Sonics
Ultrason. 25(1):1-6, https://ieeexplore.ieee.org/document/1539054, and Wagner et al. 1983,
doi:10.1109/T-SU.1983.31404.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from pipelines.datasets.phantoms.fields import wavy_line
from pipelines.datasets.phantoms.grid import Floats, Grid


@dataclass(frozen=True)
class Acquisition:
    """The scanner's settings.

    Attributes:
        depth: What the image's height shows, mm.
        frequency: The echo's centre frequency, MHz.
        focus: Depth of the narrowest beam, mm.
        f_number: Focal length over aperture.
        compensation: The share of the mean attenuation that time-gain compensation undoes.
        noise: Electronic noise against gland at the surface, dB.
        looks: Compounded frames.
        dynamic_range: dB from black to white.
        gain: How far the brightest echoes lie above white, dB.
        gamma: Exponent of the grey map.
        coupling: How much the probe's contact with the skin varies along it, dB.
    """

    depth: float
    frequency: float
    focus: float
    f_number: float
    compensation: float
    noise: float
    looks: int
    dynamic_range: float
    gain: float
    gamma: float
    coupling: float


def path_loss(attenuation: Floats, grid: Grid, acquisition: Acquisition) -> Floats:
    """Sum what the echo of each pixel loses on its way there and back: dB, (H, W).

    Args:
        attenuation: dB/cm/MHz, (H, W).
        grid: The image plane.
        acquisition: Gives the frequency and, by the aperture, how sharp the shadows are.
    """
    per_row = 2 * acquisition.frequency * attenuation * (grid.spacing / 10)
    loss = np.cumsum(per_row, axis=0, dtype=np.float32)
    return ndimage.gaussian_filter1d(loss, 0.9 / grid.spacing, axis=1, mode="nearest")


def contact_loss(rng: np.random.Generator, grid: Grid, acquisition: Acquisition) -> Floats:
    """Draw what uneven contact of the probe costs: dB, (H, W), in full from a few mm down."""
    line = np.abs(wavy_line(rng, grid, acquisition.coupling, 5.0))
    return line * (1 - np.exp(-grid.depth / 8.0))


def beam_widths(grid: Grid, acquisition: Acquisition) -> Floats:
    """Lateral deviation of the point-spread function at each depth, mm, (H, 1).

    At the focus its full width at half maximum is wavelength times f-number; away from it a
    Gaussian beam widens as a hyperbola.
    """
    wavelength = 1.54 / acquisition.frequency
    narrowest = wavelength * acquisition.f_number / 2.355
    reach = 16 * wavelength * acquisition.f_number**2
    return narrowest * np.sqrt(1 + ((grid.depth - acquisition.focus) / reach) ** 2)


def speckle(
    rng: np.random.Generator, amplitude: Floats, axial: float, lateral: Floats
) -> NDArray[np.complex64]:
    """Blur random scatterers with the point-spread function: the demodulated echo signal, (H, W).

    Many scatterers per resolution cell make a circular Gaussian signal, whose envelope is
    Rayleigh distributed: mean over deviation is 1.91 where the amplitude is constant. Each row
    has its own lateral width, so it is filtered by its own Gaussian in the Fourier domain. The
    mean square is kept.

    Args:
        rng: Source of the scatterers.
        amplitude: Their local deviation, (H, W), linear, not dB.
        axial: Axial deviation of the point-spread function, pixels.
        lateral: Lateral deviation for each row, pixels, (H, 1).
    """
    margin = min(int(np.ceil(4 * lateral.max())), amplitude.shape[1] - 1)
    wide = np.pad(amplitude, ((0, 0), (margin, margin)), mode="reflect")
    noise = rng.standard_normal((*wide.shape, 2), dtype=np.float32).view(np.complex64)[..., 0]
    pulsed = ndimage.gaussian_filter1d(noise * wide, axial, axis=0, mode="reflect")
    response = np.exp(-2 * (np.pi * fft.fftfreq(wide.shape[1]) * lateral) ** 2).astype(np.float32)
    response /= np.sqrt(np.mean(response**2, axis=1, keepdims=True))
    blurred = fft.ifft(fft.fft(pulsed, axis=1) * response, axis=1)[:, margin:-margin]
    impulse = ndimage.gaussian_filter1d(np.eye(1, 129, 64)[0], axial)
    return (blurred / np.sqrt(2 * np.sum(impulse**2))).astype(np.complex64)


def usual_loss(attenuation: Floats, grid: Grid, acquisition: Acquisition) -> Floats:
    """Take the loss that time-gain compensation expects at each depth, dB, (H, 1).

    Args:
        attenuation: dB/cm/MHz, (H, W), of the tissue without any lesion.
        grid: The image plane.
        acquisition: The scanner's settings.
    """
    return np.median(path_loss(attenuation, grid, acquisition), axis=1, keepdims=True)


def grey_image(
    rng: np.random.Generator,
    echo: Floats,
    attenuation: Floats,
    usual: Floats,
    grid: Grid,
    acquisition: Acquisition,
) -> NDArray[np.uint8]:
    """Scan the plane as it stands and show it, uint8 (H, W).

    Args:
        rng: Source of contact, scatterers and noise.
        echo: Echogenicity, dB, (H, W).
        attenuation: dB/cm/MHz, (H, W).
        usual: What time-gain compensation expects, dB, (H, 1): see `usual_loss`.
        grid: The image plane.
        acquisition: The scanner's settings.
    """
    loss = path_loss(attenuation, grid, acquisition) + contact_loss(rng, grid, acquisition)
    gain = 10 ** (acquisition.compensation * usual / 20)
    envelope = gain * scan(rng, echo, loss, grid, acquisition)
    return log_compress(envelope, acquisition)


def scan(
    rng: np.random.Generator, echo: Floats, loss: Floats, grid: Grid, acquisition: Acquisition
) -> Floats:
    """Take the compounded envelope of what comes back, with electronic noise: linear, (H, W).

    Args:
        rng: Source of scatterers and noise.
        echo: Echogenicity, dB, (H, W).
        loss: Loss on the path there and back, dB, (H, W).
        grid: The image plane.
        acquisition: The scanner's settings.
    """
    amplitude = (10 ** ((echo - loss) / 20)).astype(np.float32)
    axial = max(0.09 * 8 / acquisition.frequency / grid.spacing, 0.5)
    lateral = np.maximum(beam_widths(grid, acquisition) / grid.spacing, 0.6).astype(np.float32)
    floor = 10 ** (acquisition.noise / 20)
    power = np.zeros(echo.shape, np.float32)
    for _ in range(acquisition.looks):
        received = speckle(rng, amplitude, axial, lateral)
        noise = rng.standard_normal((*echo.shape, 2), dtype=np.float32).view(np.complex64)[..., 0]
        power += np.abs(received + floor * noise) ** 2
    return np.sqrt(power / acquisition.looks)


def log_compress(envelope: Floats, acquisition: Acquisition) -> NDArray[np.uint8]:
    """Show an envelope (H, W) as grey values 0..255: its logarithm over the dynamic range."""
    level = 20 * np.log10(envelope + 1e-12)
    white = np.percentile(level, 99.5) - acquisition.gain
    grey = np.clip((level - white) / acquisition.dynamic_range + 1, 0.0, 1.0)
    return np.round(255 * grey**acquisition.gamma).astype(np.uint8)
