"""A layout whose scan a test gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.convert import Conversion, Options, convert
from pipelines.datasets.layouts.sample import Facts, Problem, Request, Sample, Scan
from pipelines.datasets.sources.source import Picture

Texture = Callable[..., NDArray[np.uint8]]
NAMES = ("a", "b")


@dataclass(frozen=True)
class Given:
    """A picture that a test gives."""

    pixels: NDArray[Any]
    spacing: tuple[float, float] | None = None
    clear: NDArray[np.bool_] | None = None

    def __repr__(self) -> str:
        return f"Given({self.pixels.sum()}, {self.spacing})"

    def read(self, name: str) -> Picture:
        return Picture(self.pixels, (), self.spacing, self.clear)


@dataclass(frozen=True)
class GivenMask:
    """A mask that a test gives."""

    pixels: NDArray[np.uint8]

    def read(self, name: str) -> NDArray[np.uint8]:
        return self.pixels


@dataclass(frozen=True)
class Broken:
    """What cannot be read."""

    error: Exception

    def read(self, name: str) -> Picture:
        raise self.error


class Made:
    """A layout whose scan a test gives."""

    def __init__(self, folder: Path, texture: Texture) -> None:
        self.raw, self.out = folder / "raw", folder / "out"
        self.raw.mkdir()
        self.texture = texture
        self.facts = Facts("made", "OT", NAMES)
        self.samples = [self.sample(number) for number in range(12)]
        self.problems: list[Problem] = []
        self.asked: list[Request] = []
        self.said: list[str] = []

    def sample(self, number: int, **more: Any) -> Sample:
        image = Given(self.texture(number))
        return Sample(f"x/{number}.png", image, NAMES[number % 2], **more)

    def change(self, number: int, **more: Any) -> None:
        self.samples[number] = replace(self.samples[number], **more)

    def masked(self) -> None:
        self.facts = replace(self.facts, labels=("background", "lesion"))
        for number in range(len(self.samples)):
            mask = np.zeros((60, 90), np.uint8)
            mask[10:20, 5:50] = 1
            self.change(number, masks=(GivenMask(mask),))

    def scan(self, raw: Path, request: Request) -> Scan:
        self.asked.append(request)
        return Scan(raw, self.facts, list(self.samples), list(self.problems))

    def convert(self, task: str = "classification", **options: Any) -> Conversion:
        given = {"folds": 3, "workers": 1, "task": task, **options}
        return convert(self.raw, self.out, "made", Options(**given), say=self.said.append)


def pixels(path: Path) -> NDArray[Any]:
    with Image.open(path) as image:
        return np.asarray(image)
