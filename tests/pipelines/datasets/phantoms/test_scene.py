"""Anatomy painted on a fan: frames, windows, tissue, lines and bone."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.phantoms.fan import make_fan
from pipelines.datasets.phantoms.grid import Grid
from pipelines.datasets.phantoms.scene import Frame, Scene, empty_scene, span, within


def plain(height: int = 100, width: int = 120) -> Scene:
    grid = Grid(height, width, 0.5)
    zeros = np.zeros((height, width), np.float32)
    return Scene(grid, grid.depth + zeros, grid.lateral + zeros, zeros.copy(), zeros.copy())


def test_a_part_lies_in_the_frame_of_the_whole() -> None:
    whole = Frame((20.0, 30.0), (10.0, 4.0), turn=np.pi / 2)
    part = whole.part(1.0, 0.5, (0.2, 0.5), 0.1)
    assert part.centre == pytest.approx((30.0, 28.0))
    assert part.half == pytest.approx((2.0, 2.0)) and part.turn == pytest.approx(np.pi / 2 + 0.1)


def test_the_distance_is_that_to_the_ellipse() -> None:
    scene = plain()
    distance = Frame((25.0, 30.0), (15.0, 15.0)).distance(scene)
    wanted = np.hypot(scene.depth - 25, scene.lateral - 30) - 15
    assert np.abs(distance - wanted).max() < 0.01
    waved = Frame((25.0, 30.0), (15.0, 15.0), 0.0, ((3.0, 0.2, 0.0),)).distance(scene)
    assert np.mean((waved < 0) != (distance < 0)) > 0.02


def test_a_bar_is_round_at_its_ends_and_may_bend_and_flare() -> None:
    scene = plain()
    bar = Frame((25.0, 30.0), (20.0, 2.0))
    straight, bent = bar.bar(scene), bar.bar(scene, bend=5.0)
    assert straight[50, 60] == pytest.approx(-2, abs=0.4) and straight[50, 110] > 3
    assert bent[50, 60] > 2 and bent[40, 60] < 0
    assert bar.bar(scene, flare=1.0)[50, 98] < straight[50, 98]


def test_what_is_painted_into_a_window_is_painted_into_the_whole() -> None:
    scene = plain()
    frame = Frame((25.0, 30.0), (5.0, 5.0))
    spot = scene.near(frame)
    assert spot.echo.size < scene.echo.size / 2
    spot.fill(frame.distance(spot), -40.0, 3.0)
    assert scene.echo[50, 60] == pytest.approx(-40, abs=0.1)
    assert scene.attenuation[50, 60] == pytest.approx(3, abs=0.01)
    assert scene.echo[0, 0] == 0


def test_a_window_beside_the_scene_is_small_and_harmless() -> None:
    spot = plain().near(Frame((900.0, 900.0), (5.0, 5.0)))
    assert spot.echo.shape == (1, 1)
    assert span(np.zeros(4, bool)) == slice(0, 1) and span(np.array([0, 1, 0, 1])) == slice(1, 4)


def test_a_line_is_bright_where_it_faces_the_beam() -> None:
    scene = plain()
    scene.line(scene.depth - 10, 20.0, 0.5)
    assert scene.echo[:, 60].argmax() == pytest.approx(20, abs=1)
    assert scene.echo.max() > 15
    scene = plain()
    scene.line(scene.lateral - 10, 20.0, 0.5)
    assert scene.echo.max() < 5


def test_bone_is_bright_and_absorbs() -> None:
    scene = plain()
    frame = Frame((25.0, 30.0), (20.0, 2.0))
    scene.bone(frame.bar(scene), 20.0, 8.0)
    assert scene.echo[48, 60] > 15
    assert scene.attenuation[50, 60] > 7 and scene.attenuation[70, 60] < 0.1


def test_fibres_lie_where_they_may() -> None:
    scene = plain()
    where = within(scene.depth - 25)
    scene.fibres(np.random.default_rng(0), (2.0, 8.0), 10.0, where)
    assert scene.echo[:40].max() > 5 and scene.echo[60:].max() < 0.01


def test_an_empty_scene_is_bent_by_millimetres() -> None:
    fan = make_fan(50.0, 0.6, 100.0, 50.0, 100)
    scene = empty_scene(np.random.default_rng(0), fan, -3.0, 0.5)
    moved = scene.depth - fan.place[0]
    assert 0.3 < moved.std() < 4
    assert np.all(scene.echo == -3) and np.all(scene.attenuation == 0.5)
