"""The real MLflow UI shows what one compares runs by: the list, a run, two runs, a picture."""

from __future__ import annotations

import contextlib
import json
import os
import time
from itertools import dropwhile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pipelines.bundles import bundle_root
from pipelines.training.run_list_view import view_path
from tests.browser import HEIGHT, WIDTH, Browser, browser, chromium
from tests.mlflow_server.conftest import Server

pytestmark = pytest.mark.slow
BUNDLE = "breast_us_segmentation"
SMALL = {"image_size": 32, "batch_size": 8, "num_workers": 0, "epochs": 2, "device": "cpu"}
WIDE = 4000  # room for all columns of the list
SCREENS = os.environ.get("MED2D_SCREENS")
"""Folder in which the pictures of the pages are kept, for a person to look at."""


class Trained(NamedTuple):
    """Two runs of a bundle on a server.

    Attributes:
        experiment: id of their experiment.
        runs: their ids.
        server: that holds them.
    """

    experiment: str
    runs: list[str]
    server: Server


@pytest.fixture(scope="module")
def trained(
    running_server: Server, busi_dataset: Path, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    """Two tiny trainings, whose learning rates differ."""
    chromium()
    from monai.bundle import run

    work = tmp_path_factory.mktemp("ui")
    config = str(bundle_root(BUNDLE) / "configs" / "train.json")
    ids = []
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(work):
        patch.setenv("MLFLOW_TRACKING_URI", running_server.uri)
        patch.setenv("NO_PROXY", "127.0.0.1")
        for name, rate in (("slower", 0.001), ("faster", 0.004)):
            given = {**SMALL, "dataset_dir": str(busi_dataset), "output_dir": name}
            given |= {"learning_rate": rate, "network_def#channels": [4, 4, 8, 8, 16]}
            run(config_file=config, **given)
            ids.append(json.loads((work / name / "mlflow.json").read_text())["run_id"])
    experiment = running_server.client.get_experiment_by_name(BUNDLE).experiment_id
    return Trained(experiment, ids, running_server)


@pytest.fixture(scope="module")
def page(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A browser."""
    with browser(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def keep(page: Browser, name: str, folder: Path) -> None:
    """Keeps a picture of the page, which is more than an empty one."""
    place = Path(SCREENS) if SCREENS else folder
    page.picture(place / f"{name}.png")
    assert (place / f"{name}.png").stat().st_size > 20_000


def headings(page: Browser) -> list[str]:
    """The columns of the list of runs, from left to right."""
    found = page.evaluate(
        "[...document.querySelectorAll('.ag-header-cell')]"
        ".map(e => [e.getBoundingClientRect().x, e.innerText.trim()])"
    )
    return [name for _, name in sorted(found) if name]


def test_the_list_of_runs_shows_what_tells_them_apart(
    trained: Trained, page: Browser, tmp_path: Path
) -> None:
    address = trained.server.uri + view_path(trained.experiment)
    page.resize(WIDE, HEIGHT)
    shown = page.open(address, "slower", "faster", "variant", "backbone", "learning_rate")
    for _ in range(60):  # it puts them in order after they are there
        if headings(page)[2:5] == ["variant", "backbone", "network"]:
            break
        time.sleep(0.5)
    keep(page, "list", tmp_path)
    order = headings(page)
    page.resize(WIDTH, HEIGHT)
    assert order[:2] == ["Run Name", "Created"]
    assert order[2:7] == ["variant", "backbone", "network", "weights", "image_size"]
    assert "UNet" in shown and "0.004" in shown and "0.001" in shown
    for name in ("score/dice", "dataset fold"):
        assert name in shown


def test_a_run_shows_its_data_and_first_what_tells_it_apart(
    trained: Trained, page: Browser, tmp_path: Path
) -> None:
    address = f"{trained.server.uri}/#/experiments/{trained.experiment}/runs/{trained.runs[0]}"
    shown = page.open(address, "slower", "Finished", "dataset fold", "Parameters (")
    keep(page, "run", tmp_path)
    parameters = shown[shown.index("Parameters (") :]
    assert "backbone" in parameters
    assert parameters.index("backbone") < parameters.index("with.")


def test_two_runs_compared_differ_by_the_learning_rate(
    trained: Trained, page: Browser, tmp_path: Path
) -> None:
    runs = ",".join(f'"{run}"' for run in trained.runs)
    address = f"{trained.server.uri}/#/compare-runs?runs=[{runs}]"
    shown = page.open(
        f'{address}&experiments=["{trained.experiment}"]', "Comparing 2 Runs", "learning_rate\t"
    )
    keep(page, "compared", tmp_path)
    assert "learning_rate\t0.001\t0.004" in shown
    lines = shown[shown.rindex("Metrics\n") :].splitlines()
    values = list(dropwhile(lambda line: not line[:1].isdigit(), lines))
    place = 2 * (lines.index("score/dice") - lines.index("learning_rate"))  # the names come first
    for run, text in zip(trained.runs, values[place : place + 2], strict=True):
        dice = trained.server.client.get_run(run).data.metrics["score/dice"]
        assert float(text) == pytest.approx(dice, abs=0.001)
    rows = shown[shown.index("Show diff only") :]
    assert rows.index("backbone\t") < rows.index("learning_rate\t") < rows.index("with.")


def test_the_pictures_of_the_validation_are_shown_by_step(
    trained: Trained, page: Browser, tmp_path: Path
) -> None:
    address = f"{trained.server.uri}/#/experiments/{trained.experiment}/runs/{trained.runs[0]}"
    page.open(f"{address}/model-metrics", "pictures/1", "pictures/4", "variant=unet")
    shown = "[...document.images].filter(i => i.src.includes('pictures~') && i.naturalWidth > 20)"
    for _ in range(240):
        if page.evaluate(f"{shown}.length") >= 4:
            break
        time.sleep(0.5)
    assert page.evaluate(f"{shown}.length") >= 4
    keep(page, "pictures", tmp_path)


def test_a_table_of_scores_is_shown(trained: Trained, page: Browser, tmp_path: Path) -> None:
    address = f"{trained.server.uri}/#/experiments/{trained.experiment}/runs/{trained.runs[0]}"
    shown = page.open(f"{address}/artifacts/tables/scores.json", "lesion_recall", "score", "high")
    keep(page, "table", tmp_path)
    assert "false_positive_rate" in shown
