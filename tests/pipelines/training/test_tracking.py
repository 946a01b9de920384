"""One MLflow run a training, which ends as the training does; MLflow away changes nothing."""

import json
import math
import os
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ignite.engine import Events
from mlflow.tracking import MlflowClient

from pipelines.deployment import model_registry
from pipelines.errors import InputError
from pipelines.training import tracking
from pipelines.training.tracked_pictures import Picture
from pipelines.training.tracked_results import log_rescored
from pipelines.training.tracking import Tracking
from pipelines.training.tracking_store import tracking_uri, ui_command

pytestmark = pytest.mark.usefixtures("environment_and_signals")
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
    assert run.data.params["backbone"] == run.data.params["with.network_def"] == "UNet"
    assert run.data.params["with.network_def.channels"] == "[16, 32]"
    assert run.data.params["with.many.name119"] == "119"
    tags = run.data.tags
    assert (tags["device"], tags["dataset"], tags["version.bundle"]) == ("cpu", "d1", "0.1.0")
    assert "version.torch" in tags
    points = client.get_metric_history(run.info.run_id, "val_f1")
    assert [(point.step, point.value) for point in points] == [(1, 0.3), (3, 0.6)]
    rates = client.get_metric_history(run.info.run_id, "learning_rate")
    assert [point.step for point in rates] == [1, 2, 3]
    metrics = run.data.metrics
    assert (metrics["score/dice"], metrics["score/dice_low"], metrics["score/dice_n"]) == (
        0.5,
        0.4,
        6,
    )
    assert "score/dice_high" not in metrics
    names = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert names == {"config.json", "configs", "curves", "scores.json", "tables"}
    assert ui_command() in capsys.readouterr().out


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
def test_a_store_that_is_away_costs_two_warnings_and_seconds(
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
    told = [r.getMessage() for r in caplog.records if "MLflow" in r.getMessage()]
    assert len(told) == 2 and all(uri in line and "\n" not in line for line in told)
    assert "goes on without it" in told[0] and "--resume true" in told[1]
    assert parts.trainer.state.epoch == 3


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
    log_parameters, tries = tracking.log_parameters, []

    def second_time(*arguments: Any) -> None:
        tries.append(arguments)
        if len(tries) == 1:
            raise ConnectionError("gone")
        log_parameters(*arguments)

    monkeypatch.setattr(tracking, "log_parameters", second_time)
    parts = small_training(SCORES, tracked)
    before = client.search_runs([e.experiment_id for e in client.search_experiments()])
    parts.trainer.run()
    after = client.search_runs([e.experiment_id for e in client.search_experiments()])
    run = run_of(parts, client)
    assert len(after) == len(before) + 1
    assert run.info.status == "FINISHED"
    assert run.data.params["backbone"] == "UNet"
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


def history(folder: Path, epochs: int) -> None:
    rows = [f"{epoch},0.{epoch},0.01,1.5" for epoch in range(1, epochs + 1)]
    text = "\n".join(["epoch,val_f1,learning_rate,seconds", *rows])
    (folder / "history.csv").write_text(text + "\n")


def test_a_resume_brings_the_epochs_that_a_killed_process_could_not_send(
    client: MlflowClient, small_training: Make
) -> None:
    first = small_training([0.1, 0.2, 0.3], tracked, epochs=1)
    silently(first)
    later = small_training([0.1, 0.2, 0.3, 0.4], resumed)
    history(later.folder, 3)  # the third stands there, and is to be trained again

    def go_on(engine: Any) -> None:
        engine.state.epoch, engine.state.iteration = 2, 2 * engine.state.epoch_length

    later.trainer._event_handlers[Events.STARTED].insert(0, (go_on, (later.trainer,), {}))
    silently(later)
    points = client.get_metric_history(run_of(later, client).info.run_id, "val_f1")
    assert sorted((p.step, p.value) for p in points) == [(1, 0.1), (2, 0.2), (3, 0.3), (4, 0.4)]


def test_pictures_are_sent_with_their_epoch(client: MlflowClient, small_training: Make) -> None:
    def with_pictures(parts: SimpleNamespace) -> list[Any]:
        def take(engine: Any) -> None:
            pixels = np.full((8, 8, 3), engine.state.epoch, dtype=np.uint8)
            parts.tracking.pictures.taken = [Picture("pictures/1", pixels)]

        undo = SimpleNamespace(
            attach=lambda engine: engine.add_event_handler(Events.EPOCH_COMPLETED, take)
        )
        return [undo, *tracked(parts)]

    parts = small_training([0.1, 0.2], with_pictures)
    silently(parts)
    run = run_of(parts, client)
    assert run.data.tags["mlflow.loggedImages"] == "True"
    names = [item.path for item in client.list_artifacts(run.info.run_id, "images")]
    assert sorted(name.split("+")[2] for name in names if name.endswith(".png")) == ["1", "2"]


@pytest.mark.parametrize(
    ("given", "asked"), [(False, []), ("true", [False]), ("best", [True]), ("broken", [])]
)
def test_the_model_is_registered_when_the_training_has_ended(
    given: Any,
    asked: list[bool],
    client: MlflowClient,
    small_training: Make,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found: list[bool] = []

    def register(tracked: Any, best: bool) -> Any:
        assert tracked.run.info.status == "FINISHED"
        found.append(best)
        return model_registry.Registered(tracked.bundle, "1", True, None)

    def with_register(parts: SimpleNamespace) -> list[Any]:
        tracked(parts)
        config = {**CONFIG, "scorer": {"bundle": "breast"}}
        (parts.folder / "config.json").write_text(json.dumps(config))
        engines = (parts.validator, parts.optimizer)
        return [Tracking(parts.folder, "breast", *engines, register=given)]

    monkeypatch.setattr(model_registry, "register", register)
    if given == "broken":
        with pytest.raises(InputError, match="register is 'broken'"):
            small_training(SCORES, with_register)
        return
    parts = small_training(SCORES, with_register, epochs=1)
    silently(parts)
    assert found == asked
    assert ("breast version 1" in capsys.readouterr().out) == bool(asked)


def test_a_registry_that_fails_spoils_no_run(
    client: MlflowClient,
    small_training: Make,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(name: str) -> Any:
        raise OSError("no room")

    monkeypatch.setattr(model_registry, "tracked_folder", broken)
    parts = small_training(SCORES, tracked, epochs=1)
    parts.tracking.is_registered = True
    silently(parts)
    assert run_of(parts, client).info.status == "FINISHED"
    assert "the model is not registered (no room)" in caplog.text
