"""Breast-ultrasound images made by physics, in the raw BUSI layout, for trials without a download.

An image is made in the order in which a scanner makes it. Anatomy and lesions give two maps,
echogenicity (dB) and attenuation (dB/cm/MHz). Random scatterers of that echogenicity, dimmed by
what the path to them and back absorbs, are blurred with a point-spread function that widens away
from the focus. Electronic noise joins, time-gain compensation lifts the depth, the envelope is
taken, a few looks are compounded, and the logarithm is shown as grey values.

Sources: speckle statistics, Burckhardt 1978, doi:10.1109/T-SU.1978.30978, and Wagner et al. 1983,
doi:10.1109/T-SU.1983.31404; attenuation of tissues, doi:10.3390/diagnostics13050855 (table 4);
what benign and malignant look like, the ACR BI-RADS lexicon for ultrasound (shape, orientation,
margin, echo pattern, posterior features); layout and class shares, Al-Dhabyani et al. 2020,
doi:10.1016/j.dib.2019.104863.

Axes are (depth, lateral) everywhere; lengths are in mm, echo levels in dB relative to gland.
"""

import os
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from scipy import fft, ndimage

from pipelines.errors import InputError

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]
Range = tuple[float, float]

CLASS_SHARES = {"benign": 0.56, "malignant": 0.27, "normal": 0.17}
TWO_LESIONS = 1 / 15  # the share of lesion images that hold a second lesion
PORTRAIT = 0.06  # the share of images that are taller than wide
SMALLEST_SIZE = 64  # pixels; below it no layer is thicker than a pixel
MADE_BY = ("Software", "med2d phantom")  # text in every PNG file: nobody takes it for a patient


@dataclass(frozen=True)
class Tissue:
    """How one tissue answers: echo (dB), attenuation (dB/cm/MHz), slow variation of echo (dB)."""

    echo: float
    attenuation: float
    variation: float


TISSUES = {
    "skin": Tissue(echo=-2.0, attenuation=0.35, variation=1.0),
    "fat": Tissue(echo=-12.0, attenuation=0.63, variation=2.0),
    "gland": Tissue(echo=0.0, attenuation=0.75, variation=4.0),
    "muscle": Tissue(echo=-13.0, attenuation=0.96, variation=2.5),
    "rib": Tissue(echo=-25.0, attenuation=15.0, variation=1.0),
}
SKIN, FAT, GLAND, MUSCLE, RIB = range(len(TISSUES))


@dataclass(frozen=True)
class LesionKind:
    """The ranges from which a lesion of one kind is drawn; lengths in mm, levels in dB.

    Attributes:
        width: Half the lateral extent.
        aspect: Depth extent over lateral extent; above one is "taller than wide".
        lobulation: Amplitude of the outline's smooth waves, as a share of the radius.
        spicules: How many pointed outgrowths; `spike` is their height as a share of the radius.
        echo: Level inside; `variation` is its coarse inner texture.
        attenuation: dB/cm/MHz; above that of gland it casts a shadow, below it enhances.
        margin: Half-width of the transition to the surroundings.
        capsule: Level of a thin rim, brightest where it faces the beam; one darker than its place
            does not show.
        halo: Level added around the lesion.
        calcifications: How many bright specks; below zero is none.
    """

    width: Range
    aspect: Range
    lobulation: Range
    spicules: tuple[int, int]
    spike: Range
    echo: Range
    variation: Range
    attenuation: Range
    margin: Range
    capsule: Range
    halo: Range
    calcifications: tuple[int, int]


LESION_KINDS = {
    "cyst": LesionKind(
        width=(2.5, 9.0), aspect=(0.55, 0.95), lobulation=(0.01, 0.05), spicules=(0, 0),
        spike=(0.0, 0.0), echo=(-48.0, -30.0), variation=(0.5, 2.0), attenuation=(0.1, 0.4),
        margin=(0.1, 0.25), capsule=(-12.0, 4.0), halo=(0.0, 0.0), calcifications=(0, 0),
    ),
    "fibroadenoma": LesionKind(
        width=(4.0, 12.0), aspect=(0.4, 0.75), lobulation=(0.02, 0.08), spicules=(0, 0),
        spike=(0.0, 0.0), echo=(-24.0, -14.0), variation=(1.0, 3.0), attenuation=(0.35, 0.7),
        margin=(0.15, 0.5), capsule=(-12.0, 3.0), halo=(0.0, 0.0), calcifications=(0, 0),
    ),
    "carcinoma": LesionKind(
        width=(5.0, 11.0), aspect=(0.65, 1.35), lobulation=(0.1, 0.2), spicules=(3, 10),
        spike=(0.05, 0.4), echo=(-29.0, -16.0), variation=(2.5, 5.0), attenuation=(0.85, 1.8),
        margin=(0.4, 1.5), capsule=(-99.0, -99.0), halo=(2.0, 8.0), calcifications=(-6, 9),
    ),
}  # fmt: skip
CLASS_LESIONS = {"benign": ("cyst", "fibroadenoma", "fibroadenoma"), "malignant": ("carcinoma",)}


class Phantom(NamedTuple):
    """A made image, uint8 (H, W), and one bool mask (H, W) per lesion; none where normal."""

    image: NDArray[np.uint8]
    masks: list[Mask]


@dataclass(frozen=True)
class Grid:
    """The image plane: pixels and their side in mm."""

    height: int
    width: int
    spacing: float

    @property
    def depth(self) -> Floats:
        """Depth of the pixel rows, mm, (H, 1)."""
        return ((np.arange(self.height, dtype=np.float32) + 0.5) * self.spacing)[:, None]

    @property
    def lateral(self) -> Floats:
        """Lateral place of the pixel columns, mm, (1, W)."""
        return ((np.arange(self.width, dtype=np.float32) + 0.5) * self.spacing)[None, :]


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


@dataclass(frozen=True)
class Anatomy:
    """The layers: mean depth of their lower ends (mm), how they lie, what else is there."""

    skin: float
    fat: float
    gland: float
    tilt: float
    fat_in_gland: float
    shadows: int
    vessels: int
    rib: bool


@dataclass(frozen=True)
class Lesion:
    """One lesion as drawn: see `LesionKind`; the centre is (depth, lateral) in mm."""

    centre: tuple[float, float]
    half: tuple[float, float]
    turn: float
    waves: NDArray[np.float64]
    spikes: NDArray[np.float64]
    echo: float
    variation: float
    attenuation: float
    margin: float
    capsule: float
    halo: float
    calcifications: int


# Random fields and lines


def smooth_field(rng: np.random.Generator, grid: Grid, depth: float, lateral: float) -> Floats:
    """Draw a Gaussian random field with correlation lengths in mm; mean 0, deviation 1, (H, W).

    It is drawn on a coarse grid and enlarged, which costs the same for every length.
    """
    coarse_sigma = 1.5
    ends = (grid.height * grid.spacing / depth, grid.width * grid.spacing / lateral)
    rows, columns = (int(np.ceil(end * coarse_sigma)) + 3 for end in ends)
    noise = rng.standard_normal((rows, columns), dtype=np.float32)
    coarse = ndimage.gaussian_filter(noise, coarse_sigma, mode="wrap")
    coarse *= coarse_sigma * 2 * np.sqrt(np.pi)  # the norm of the Gaussian in two dimensions
    fine = Image.fromarray(coarse).resize((grid.width, grid.height), Image.Resampling.BICUBIC)
    return np.asarray(fine)


def wavy_line(rng: np.random.Generator, grid: Grid, height: float, length: float) -> Floats:
    """Draw an interface's undulation in mm, (1, W): `height` is its deviation, `length` its scale.

    It starts from a line of white noise smoothed over `length`, periodic in the lateral axis.
    """
    sigma = max(length / grid.spacing, 1.0)
    noise = rng.standard_normal(grid.width + int(6 * sigma))
    line = ndimage.gaussian_filter1d(noise, sigma, mode="wrap")[: grid.width]
    return (height * np.sqrt(2 * sigma * np.sqrt(np.pi)) * line)[None, :].astype(np.float32)


def strands(field: Floats, half_width: float, spacing: float) -> Floats:
    """Turn a field's zero crossings into lines of constant width: up to 1, and 0 between them.

    The zero set of a smooth random field is a net of closed curves: septa between lobules when
    the field is round, fibres when it is drawn out. |f| / |grad f| is the distance to it. They
    reflect as mirrors do, so a line fades as it turns towards the beam's own direction.

    Args:
        field: A smooth random field, (H, W).
        half_width: Gaussian half-width of a line, mm.
        spacing: Pixel side, mm.
    """
    down, across = np.gradient(field, spacing)
    slope = np.sqrt(down**2 + across**2) + 0.05
    width = max(half_width, 0.5 * spacing)
    return (down / slope) ** 2 * np.exp(-((field / slope) ** 2) / (2 * width**2))


def bend(field: Floats, shift: Floats, spacing: float) -> Floats:
    """Move each column of a field (H, W) down by `shift` (1, W) mm, so that it follows a layer."""
    moved = np.arange(field.shape[0])[:, None] - np.round(shift / spacing).astype(int)
    return np.take_along_axis(field, moved % field.shape[0], axis=0)


# Parameters, drawn


def draw_acquisition(rng: np.random.Generator) -> Acquisition:
    """Draw the scanner's settings, as they vary between examinations."""
    depth = rng.uniform(32.0, 48.0)
    return Acquisition(
        depth=depth,
        frequency=rng.uniform(6.5, 10.0),
        focus=depth * rng.uniform(0.3, 0.6),
        f_number=rng.uniform(1.6, 2.6),
        compensation=rng.uniform(0.76, 0.97),
        noise=rng.uniform(-92.0, -78.0),
        looks=int(rng.integers(3, 7)),
        dynamic_range=rng.uniform(50.0, 65.0),
        gain=rng.uniform(-6.0, 1.0),
        gamma=rng.uniform(1.2, 2.0),
        coupling=rng.uniform(0.5, 5.0),
    )


def draw_anatomy(rng: np.random.Generator) -> Anatomy:
    """Draw the layers' depths (mm) and the distractors, which every class of image holds."""
    skin = rng.uniform(1.0, 2.2)
    fat = skin + rng.uniform(2.5, 9.0)
    return Anatomy(
        skin=skin,
        fat=fat,
        gland=fat + rng.uniform(11.0, 22.0),
        tilt=rng.uniform(-0.1, 0.1),
        fat_in_gland=rng.uniform(0.6, 1.8),
        shadows=int(rng.integers(0, 4)),
        vessels=int(rng.integers(0, 3)),
        rib=bool(rng.random() < 0.2),
    )


def draw_lesion(
    rng: np.random.Generator, kind: LesionKind, grid: Grid, anatomy: Anatomy, slot: Range
) -> Lesion:
    """Draw one lesion that lies below the skin, in fat or gland, inside a slot of the width (mm).

    A large one may reach the muscle; none is larger than the image allows.
    """
    room = 0.27 * (slot[1] - slot[0])
    across = min(rng.uniform(*kind.width), room)
    bottom = grid.height * grid.spacing
    down = min(across * rng.uniform(*kind.aspect), 0.27 * (bottom - anatomy.skin))
    top = anatomy.skin + 1.5 + 1.2 * down
    return Lesion(
        centre=(
            rng.uniform(top, max(top, min(anatomy.gland - 0.5 * down, bottom - 2 * down))),
            rng.uniform(slot[0] + 1.75 * across, slot[1] - 1.75 * across),
        ),
        half=(down, across),
        turn=rng.normal(0.0, 0.15),
        waves=draw_waves(rng, rng.uniform(*kind.lobulation)),
        spikes=draw_spikes(rng, int(rng.integers(*kind.spicules, endpoint=True)), kind.spike),
        echo=rng.uniform(*kind.echo),
        variation=rng.uniform(*kind.variation),
        attenuation=rng.uniform(*kind.attenuation),
        margin=rng.uniform(*kind.margin),
        capsule=rng.uniform(*kind.capsule),
        halo=rng.uniform(*kind.halo),
        calcifications=max(0, int(rng.integers(*kind.calcifications, endpoint=True))),
    )


def draw_waves(rng: np.random.Generator, amplitude: float) -> NDArray[np.float64]:
    """Draw an outline's Fourier waves, (8, 3): order, amplitude (share of radius), phase (rad)."""
    order = np.arange(2, 10)
    size = amplitude * rng.standard_normal(order.size) * (2 / order) ** 1.5
    return np.stack([order, size, rng.uniform(0, 2 * np.pi, order.size)], axis=1)


def draw_spikes(rng: np.random.Generator, count: int, height: Range) -> NDArray[np.float64]:
    """Draw spicules, (count, 3): angle (rad), height (share of the radius), width (rad)."""
    angle, size = rng.uniform(0, 2 * np.pi, count), rng.uniform(*height, count)
    return np.stack([angle, size, rng.uniform(0.04, 0.3, count)], axis=1)


# Anatomy, made


def tissue_labels(rng: np.random.Generator, grid: Grid, anatomy: Anatomy) -> NDArray[np.intp]:
    """Lay out the tissues, (H, W) indices into `TISSUES`: wavy layers, fat lobules, a rib."""
    slope = anatomy.tilt * (grid.lateral - grid.width * grid.spacing / 2)
    skin = anatomy.skin + wavy_line(rng, grid, 0.1, 6.0)
    fat = np.maximum(anatomy.fat + slope + wavy_line(rng, grid, 0.9, 4.0), skin + 0.8)
    gland = np.maximum(anatomy.gland + 2 * slope + wavy_line(rng, grid, 0.8, 7.0), fat + 4.0)
    layers = [grid.depth < skin, grid.depth < fat, grid.depth < gland]
    labels = np.select(layers, [SKIN, FAT, GLAND], MUSCLE)
    lobules = smooth_field(rng, grid, 1.3, 4.0) + 0.2 * smooth_field(rng, grid, 0.4, 0.8)
    labels[(labels == GLAND) & (lobules > anatomy.fat_in_gland)] = FAT
    labels[(labels == FAT) & (grid.depth > skin + 1.5) & (lobules < -1.7)] = GLAND
    if anatomy.rib:
        labels[rib(rng, grid, float(gland.mean()))] = RIB
    return labels


def rib(rng: np.random.Generator, grid: Grid, muscle_top: float) -> Mask:
    """Place a rib's oval cross-section (H, W) a few mm below the top of the muscle."""
    depth = muscle_top + rng.uniform(4.0, 8.0) + 3.0
    lateral = rng.uniform(0.1, 0.9) * grid.width * grid.spacing
    return ((grid.depth - depth) / 3.0) ** 2 + ((grid.lateral - lateral) / 6.0) ** 2 < 1


def echo_map(rng: np.random.Generator, grid: Grid, labels: NDArray[np.intp], tilt: float) -> Floats:
    """Give each tissue its echo level and texture: dB relative to gland, (H, W)."""
    level = np.array([tissue.echo for tissue in TISSUES.values()], np.float32)[labels]
    variation = np.array([tissue.variation for tissue in TISSUES.values()], np.float32)[labels]
    level = ndimage.gaussian_filter(level, 0.35 / grid.spacing)
    level += variation * smooth_field(rng, grid, 1.2, 3.5)
    level += variation * smooth_field(rng, grid, 0.3, 1.2)
    course = tilt * 2 * grid.lateral + wavy_line(rng, grid, 1.0, 6.0)
    for tissue, texture in (
        (FAT, fibres(rng, grid, course, (1.0, 6.0), 0.14, 20.0)),
        (GLAND, fibres(rng, grid, course, (0.45, 3.0), 0.16, 9.0)),
        (MUSCLE, fibres(rng, grid, course, (0.5, 8.0), 0.13, 17.0)),
    ):
        np.add(level, texture, out=level, where=labels == tissue)
    return level + interfaces(rng, grid, labels)


def fibres(
    rng: np.random.Generator,
    grid: Grid,
    course: Floats,
    lengths: Range,
    half_width: float,
    level: float,
) -> Floats:
    """Draw septa or fibres that follow a layer's course and fade along their way: dB, (H, W)."""
    lines = strands(smooth_field(rng, grid, *lengths), half_width, grid.spacing)
    strength = np.clip(0.5 + 0.6 * smooth_field(rng, grid, 1.5, 4.0), 0.0, 1.4)
    return bend(level * lines * strength, course, grid.spacing)


def interfaces(rng: np.random.Generator, grid: Grid, labels: NDArray[np.intp]) -> Floats:
    """Mirror-like echoes where one tissue lies on the next, and the near field's rings: dB."""
    crossed = np.diff(labels, axis=0, prepend=SKIN) != 0
    step = crossed * np.array([6.0, 6.0, 6.0, 14.0, 38.0], np.float32)[labels]
    thickness = max(0.22 / grid.spacing, 0.6)
    rim = ndimage.gaussian_filter(step, (thickness, 2 * thickness))
    rim *= thickness * 2.5  # a horizontal line keeps its level, whatever the pixel side
    strength = np.clip(1.0 + 0.6 * smooth_field(rng, grid, 2.0, 3.0), 0.0, None)
    ringing = 7.0 * np.cos(2 * np.pi * grid.depth / 0.75) * np.exp(-grid.depth / 0.9)
    return strength * rim + ringing.astype(np.float32)


def attenuation_map(
    rng: np.random.Generator, grid: Grid, labels: NDArray[np.intp], anatomy: Anatomy
) -> Floats:
    """Give each tissue its attenuation, dB/cm/MHz (H, W), and Cooper's ligaments their shadows.

    A ligament that runs along the beam scatters it away; it is entered as a small steep spot of
    high attenuation at the fat's lower end.
    """
    attenuation = np.array([tissue.attenuation for tissue in TISSUES.values()], np.float32)[labels]
    for _ in range(anatomy.shadows):
        lateral = rng.uniform(0.0, grid.width * grid.spacing)
        depth = anatomy.fat + rng.uniform(-2.0, 5.0)
        along, across = rng.uniform(1.5, 3.0), rng.uniform(0.4, 1.6)
        lean = rng.uniform(-0.4, 0.4) * (grid.depth - depth)
        spot = ((grid.depth - depth) / along) ** 2
        spot = spot + ((grid.lateral - lateral - lean) / across) ** 2
        attenuation += rng.uniform(0.6, 2.2) * np.exp(-spot / 2).astype(np.float32)
    return attenuation


def add_vessels(rng: np.random.Generator, grid: Grid, echo: Floats, anatomy: Anatomy) -> Floats:
    """Put small flat vessels or ducts into an echo map (dB): black, as cysts are, but tiny."""
    for _ in range(anatomy.vessels):
        depth = rng.uniform(anatomy.skin + 2.0, anatomy.gland)
        lateral = rng.uniform(0.0, grid.width * grid.spacing)
        along, across = rng.uniform(0.3, 0.7), rng.uniform(0.8, 2.5)
        course = depth + rng.uniform(-0.4, 0.4) * (grid.lateral - lateral)
        inside = ((grid.depth - course) / along) ** 2 + ((grid.lateral - lateral) / across) ** 2
        echo = np.where(inside < 1, np.float32(-24.0), echo)
    return echo


# Lesions, made


def lesion_mask(grid: Grid, lesion: Lesion) -> Mask:
    """Fill a lesion's outline, bool (H, W): an ellipse in polar form with waves and spicules."""
    z, x = grid.depth - lesion.centre[0], grid.lateral - lesion.centre[1]
    cos, sin = np.cos(lesion.turn), np.sin(lesion.turn)
    down, across = (z * cos - x * sin) / lesion.half[0], (z * sin + x * cos) / lesion.half[1]
    radius = np.hypot(down, across)
    near = radius < 2.5  # no outline reaches further
    angle = np.arctan2(down[near], across[near])
    outline = np.ones_like(angle)
    for order, size, phase in lesion.waves:
        outline += size * np.cos(order * angle + phase)
    for place, height, width in lesion.spikes:
        turned = np.abs((angle - place + np.pi) % (2 * np.pi) - np.pi)
        outline += height * np.exp(-turned / width)
    mask = np.zeros(radius.shape, bool)
    mask[near] = radius[near] < np.clip(outline, 0.4, 1.6)
    return mask


def signed_distance(mask: Mask, spacing: float) -> Floats:
    """Distance to a mask's edge in mm, (H, W): negative inside, positive outside."""
    outside = ndimage.distance_transform_edt(~mask) - ndimage.distance_transform_edt(mask)
    return (spacing * outside).astype(np.float32)


def add_lesion(
    rng: np.random.Generator, grid: Grid, echo: Floats, distance: Floats, lesion: Lesion
) -> Floats:
    """Put a lesion into an echo map (dB, (H, W)): halo, body with its texture, capsule, specks."""
    streaks = np.clip(0.6 + 0.5 * smooth_field(rng, grid, 0.8, 1.2), 0.0, 1.5)
    around = lesion.halo * np.exp(-np.maximum(distance, 0.0) / 1.2) * streaks
    body = lesion.echo + lesion.variation * smooth_field(rng, grid, 0.6, 1.2)
    ragged = distance + 0.5 * lesion.margin * smooth_field(rng, grid, 0.4, 0.6)
    inside = 1 / (1 + np.exp(np.clip(ragged / (0.4 * lesion.margin), -30, 30)))
    level = (1 - inside) * (echo + around) + inside * body
    facing = np.abs(np.gradient(distance, grid.spacing, axis=0))
    rim = np.exp(-((distance / max(0.15, 0.7 * grid.spacing)) ** 2) / 2)
    capsule = np.maximum(lesion.capsule - level, 0.0)
    return specks(rng, grid, level + capsule * rim * facing**2, distance, lesion.calcifications)


def specks(
    rng: np.random.Generator, grid: Grid, echo: Floats, distance: Floats, count: int
) -> Floats:
    """Scatter bright points (microcalcifications of about 0.3 mm) inside a lesion: dB, (H, W)."""
    rows, columns = np.nonzero(distance < -1.0)
    if count == 0 or rows.size == 0:
        return echo
    chosen = rng.integers(rows.size, size=count)
    points = np.zeros(echo.shape, np.float32)
    points[rows[chosen], columns[chosen]] = 1.0
    sigma = max(0.15 / grid.spacing, 0.4)
    spots = ndimage.gaussian_filter(points, sigma) * (2 * np.pi * sigma**2)
    return echo + 28.0 * np.minimum(spots, 1.0)


# The scanner


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


# One image


def breast_phantom(rng: np.random.Generator, kind: str, height: int, width: int) -> Phantom:
    """Make one breast-ultrasound image and the masks of its lesions.

    Args:
        rng: Decides everything.
        kind: "benign", "malignant" or "normal".
        height: Pixels.
        width: Pixels.

    Returns:
        The image, uint8 (H, W), and one bool mask (H, W) per lesion: none for "normal", now and
        then two for the others, never overlapping.

    Raises:
        InputError: If the kind is none of the three.
    """
    if kind not in CLASS_SHARES:
        msg = f"a phantom of kind {kind!r} was asked for; choose one of {', '.join(CLASS_SHARES)}"
        raise InputError(msg)
    acquisition, anatomy = draw_acquisition(rng), draw_anatomy(rng)
    grid = Grid(height, width, acquisition.depth / height)
    labels = tissue_labels(rng, grid, anatomy)
    attenuation = attenuation_map(rng, grid, labels, anatomy)
    echo = add_vessels(rng, grid, echo_map(rng, grid, labels, anatomy.tilt), anatomy)
    usual = np.median(path_loss(attenuation, grid, acquisition), axis=1, keepdims=True)
    masks = []
    for lesion in draw_lesions(rng, kind, grid, anatomy):
        masks.append(lesion_mask(grid, lesion))
        distance = signed_distance(masks[-1], grid.spacing)
        echo = add_lesion(rng, grid, echo, distance, lesion)
        attenuation[masks[-1]] = lesion.attenuation
    loss = path_loss(attenuation, grid, acquisition) + contact_loss(rng, grid, acquisition)
    gain = 10 ** (acquisition.compensation * usual / 20)
    envelope = gain * scan(rng, echo, loss, grid, acquisition)
    return Phantom(log_compress(envelope, acquisition), masks)


def draw_lesions(rng: np.random.Generator, kind: str, grid: Grid, anatomy: Anatomy) -> list[Lesion]:
    """Draw the lesions of one image; two share its width, so that they cannot overlap."""
    if kind not in CLASS_LESIONS:
        return []
    count = 2 if rng.random() < TWO_LESIONS else 1
    ends = np.linspace(0.0, grid.width * grid.spacing, count + 1)
    kinds = rng.choice(CLASS_LESIONS[kind], size=count)
    slots = zip(kinds, ends[:-1], ends[1:], strict=True)
    return [
        draw_lesion(rng, LESION_KINDS[name], grid, anatomy, (start, end))
        for name, start, end in slots
    ]


# The folder


class Case(NamedTuple):
    """One image to make: class, number within the class, place in the data set."""

    kind: str
    number: int
    place: int


def cases(count: int) -> Iterator[Case]:
    """Yield the images to make; the first `n` are the same for every count.

    The first three are one of each class; then comes whichever class lags most behind its share.
    """
    made: Counter[str] = Counter()
    for index in range(count):
        lag = {kind: share * (index + 1) - made[kind] for kind, share in CLASS_SHARES.items()}
        kind = list(CLASS_SHARES)[index] if index < len(lag) else max(lag, key=lag.__getitem__)
        made[kind] += 1
        yield Case(kind, made[kind], index)


def draw_shape(rng: np.random.Generator, size: int) -> tuple[int, int]:
    """Draw an image's (height, width): never square, the longest side at most `size`."""
    longest = round(size * rng.uniform(0.84, 1.0))
    shortest = round(longest * rng.uniform(0.7, 0.94))
    return (longest, shortest) if rng.random() < PORTRAIT else (shortest, longest)


def write_case(folder: Path, case: Case, seed: int, size: int) -> None:
    """Make one image from (seed, index) alone and write it with its mask files."""
    rng = np.random.default_rng([seed, case.place])
    height, width = draw_shape(rng, size)
    image, masks = breast_phantom(rng, case.kind, height, width)
    stem = folder / case.kind / f"{case.kind} ({case.number})"
    write_png(stem.with_name(f"{stem.name}.png"), image)
    for number, mask in enumerate(masks or [np.zeros(image.shape, bool)]):
        ending = f"_mask_{number}" if number else "_mask"
        write_png(stem.with_name(f"{stem.name}{ending}.png"), mask.astype(np.uint8) * 255)


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write grey values (H, W) as an 8-bit PNG file that says who made it."""
    text = PngInfo()
    text.add_text(*MADE_BY)
    Image.fromarray(pixels).save(path, pnginfo=text)


def make_busi(
    out: Path,
    count: int = 60,
    seed: int = 0,
    size: int = 500,
    progress: Callable[[int, int], None] | None = None,
    overwrite: bool = False,
    workers: int | None = None,
) -> None:
    """Make a folder of breast-ultrasound images with masks in the raw BUSI layout.

    `out` appears when it is complete, or not at all.

    Args:
        out: Folder to make: `benign/benign (1).png`, `benign/benign (1)_mask.png`, and so on.
        count: Images, at least 1; from 3 on every class is there.
        seed: Not negative. Image i depends on seed, i and size only.
        size: The longest side that an image may have, pixels, at least 64.
        progress: Called with (made so far, count) after each image.
        overwrite: Replace `out` if it holds nothing but what this function made.
        workers: Processes; by default one per usable core. It does not change the result.

    Raises:
        InputError: If a number is out of range, or `out` holds files and may not be replaced.
    """
    check_numbers(count, seed, size)
    out = Path(out).resolve()
    check_folder(out, overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as holder:
        folder = Path(holder) / "new"
        for kind in CLASS_SHARES:
            (folder / kind).mkdir(parents=True)
        # closed before the folder goes, so that no process still writes into it
        with closing(write_all(folder, count, seed, size, workers)) as written:
            for done, _ in enumerate(written, start=1):
                if progress is not None:
                    progress(done, count)
        replace_folder(folder, out, Path(holder) / "old")


def write_all(
    folder: Path, count: int, seed: int, size: int, workers: int | None
) -> Generator[None, None, None]:
    """Make all images, yielding after each; the processes leave Ctrl-C to their parent."""
    workers = min(workers or usable_cores(), count)
    if workers == 1:
        for case in cases(count):
            write_case(folder, case, seed, size)
            yield
        return
    ignore = (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(workers, initializer=signal.signal, initargs=ignore) as pool:
        jobs = [pool.submit(write_case, folder, case, seed, size) for case in cases(count)]
        try:
            for job in jobs:
                yield job.result()
        finally:
            pool.shutdown(cancel_futures=True)


def usable_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_numbers(count: int, seed: int, size: int) -> None:
    """Refuse numbers that no data set can be made of."""
    least = {"count": (count, 1), "seed": (seed, 0), "size": (size, SMALLEST_SIZE)}
    for name, (value, lowest) in least.items():
        if value < lowest:
            msg = f"{name} is {value}; expected {lowest} or more. Give a larger {name}"
            raise InputError(msg)


def check_folder(out: Path, overwrite: bool) -> None:
    """Refuse a folder that holds what would be lost."""
    if out.exists() and not out.is_dir():
        msg = f"{out} is a file; expected a folder that is new or empty. Choose another name"
        raise InputError(msg)
    if not out.exists() or not any(out.iterdir()):
        return
    if not overwrite:
        msg = f"{out} is not empty; choose another folder or pass --overwrite"
        raise InputError(msg)
    for path in out.rglob("*"):
        if not is_made(path, out):
            msg = f"{out} holds {path.relative_to(out)}, which no phantom run made, so it is not "
            msg += "overwritten; choose another folder"
            raise InputError(msg)


def is_made(path: Path, out: Path) -> bool:
    """Tell whether something inside `out` is a class folder, or a PNG file that carries our text.

    The text matters: the real BUSI data lie in folders of the same names.
    """
    if path.is_symlink() or path.relative_to(out).parts[0] not in CLASS_SHARES:
        return False
    if path.is_dir():
        return path.parent == out
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return image.info.get(MADE_BY[0]) == MADE_BY[1]
    except OSError:
        return False


def replace_folder(new: Path, out: Path, old: Path) -> None:
    """Rename `new` to `out`; what was there goes to `old`, and comes back if that fails."""
    if out.exists():
        out.rename(old)
    try:
        new.rename(out)
    except BaseException:
        if old.exists():
            old.rename(out)
        raise
