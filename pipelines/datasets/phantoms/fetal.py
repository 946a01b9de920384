"""One image of a fetal ultrasound examination."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.phantoms.cervix import draw_cervix, pelvis
from pipelines.datasets.phantoms.fan import Fan, View, make_fan, scan_convert
from pipelines.datasets.phantoms.fetal_head import PLANES, draw_head
from pipelines.datasets.phantoms.fetal_limb import draw_femur
from pipelines.datasets.phantoms.fetal_pieces import draw_pieces
from pipelines.datasets.phantoms.fetal_trunk import draw_abdomen, draw_thorax
from pipelines.datasets.phantoms.grid import Floats, Grid, Range
from pipelines.datasets.phantoms.scanner import (
    Acquisition,
    contact_loss,
    log_compress,
    path_loss,
    scan,
)
from pipelines.datasets.phantoms.scene import Frame, Scene
from pipelines.datasets.phantoms.screen import write_screen
from pipelines.datasets.phantoms.womb import TISSUE_LOSS, womb
from pipelines.errors import InputError

FINEST = 0.2  # mm between samples along a beam; the pulse is longer
INNER_RADIUS = 12.0  # mm; no probe for the vagina is larger, none for the abdomen smaller


class Part(NamedTuple):
    """A plane's subject, as ranges.

    Attributes:
        half: Half its length, mm.
        aspect: Across against along.
        zoom: How much larger it is shown than what just fits: a heart is looked at closely.
    """

    half: Range
    aspect: Range
    zoom: Range = (1.0, 1.0)


PARTS = {
    "Other": Part((28.0, 45.0), (0.6, 1.0)),
    "Fetal abdomen": Part((25.0, 42.0), (0.84, 1.0), (0.8, 1.0)),
    "Fetal brain": Part((30.0, 52.0), (0.72, 0.84)),
    "Maternal cervix": Part((16.0, 22.0), (0.5, 0.6)),
    "Fetal femur": Part((14.0, 32.0), (0.035, 0.055)),
    "Fetal thorax": Part((22.0, 36.0), (0.86, 1.0), (1.15, 1.45)),
}


@dataclass(frozen=True)
class Examination:
    """What the images of one patient share.

    Attributes:
        growth: 0 to 1: where in its range the fetus's size lies.
        machine: "Voluson E6", "Voluson S10", "Aloka" or another.
        radius: Of the abdominal probe, mm; `half_angle` of its fan, rad.
        frequency: MHz.
        gamma: Exponent of the grey map.
    """

    growth: float
    machine: str
    radius: float
    half_angle: float
    frequency: float
    gamma: float


def draw_examination(rng: np.random.Generator, machine: str) -> Examination:
    """Draw a patient and the settings of the scanner."""
    return Examination(
        growth=rng.uniform(),
        machine=machine,
        radius=rng.uniform(40.0, 60.0),
        half_angle=rng.uniform(0.55, 0.68),
        frequency=rng.uniform(3.2, 5.0),
        gamma=rng.uniform(0.9, 1.3),
    )


def fetal_phantom(
    rng: np.random.Generator,
    plane: str,
    brain_plane: str,
    examination: Examination,
    height: int,
    width: int,
) -> NDArray[np.uint8]:
    """Make one image of a plane.

    Args:
        rng: Decides everything that the examination leaves open.
        plane: A key of `PARTS`.
        brain_plane: For "Fetal brain" a key of `fetal_head.PLANES`; else without effect.
        examination: The patient's.
        height: Pixels.
        width: Pixels.

    Returns:
        Grey values, uint8 (H, W); black outside the fan but for the scanner's text.

    Raises:
        InputError: If there is no such plane.
    """
    if plane not in PARTS or (plane == "Fetal brain" and brain_plane not in PLANES):
        msg = (
            f"the fetal plane {plane!r} ({brain_plane}) was asked for; choose one of "
            f"{', '.join(PARTS)}, and for the brain one of {', '.join(PLANES)}"
        )
        raise InputError(msg)
    fan, view, target, acquisition = draw_geometry(rng, plane, examination, Grid(height, width, 1))
    scene = draw_scene(rng, plane, brain_plane, fan, target)
    picture, inside = scan_convert(received(rng, scene, acquisition), fan, view)
    grey = turn_knobs(rng, picture, inside, acquisition)
    lines = 2 if examination.machine == "Aloka" else 9
    bar = 0.1 if examination.machine == "Aloka" else 0.3
    return write_screen(rng, grey, lines, bar)


def draw_geometry(
    rng: np.random.Generator, plane: str, examination: Examination, pixels: Grid
) -> tuple[Fan, View, Frame, Acquisition]:
    """Draw how the probe lies to its target, which fills most of the view.

    Args:
        rng: Decides everything.
        plane: A key of `PARTS`.
        examination: The patient's.
        pixels: Height and width of the picture; its spacing is without effect.
    """
    part, shape = PARTS[plane], pixels.width / pixels.height
    inner = plane == "Maternal cervix" or (plane == "Other" and rng.random() < 0.1)
    along = part.half[0] + examination.growth * (part.half[1] - part.half[0])
    across = along * rng.uniform(*part.aspect)
    tall = max(2 * across / rng.uniform(0.55, 0.98), 2 * along / (rng.uniform(0.5, 0.88) * shape))
    tall /= rng.uniform(*part.zoom)
    top = rng.choice([-0.03, rng.uniform(0.0, 0.35)]) * tall if not inner else -0.05 * tall
    depth = top + tall * rng.uniform(0.9, 1.2)
    middle = top + tall * (rng.uniform(0.45, 0.56) if not inner else rng.uniform(0.36, 0.46))
    acquisition = draw_acquisition(rng, examination, depth, middle)
    radius, half_angle = examination.radius, examination.half_angle
    if inner:
        radius, half_angle = rng.uniform(9.0, INNER_RADIUS), rng.uniform(0.95, 1.25)
        acquisition = replace(acquisition, frequency=rng.uniform(5.5, 7.5))
    spacing = tall / pixels.height
    seen = np.arctan2(0.56 * pixels.width * spacing, radius + max(top, 0.0))
    half_angle = min(half_angle, float(seen))
    step = max(spacing, FINEST)
    fan = make_fan(radius, half_angle, depth, acquisition.focus, round(depth / step))
    left = -pixels.width * spacing * rng.uniform(0.44, 0.56)
    turn = rng.normal(0.0, 0.22) + rng.choice([0.0, np.pi])
    sideways = left + pixels.width * spacing * rng.uniform(0.45, 0.55)
    target = Frame((middle, sideways), (along, across), turn)
    return fan, View(Grid(pixels.height, pixels.width, spacing), top, left), target, acquisition


def draw_acquisition(
    rng: np.random.Generator, examination: Examination, depth: float, focus: float
) -> Acquisition:
    """Draw the scanner's settings for one image; the knobs for grey are turned later."""
    return Acquisition(
        depth=depth,
        frequency=examination.frequency,
        focus=focus,
        f_number=rng.uniform(2.2, 3.4),
        compensation=rng.uniform(0.75, 1.0),
        noise=rng.uniform(-105.0, -90.0),
        looks=int(rng.integers(3, 7)),
        dynamic_range=60.0,
        gain=0.0,
        gamma=examination.gamma,
        coupling=rng.uniform(0.5, 5.0),
    )


def draw_scene(
    rng: np.random.Generator, plane: str, brain_plane: str, fan: Fan, target: Frame
) -> Scene:
    """Draw the anatomy of a plane."""
    if plane == "Maternal cervix":
        return draw_cervix(rng, fan, target.centre[0])
    inner = fan.radius < INNER_RADIUS
    scene = pelvis(rng, fan) if inner else womb(rng, fan, target.centre[0])
    if plane == "Fetal brain":
        draw_head(rng, scene, target, brain_plane)
    elif plane == "Fetal femur":
        draw_femur(rng, scene, target)
    elif plane == "Fetal abdomen":
        draw_abdomen(rng, scene, target, rng.uniform(-np.pi, np.pi))
    elif plane == "Fetal thorax":
        draw_thorax(rng, scene, target, rng.uniform(-np.pi, np.pi))
    else:
        draw_pieces(rng, scene, target)
    return scene


def received(rng: np.random.Generator, scene: Scene, acquisition: Acquisition) -> Floats:
    """Take the envelope of what comes back along the beams, lifted as usual with the depth."""
    grid = scene.grid
    loss = path_loss(scene.attenuation, grid, acquisition) + contact_loss(rng, grid, acquisition)
    usual = 2 * acquisition.frequency * TISSUE_LOSS * grid.depth / 10
    gain = 10 ** (acquisition.compensation * usual / 20)
    return gain * scan(rng, scene.echo, loss, grid, acquisition)


def turn_knobs(
    rng: np.random.Generator, picture: Floats, inside: Floats, acquisition: Acquisition
) -> NDArray[np.uint8]:
    """Turn gain and dynamic range until the picture looks right, as an operator does.

    Right is what two quantiles of the grey values are to be, drawn without regard to the anatomy:
    so the histogram says next to nothing of the plane.

    Args:
        rng: Draws the two grey values.
        picture: Envelope, (H, W).
        inside: Whether a pixel lies in the fan, 0 to 1, (H, W).
        acquisition: Gives the gamma.

    Returns:
        Grey values, uint8 (H, W).
    """
    level = 20 * np.log10(picture + 1e-12)
    low, high = np.quantile(level[inside > 0.5], (0.5, 0.96))
    middle, light = rng.uniform(0.04, 0.16), rng.uniform(0.42, 0.75)
    black, white = (grey ** (1 / acquisition.gamma) for grey in (middle, light))
    spread = float(np.clip((high - low) / (white - black), 35.0, 75.0))
    top = np.percentile(level, 99.5)
    gain = top - (high + (1 - white) * spread)
    knobs = replace(acquisition, dynamic_range=spread, gain=gain)
    return np.round(log_compress(picture, knobs) * inside).astype(np.uint8)
