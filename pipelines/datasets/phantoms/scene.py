"""Anatomy painted on a fan: shapes filled with tissue, lined with mirror-like echoes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.datasets.phantoms.fan import Fan
from pipelines.datasets.phantoms.fields import smooth_field, strands
from pipelines.datasets.phantoms.grid import Floats, Grid

Place = tuple[float, float]  # (depth, lateral), mm


@dataclass
class Scene:
    """What lies under the probe, or a window of it; all arrays are float32 (H, W).

    Attributes:
        grid: Samples along a beam by beams.
        depth: Of every sample, mm, as the anatomy sees it: bent a little, as nothing is straight.
        lateral: Of every sample, mm, likewise.
        echo: Echogenicity, dB.
        attenuation: dB/cm/MHz.
    """

    grid: Grid
    depth: Floats
    lateral: Floats
    echo: Floats
    attenuation: Floats

    def near(self, frame: Frame, reach: float = 1.2, margin: float = 3.0) -> Scene:
        """Take the window round a frame; what is painted into it is painted here.

        Args:
            frame: What the window must hold.
            reach: How far, as a share of its half extents.
            margin: How much farther, mm.
        """
        radius = reach * float(np.hypot(*frame.half)) + margin
        close = np.abs(self.depth - frame.centre[0]) < radius
        close &= np.abs(self.lateral - frame.centre[1]) < radius
        rows, columns = span(close.any(axis=1)), span(close.any(axis=0))
        window = (rows, columns)
        grid = Grid(rows.stop - rows.start, columns.stop - columns.start, self.grid.spacing)
        arrays = (self.depth, self.lateral, self.echo, self.attenuation)
        return Scene(grid, *(array[window] for array in arrays))

    def field(self, rng: np.random.Generator, depth: float, lateral: float) -> Floats:
        """Draw a random field with correlation lengths in mm, mean 0, deviation 1, (H, W)."""
        return smooth_field(rng, self.grid, depth, lateral)

    def fill(
        self, distance: Floats, echo: Floats | float, attenuation: float, edge: float = 0.5
    ) -> None:
        """Fill a shape with tissue: where `distance` is negative; `edge` is its softness, mm."""
        share = within(distance, edge)
        self.echo += share * (echo - self.echo)
        self.attenuation += share * (np.float32(attenuation) - self.attenuation)

    def line(
        self, distance: Floats, level: Floats | float, width: float, diffuse: float = 0.15
    ) -> None:
        """Line a shape with an echo of `level` dB where it faces the beam, as a mirror does.

        Args:
            distance: To the line, mm, (H, W).
            level: In dB, where it faces the beam.
            width: Gaussian half-width, mm.
            diffuse: The share of the rise over its surroundings that it keeps along the beam.
        """
        scale = np.float32(1 / max(width, 0.6 * self.grid.spacing))
        rise = np.maximum(level - self.echo, 0) * (diffuse + (1 - diffuse) * self.facing(distance))
        self.echo += (rise * np.exp(-((distance * scale) ** 2) / 2)).astype(np.float32)

    def facing(self, distance: Floats) -> Floats:
        """Tell how squarely the lines of equal distance face the beam, 0 to 1, (H, W)."""
        slope = np.diff(distance, axis=0, append=distance[-1:]) / np.float32(self.grid.spacing)
        return np.clip(slope**2, 0, 1)

    def bone(self, distance: Floats, level: Floats | float, attenuation: float) -> None:
        """Put bone where `distance` is negative: bright, most where it faces the beam; a shadow."""
        lit = level - 12.0 * (1 - self.facing(distance))
        self.fill(distance, lit, attenuation, edge=0.3)

    def fibres(
        self, rng: np.random.Generator, lengths: tuple[float, float], level: float, where: Floats
    ) -> None:
        """Add septa or fibres of `level` dB where `where` (0 to 1, (H, W)) is."""
        drawn = strands(self.field(rng, *lengths), 0.35, self.grid.spacing)
        strength = np.clip(0.4 + 0.7 * self.field(rng, 6.0, 10.0), 0.0, 1.5)
        self.echo += np.float32(level) * drawn * strength * where


@dataclass(frozen=True)
class Frame:
    """A body part's own axes, which is an ellipse too.

    Attributes:
        centre: (depth, lateral), mm.
        half: Half its extent along and across its axis, mm.
        turn: Of its axis against the lateral direction, rad; positive leans it downwards.
        waves: Of its outline: order, amplitude as a share of the radius, phase (rad).
    """

    centre: Place
    half: tuple[float, float]
    turn: float = 0.0
    waves: tuple[tuple[float, float, float], ...] = ()

    def at(self, along: float, across: float) -> Place:
        """Find a place given in shares of the half extents, mm."""
        u, v = along * self.half[0], across * self.half[1]
        cos, sin = float(np.cos(self.turn)), float(np.sin(self.turn))
        return self.centre[0] + u * sin + v * cos, self.centre[1] + u * cos - v * sin

    def part(
        self, along: float, across: float, half: tuple[float, float], turn: float = 0.0
    ) -> Frame:
        """Make a part of this one: place and half extents in shares of `half`, turn added."""
        extent = (half[0] * self.half[0], half[1] * self.half[1])
        return Frame(self.at(along, across), extent, self.turn + turn)

    def local(self, scene: Scene) -> tuple[Floats, Floats]:
        """Take every sample's place along and across the axis, mm, (H, W) each."""
        z, x = scene.depth - np.float32(self.centre[0]), scene.lateral - np.float32(self.centre[1])
        cos, sin = np.float32(np.cos(self.turn)), np.float32(np.sin(self.turn))
        return x * cos + z * sin, z * cos - x * sin

    def distance(self, scene: Scene) -> Floats:
        """Signed distance to the outline, mm, (H, W): negative inside; to first order."""
        u, v = self.local(scene)
        a, b = (np.float32(half) for half in self.half)
        u, v = u / a, v / b
        radius = np.sqrt(u**2 + v**2)
        slope = np.sqrt((u / a) ** 2 + (v / b) ** 2) + np.float32(1e-6)
        if not self.waves:
            return (radius - 1) * radius / slope
        angle, outline = np.arctan2(v, u), np.ones_like(u)
        for order, size, phase in self.waves:
            outline = outline + np.float32(size) * np.cos(order * angle + np.float32(phase))
        return (radius - outline) * radius / slope

    def bar(self, scene: Scene, bend: float = 0.0, flare: float = 0.0) -> Floats:
        """Signed distance to a bar with round ends, mm, (H, W).

        Args:
            scene: Where.
            bend: How far the middle lies above the ends, mm.
            flare: How much thicker the ends are than the middle, as a share.
        """
        u, v = self.local(scene)
        half = np.float32(self.half[0])
        share = np.clip(np.abs(u) / half, 0, 1.5) ** 2
        v = v + np.float32(bend) * (1 - share)
        thickness = np.float32(self.half[1]) * (1 + np.float32(flare) * share**2)
        return np.sqrt(np.maximum(np.abs(u) - half, 0) ** 2 + v**2) - thickness


def within(distance: Floats, edge: float = 0.6) -> Floats:
    """Tell how much of a sample lies in a shape, 0 to 1, (H, W); `edge` is its softness, mm."""
    return 1 / (1 + np.exp(np.clip(distance * np.float32(1 / edge), -20, 20)))


def span(found: np.ndarray) -> slice:
    """Find the slice that holds every true value of a line, (n,); one element where none is."""
    places = np.flatnonzero(found)
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(0, 1)


def empty_scene(rng: np.random.Generator, fan: Fan, echo: float, attenuation: float) -> Scene:
    """Make a scene of one tissue, whose places are bent by a millimetre or two."""
    shape = (fan.grid.height, fan.grid.width)
    depth, lateral = (
        place + np.float32(1.6) * smooth_field(rng, fan.grid, 24.0, 24.0)
        + np.float32(0.25) * smooth_field(rng, fan.grid, 3.5, 5.0)
        for place in fan.place
    )  # fmt: skip
    levels = (np.full(shape, level, np.float32) for level in (echo, attenuation))
    return Scene(fan.grid, depth, lateral, *levels)
