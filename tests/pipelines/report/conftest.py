"""Made runs that the tests of a report share. Do not write into them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.report.sources import Sources, read_sources
from tests.pipelines.report import made_run


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `classes`, `lesions`, `maps`, `leaky` (runs), `folds` and `seeds`."""
    folder = tmp_path_factory.mktemp("report")
    pictures = made_run.made_dataset(folder / "data", "classification")
    masks = made_run.made_dataset(folder / "masks", "segmentation")
    made_run.class_run(folder / "classes", pictures)
    made_run.class_run(folder / "leaky", pictures, leaky=1)
    made_run.lesion_run(folder / "lesions", masks)
    made_run.map_run(folder / "maps", masks)
    made_run.crossval(folder / "folds", pictures)
    made_run.crossval(folder / "seeds", pictures, (0, 1))
    return folder


@pytest.fixture(scope="session")
def classes(made: Path) -> Sources:
    return read_sources(made / "classes", "classes")


@pytest.fixture(scope="session")
def lesions(made: Path) -> Sources:
    return read_sources(made / "lesions", "lesions")


@pytest.fixture(scope="session")
def maps(made: Path) -> Sources:
    return read_sources(made / "maps", "maps")


@pytest.fixture(scope="session")
def folds(made: Path) -> Sources:
    return read_sources(made / "folds", "folds")
