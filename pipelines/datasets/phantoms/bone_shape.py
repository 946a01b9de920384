"""The shape of one bone: a tube of compact bone, wider and thinner-walled towards its ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.datasets.phantoms.film import Film, Point
from pipelines.datasets.phantoms.grid import Floats


@dataclass(frozen=True)
class Bone:
    """A bone.

    Attributes:
        name: For choosing one.
        start: One end, (along the limb, across it), mm.
        end: The other.
        radius: Of the shaft, mm.
        flares: How much wider the two ends are, as ratios.
        cortex: Thickness of the shaft's wall as a share of its radius.
        bend: How far the middle lies off the straight line, mm.
        power: Of the ends' superellipse: 2 is round, more is squarer.
    """

    name: str
    start: Point
    end: Point
    radius: float
    flares: tuple[float, float] = (1.5, 1.5)
    cortex: float = 0.42
    bend: float = 0.0
    power: float = 3.0

    @property
    def half(self) -> float:
        """Half the length, mm."""
        return float(np.hypot(self.end[0] - self.start[0], self.end[1] - self.start[1])) / 2

    @property
    def widest(self) -> float:
        """The largest radius, mm."""
        return self.radius * max(1.0, *self.flares)

    def axes(self) -> tuple[Point, Point]:
        """Give the middle and the axis's direction."""
        middle = ((self.start[0] + self.end[0]) / 2, (self.start[1] + self.end[1]) / 2)
        along = (self.end[0] - self.start[0]) / (2 * self.half)
        return middle, (along, (self.end[1] - self.start[1]) / (2 * self.half))

    def local(self, film: Film) -> tuple[Floats, Floats]:
        """Take every pixel's place along and across the bone, mm, (H, W) each."""
        middle, direction = self.axes()
        a, c = np.float32(direction[0]), np.float32(direction[1])
        y, x = film.along - np.float32(middle[0]), film.across - np.float32(middle[1])
        return y * a + x * c, x * a - y * c

    def outline(self, u: Floats) -> Floats:
        """Give the radius (mm) at places along the bone; 0 beyond its ends."""
        half = np.float32(self.half)
        radius = np.full_like(u, self.radius)
        for side, flare in zip((-1.0, 1.0), self.flares, strict=True):
            reach = max(1.1 * self.radius * max(flare, 1.0), 0.16 * self.half)
            beyond = np.maximum(half - side * u, 0) / np.float32(reach)
            radius += np.float32(self.radius * (flare - 1)) * np.exp(-(beyond**2))
        cap = np.float32(min(0.75 * self.radius * sum(self.flares) / 2, self.half))
        past = np.clip((np.abs(u) - (half - cap)) / cap, 0, 1)
        return radius * (1 - past**self.power) ** (1 / self.power)

    def paths(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """Measure the beam's path through compact and through spongy bone, mm, (H, W) each.

        Args:
            u: Place along the bone, mm, (H, W).
            v: Place across it, mm, (H, W).
        """
        line = np.linspace(-self.half - 2, self.half + 2, 400, dtype=np.float32)
        outer = self.outline(line)
        shaft = np.exp(-((line / np.float32(0.62 * self.half)) ** 4))
        wall = 0.5 + 0.04 * self.radius + shaft * (self.cortex * self.radius - 0.5)
        inner = np.maximum(np.minimum(self.outline(line + 0.9 * np.sign(line)), outer) - wall, 0)
        spongy = 1 - 0.75 * shaft
        v = v - np.float32(self.bend) * (1 - np.clip(u / np.float32(self.half), -1, 1) ** 2)
        whole = chord(np.interp(u, line, outer), v)
        hollow = chord(np.interp(u, line, inner), v)
        return whole - hollow, hollow * np.interp(u, line, spongy).astype(np.float32)


def chord(radius: Floats, across: Floats) -> Floats:
    """Measure a beam's path through a cylinder, mm, (H, W): `across` its axis, mm."""
    square = radius.astype(np.float32) ** 2 - across**2
    return 2 * np.sqrt(np.maximum(square, 0))


def lay_bone(film: Film, bone: Bone) -> None:
    """Lay a whole bone over a film."""
    spot = film.near([bone.start, bone.end], bone.widest + abs(bone.bend) + 3)
    if spot.along.size:
        cortex, marrow = bone.paths(*bone.local(spot))
        spot.cortex += cortex
        spot.marrow += marrow
