"""A shared handler attaches the handler that it stands for, and nothing else."""

from ignite.engine import Engine

from pipelines.training.shared_handler import SharedHandler


class Recorder:
    def __init__(self) -> None:
        self.engines: list[Engine] = []

    def attach(self, engine: Engine) -> None:
        self.engines.append(engine)


def test_the_handler_is_attached_once_to_the_engine() -> None:
    recorder, engine = Recorder(), Engine(lambda engine, batch: None)
    SharedHandler(recorder).attach(engine)
    assert recorder.engines == [engine]
