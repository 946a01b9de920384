"""What surrounds a fetus: the mother's abdominal wall, placenta, amniotic fluid, the far wall.

Echo levels are in dB relative to placenta.
"""

from __future__ import annotations

import numpy as np

from pipelines.datasets.phantoms.fan import Fan
from pipelines.datasets.phantoms.fields import wavy_line
from pipelines.datasets.phantoms.scene import Scene, empty_scene, within

FLUID, FLUID_LOSS = -52.0, 0.05
TISSUE_LOSS = 0.55  # dB/cm/MHz


def womb(rng: np.random.Generator, fan: Fan, target: float) -> Scene:
    """Draw a womb without a fetus.

    Args:
        rng: Decides everything.
        fan: Where.
        target: Depth of the middle of what will be put into it, mm.
    """
    scene = empty_scene(rng, fan, 0.0, TISSUE_LOSS)
    scene.echo += 2.5 * scene.field(rng, 3.0, 5.0) + 3.0 * scene.field(rng, 9.0, 16.0)
    depth = fan.grid.depth + 0 * scene.echo
    near = target * rng.uniform(0.15, 0.5) + wavy_line(rng, fan.grid, 2.5, 22.0)
    far = target * rng.uniform(1.3, 1.8) + wavy_line(rng, fan.grid, 4.0, 25.0)
    fluid_pools(rng, scene, np.maximum(near - depth, depth - far))
    wall = within(depth - near)
    scene.echo -= rng.uniform(0.0, 8.0) * wall
    scene.fibres(rng, (1.4, 26.0), 15.0, wall)
    scene.line(near - depth, rng.uniform(0.0, 10.0), 0.8)
    scene.line(far - depth, rng.uniform(2.0, 12.0), 1.0)
    scene.fibres(rng, (2.5, 14.0), 10.0, within(far - depth))
    ringing = 9.0 * np.cos(2 * np.pi * depth / 2.1) * np.exp(-depth / 3.0)
    scene.echo += ringing.astype(np.float32)
    gas_shadows(rng, scene)
    return scene


def fluid_pools(rng: np.random.Generator, scene: Scene, cavity: np.ndarray) -> None:
    """Fill a part of the cavity (negative there, mm) with fluid; placenta and wall remain."""
    pools = 14.0 * (scene.field(rng, 18.0, 22.0) - rng.uniform(-1.2, 0.8))
    pools += 2.0 * scene.field(rng, 3.0, 5.0)
    fluid = np.maximum(cavity, pools)
    haze = FLUID + 6.0 * scene.field(rng, 8.0, 14.0)
    haze += rng.uniform(0.0, 22.0) * np.exp(np.clip(cavity, -40, 0) / 6.0)  # reverberation
    scene.fill(fluid, haze, FLUID_LOSS, edge=rng.uniform(0.6, 2.0))
    scene.line(fluid, rng.uniform(2.0, 8.0), 0.5)


def gas_shadows(rng: np.random.Generator, scene: Scene) -> None:
    """Let some beams lose much at the skin: gas, scars, a probe that does not touch."""
    beam = np.arange(scene.grid.width, dtype=np.float32) / scene.grid.width
    for _ in range(int(rng.integers(0, 3))):
        place, half = rng.choice([rng.uniform(0, 0.2), rng.uniform()]), rng.uniform(0.01, 0.07)
        loss = rng.uniform(1.0, 6.0) * np.exp(-(((beam - place) / half) ** 2) / 2)
        rows = round(8.0 / scene.grid.spacing)
        scene.attenuation[:rows] += loss.astype(np.float32)
