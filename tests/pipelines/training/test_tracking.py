"""One MLflow run a training, which ends as the training does; MLflow away changes nothing."""

import json
import math
import os
import shutil
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ignite.engine import Events
from mlflow.tracking import MlflowClient

from pipelines.training import termination, tracking
from pipelines.training.tracking import (
    Tracking,
    flat_parameters,
    log_rescored,
    log_tags,
    tracking_uri,
    ui_command,
)

Make = Callable[..., SimpleNamespace]
SCORES = [0.3, math.nan, 0.6]
CONFIG = {
    "imports": ["$import torch"],
    "epochs": 3,
    "learning_rate": 0.01,
    "network_def": {"_target_": "UNet", "channels": [16, 32]},
    "train": {"handlers": [{"_target_": "A", "text": "x" * 900}, {"_target_": "B"}]},
    "many": {f"name{number}": number for number in range(120)},
    "dataset_digest": "d1",
}


@pytest.fixture(scope="session")
def store(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one MLflow store."""
    folder = tmp_path_factory.mktemp("tracking")
    shutil.copy(empty_store, folder)
    return folder


@pytest.fixture
def client(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """A client of the store, which the environment names; the working folder is another."""
    (tmp_path / "work" / "mlruns" / "0").mkdir(parents=True)
    (tmp_path / "work" / "mlruns" / "0" / "meta.yaml").write_text("experiment_id: '0'\n")
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}/mlflow.db")
    return MlflowClient(f"sqlite:///{store}/mlflow.db")


@pytest.fixture(autouse=True)
def _environment_and_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put back what a run sets for the whole process."""
    for name in tracking.CLIENT_SETTINGS:
        monkeypatch.setenv(name, "undone")
        monkeypatch.delenv(name)
    before = signal.getsignal(signal.SIGTERM)
    yield
    after = signal.signal(signal.SIGTERM, before)
    assert after in (before, termination._stop)  # MLflow's own would swallow it


def tracked(parts: SimpleNamespace, resume: Any = False) -> list[Any]:
    (parts.folder / "configs").mkdir(exist_ok=True)
    (parts.folder / "configs" / "metadata.json").write_text('{"version": "0.1.0"}')
    (parts.folder / "config.json").write_text(json.dumps(CONFIG))
    parts.tracking = Tracking(
        parts.folder, "breast", parts.validator, parts.optimizer, resume, {"device": "cpu"}
    )
    return [parts.tracking]


def resumed(parts: SimpleNamespace) -> list[Any]:
    return tracked(parts, resume="true")


def run_of(parts: SimpleNamespace, client: MlflowClient) -> Any:
    record = json.loads((parts.folder / "mlflow.json").read_text())
    assert record["tracking_uri"] == tracking_uri()
    return client.get_run(record["run_id"])


def silently(parts: SimpleNamespace) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="MLflow at")
        parts.trainer.run()


def test_a_run_holds_everything(
    client: MlflowClient, small_training: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = small_training(SCORES, tracked)
    (parts.folder / "curves").mkdir()
    (parts.folder / "curves" / "f1.png").write_bytes(b"picture")
    entry = {"value": 0.5, "low": 0.4, "high": None, "n": 6}
    (parts.folder / "scores.json").write_text(json.dumps({"scores": {"dice": entry}}))
    silently(parts)
    run = run_of(parts, client)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "run"
    assert len(run.data.params) > 120
    assert run.data.params["network_def"] == "UNet"
    assert run.data.params["network_def.channels"] == "[16, 32]"
    assert run.data.params["many.name119"] == "119"
    assert "imports" not in run.data.params
    tags = run.data.tags
    assert (tags["device"], tags["dataset"], tags["version.bundle"]) == ("cpu", "d1", "0.1.0")
    assert "version.torch" in tags
    points = client.get_metric_history(run.info.run_id, "val_f1")
    assert [(point.step, point.value) for point in points] == [(1, 0.3), (3, 0.6)]
    rates = client.get_metric_history(run.info.run_id, "learning_rate")
    assert [point.step for point in rates] == [1, 2, 3]
    metrics = run.data.metrics
    assert (metrics["score_dice"], metrics["score_dice_low"], metrics["score_dice_n"]) == (
        0.5,
        0.4,
        6,
    )
    assert "score_dice_high" not in metrics
    names = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert names == {"config.json", "configs", "curves", "scores.json"}
    assert ui_command() in capsys.readouterr().out


def test_the_temperature_is_a_parameter_and_what_it_changed_are_metrics(
    client: MlflowClient, small_training: Make
) -> None:
    parts = small_training(SCORES, tracked, epochs=1)
    entry = {"value": 0.5, "low": 0.4, "high": None, "n": 6}
    scores = {"scores": {"brier": entry}, "uncalibrated": {"brier": {**entry, "value": 0.75}}}
    (parts.folder / "scores.json").write_text(json.dumps(scores))
    calibration = {"temperature": 1.5, "validation": {"before": {"brier": 0.5}, "after": {}}}
    (parts.folder / "calibration.json").write_text(json.dumps(calibration))
    silently(parts)
    run = run_of(parts, client)
    assert run.data.params["temperature"] == "1.5"
    assert run.data.metrics["calibration_brier_before"] == 0.5
    assert run.data.metrics["score_brier_uncalibrated"] == 0.75
    (parts.folder / "calibration.json").write_text(json.dumps({**calibration, "temperature": 2}))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="MLflow at")
        log_rescored(parts.folder)  # a parameter cannot be changed; the metric can
    run = run_of(parts, client)
    assert (run.data.params["temperature"], run.data.metrics["temperature"]) == ("1.5", 2)


def test_artifacts_lie_beside_the_database(
    client: MlflowClient, store: Path, small_training: Make, tmp_path: Path
) -> None:
    parts = small_training(SCORES, tracked, epochs=1)
    silently(parts)
    assert (store / "mlartifacts" / "breast" / run_of(parts, client).info.run_id).is_dir()
    assert [p.name for p in (tmp_path / "work").iterdir()] == ["mlruns"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("crash"), "FAILED"),
        (KeyboardInterrupt(), "KILLED"),
        (SystemExit(143), "KILLED"),
        (RuntimeError("DataLoader worker (pid 7) is killed by signal: Terminated. "), "KILLED"),
    ],
)
def test_the_end_of_a_run_is_told_and_its_error_raised(
    error: BaseException, status: str, client: MlflowClient, small_training: Make
) -> None:
    parts = small_training(SCORES, tracked)

    def fail(engine: Any) -> None:
        raise error

    parts.trainer.add_event_handler(Events.EPOCH_COMPLETED(once=2), fail)
    with pytest.raises(type(error)) as caught:
        parts.trainer.run()
    assert caught.value is error
    assert run_of(parts, client).info.status == status


@pytest.fixture
def signals() -> Iterator[None]:
    """Signal handlers as a fresh process has them, put back afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGCHLD)}
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
def test_a_terminated_process_tells_it(client: MlflowClient, small_training: Make) -> None:
    parts = small_training(SCORES, tracked)
    parts.trainer.add_event_handler(
        Events.EPOCH_COMPLETED(once=2), lambda _: os.kill(os.getpid(), signal.SIGTERM)
    )
    with pytest.raises(SystemExit) as caught:
        parts.trainer.run()
    assert caught.value.code == 128 + signal.SIGTERM
    assert run_of(parts, client).info.status == "KILLED"


def test_a_resume_goes_on_with_the_same_run(client: MlflowClient, small_training: Make) -> None:
    first = small_training(SCORES, tracked, epochs=1)
    silently(first)
    run_id = run_of(first, client).info.run_id
    later = small_training(SCORES, resumed)
    seen: list[str] = []
    later.trainer.add_event_handler(
        Events.EPOCH_STARTED(once=1), lambda _: seen.append(run_of(later, client).info.status)
    )
    silently(later)
    assert seen == ["RUNNING"]
    assert run_of(later, client).info.run_id == run_id
    assert run_of(later, client).info.status == "FINISHED"


def test_without_resume_a_new_run_begins(client: MlflowClient, small_training: Make) -> None:
    ids = []
    for _ in range(2):
        parts = small_training(SCORES, tracked, epochs=1)
        silently(parts)
        ids.append(run_of(parts, client).info.run_id)
    assert ids[0] != ids[1]


def test_a_new_evaluation_is_logged_to_the_training_s_run(
    client: MlflowClient, small_training: Make, tmp_path: Path
) -> None:
    parts = small_training(SCORES, tracked, epochs=1)
    silently(parts)
    count = len(client.search_runs([run_of(parts, client).info.experiment_id]))
    entry = {"value": 0.9, "low": 0.8, "high": 1.0, "n": 6}
    record = {"scores": {"dice": entry}, "by_class": {"tissue (2)": {"dice": entry}}}
    (parts.folder / "scores.json").write_text(json.dumps(record))
    log_rescored(parts.folder)
    for name in ("score_dice", "score_dice_tissue _2_"):
        assert run_of(parts, client).data.metrics[name] == 0.9
    assert len(client.search_runs([run_of(parts, client).info.experiment_id])) == count
    log_rescored(tmp_path)  # a folder without a record: nothing to log to


def test_a_run_that_has_ended_gets_tags_and_a_file(
    client: MlflowClient, small_training: Make, tmp_path: Path
) -> None:
    parts = small_training(SCORES, tracked, epochs=1)
    silently(parts)
    (parts.folder / "rerun.json").write_text("{}")
    log_tags(parts.folder, {"rerun_of": "runs/a"}, "rerun.json")
    run = run_of(parts, client)
    assert run.data.tags["rerun_of"] == "runs/a"
    assert "rerun.json" in {item.path for item in client.list_artifacts(run.info.run_id)}
    log_tags(tmp_path, {"rerun_of": "runs/a"}, "rerun.json")  # not tracked: nothing to log to
    away = {"tracking_uri": f"sqlite:///{parts.folder}/mlflow.json/x.db", "run_id": "0"}
    (parts.folder / "mlflow.json").write_text(json.dumps(away))
    log_tags(parts.folder, {}, "rerun.json")  # only a warning


def test_another_site_s_results_stand_beside_the_run_s_own(
    client: MlflowClient, small_training: Make
) -> None:
    parts = small_training(SCORES, tracked, epochs=1)
    silently(parts)
    site = parts.folder / "sites" / "clinic (2)"
    (site / "plots").mkdir(parents=True)
    (site / "plots" / "roc.png").write_bytes(b"picture")
    entry = {"value": 0.7, "low": 0.6, "high": None, "n": 9}
    drop = {"scores": {"kappa": {"drop": 0.2, "low": 0.1, "high": 0.3}}}
    record = {"scores": {"kappa": entry}, "drop": drop}
    (site / "scores.json").write_text(json.dumps(record))
    log_rescored(parts.folder, site)
    run = run_of(parts, client)
    found = {k: v for k, v in run.data.metrics.items() if k.startswith("clinic")}
    name = "clinic _2__kappa"
    assert found == {
        name: 0.7,
        f"{name}_low": 0.6,
        f"{name}_n": 9,
        f"{name}_drop": 0.2,
        f"{name}_drop_low": 0.1,
        f"{name}_drop_high": 0.3,
    }
    names = {item.path for item in client.list_artifacts(run.info.run_id, "sites/clinic (2)")}
    assert names == {"sites/clinic (2)/plots", "sites/clinic (2)/scores.json"}


def test_what_has_no_optimiser_has_no_learning_rate(
    client: MlflowClient, small_training: Make
) -> None:
    parts = small_training(SCORES, tracked, epochs=1)
    parts.tracking.optimizer = None
    silently(parts)
    assert "learning_rate" not in run_of(parts, client).data.metrics


def test_a_leaky_split_is_a_tag_of_the_run_and_of_its_evaluation(
    client: MlflowClient, small_training: Make
) -> None:
    parts = small_training(SCORES, tracked, epochs=1)
    silently(parts)
    assert "leaky" not in run_of(parts, client).data.tags
    record = {"leaky": True, "scores": {}}
    (parts.folder / "scores.json").write_text(json.dumps(record))
    log_rescored(parts.folder)
    assert run_of(parts, client).data.tags["leaky"] == "true"
    (parts.folder / "scores.json").unlink()
    (parts.folder / "config.json").write_text(json.dumps({**CONFIG, "leaky": True}))
    again = small_training(SCORES, lambda parts: [], epochs=1)
    handler = Tracking(again.folder, "breast", again.validator, again.optimizer)
    handler.attach(again.trainer)
    silently(again)
    assert run_of(again, client).data.tags["leaky"] == "true"


def unreachable(folder: Path) -> list[str]:
    (folder / "garbage.db").write_bytes(b"no database" * 100)
    (folder / "folder.db").mkdir()
    (folder / "file").write_text("")
    return [
        "http://127.0.0.1:9",
        f"sqlite:///{folder}/garbage.db",
        f"sqlite:///{folder}/folder.db",
        f"sqlite:///{folder}/file/mlflow.db",
        str(folder / "mlruns"),
    ]


@pytest.mark.parametrize("number", range(5))
def test_a_store_that_is_away_costs_one_warning_and_seconds(
    number: int,
    tmp_path: Path,
    small_training: Make,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    uri = unreachable(tmp_path)[number]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    parts = small_training(SCORES, tracked)
    started = time.monotonic()
    parts.trainer.run()
    assert time.monotonic() - started < 20  # of minutes, if MLflow had its way
    told = [r.getMessage() for r in caplog.records if "MLflow at" in r.getMessage()]
    assert len(told) == 1
    assert uri in told[0]
    assert "\n" not in told[0]
    assert parts.trainer.state.epoch == 3
    (parts.folder / "mlflow.json").write_text(json.dumps({"tracking_uri": uri, "run_id": "x"}))
    if "http" not in uri:
        caplog.clear()
        log_rescored(parts.folder)
        assert "holds all results" in caplog.text


def breaking(parts: SimpleNamespace, first: int, last: int) -> None:
    """Let the store be away from the start of epoch ``first`` to that of epoch ``last``."""

    def away(engine: Any) -> None:
        def log_batch(*arguments: Any, **options: Any) -> None:
            raise ConnectionError("gone\naway")

        parts.tracking.client.log_batch = log_batch

    def back(engine: Any) -> None:
        del parts.tracking.client.log_batch

    parts.trainer.add_event_handler(Events.EPOCH_STARTED(once=first), away)
    parts.trainer.add_event_handler(Events.EPOCH_STARTED(once=last), back)


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "MLflow at" in r.getMessage()]


def test_a_store_that_goes_away_costs_one_warning(
    client: MlflowClient, small_training: Make, caplog: pytest.LogCaptureFixture
) -> None:
    parts = small_training(SCORES, tracked)
    breaking(parts, 2, 99)
    parts.trainer.run()
    (told,) = warned(caplog)
    assert "(gone)" in told
    assert parts.trainer.state.epoch == 3


def test_a_store_that_comes_back_gets_what_it_missed(
    client: MlflowClient, small_training: Make, caplog: pytest.LogCaptureFixture
) -> None:
    parts = small_training([0.1, 0.2, 0.3, 0.4, 0.5], tracked)
    breaking(parts, 2, 4)
    parts.trainer.run()
    assert len(warned(caplog)) == 1
    run = run_of(parts, client)
    points = client.get_metric_history(run.info.run_id, "val_f1")
    assert [(p.step, p.value) for p in points] == [(1, 0.1), (2, 0.2), (3, 0.3), (4, 0.4), (5, 0.5)]
    assert run.info.status == "FINISHED"


def test_a_store_that_is_away_at_the_start_gets_one_whole_run(
    client: MlflowClient,
    small_training: Make,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log_parameters, tries = tracking._log_parameters, []

    def second_time(*arguments: Any) -> None:
        tries.append(arguments)
        if len(tries) == 1:
            raise ConnectionError("gone")
        log_parameters(*arguments)

    monkeypatch.setattr(tracking, "_log_parameters", second_time)
    parts = small_training(SCORES, tracked)
    before = client.search_runs([e.experiment_id for e in client.search_experiments()])
    parts.trainer.run()
    after = client.search_runs([e.experiment_id for e in client.search_experiments()])
    run = run_of(parts, client)
    assert len(after) == len(before) + 1
    assert run.info.status == "FINISHED"
    assert run.data.params["network_def"] == "UNet"
    assert "dataset" in run.data.tags
    assert len(warned(caplog)) == 1


def test_a_try_that_took_long_is_not_repeated_at_once(
    client: MlflowClient, small_training: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = small_training([0.1] * 6, tracked)
    tries: list[int] = []

    def slow(engine: Any) -> None:
        def log_batch(*arguments: Any, **options: Any) -> None:
            tries.append(parts.trainer.state.epoch)
            time.sleep(0.2)
            raise ConnectionError

        parts.tracking.client.log_batch = log_batch

    parts.trainer.add_event_handler(Events.EPOCH_STARTED(once=1), slow)
    parts.trainer.run()
    assert tries == [1, 6]  # and once more at the end


def test_epochs_without_a_validation_have_no_validation_score(
    client: MlflowClient, small_training: Make
) -> None:
    def every_second(parts: SimpleNamespace) -> list[Any]:
        def forget(engine: Any) -> None:
            parts.validator.state.epoch = engine.state.epoch // 2 * 2

        undo = SimpleNamespace(
            attach=lambda engine: engine.add_event_handler(Events.EPOCH_COMPLETED, forget)
        )
        return [undo, *tracked(parts)]

    parts = small_training([0.1, 0.2, 0.3], every_second)
    silently(parts)
    points = client.get_metric_history(run_of(parts, client).info.run_id, "val_f1")
    assert [point.step for point in points] == [2]


def test_only_the_first_process_tracks(
    client: MlflowClient, small_training: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking.idist, "get_rank", lambda: 1)
    parts = small_training(SCORES, tracked, epochs=1)
    parts.trainer.run()
    assert not (parts.folder / "mlflow.json").exists()


def test_the_uri_is_always_explicit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    assert tracking_uri() == f"sqlite:///{tmp_path}/mlflow.db"
    assert ui_command() == f"mlflow ui --backend-store-uri sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://server")
    assert tracking_uri() == "http://server"


def test_parameters_are_flat_and_short() -> None:
    flat = flat_parameters(CONFIG)
    assert flat["train.handlers.0"] == "A"
    assert flat["train.handlers.0.text"] == "x" * 500
    assert flat["train.handlers.1"] == "B"
    assert flat["learning_rate"] == "0.01"
    assert flat_parameters({"a": None, "run": 1, "b": {}, "c": []}) == {"a": "None", "c": "[]"}
