import pickle

from pipelines.datasets.audit.measured import LEAST_CONTENT, MaskMeasured, Measured


def test_measurements_can_be_sent_between_processes() -> None:
    measured = Measured(width=3, mask=MaskMeasured(counts=(1, 2)))
    assert pickle.loads(pickle.dumps(measured)) == measured


def test_all_that_is_not_background_is_marked() -> None:
    assert MaskMeasured(counts=(10, 2, 3), stray=((7, 4), (9, 1))).marked == 10
    assert MaskMeasured(counts=(10, 0)).marked == 0


def test_what_shows_nothing_is_silent_but_not_what_cannot_be_read() -> None:
    assert Measured(content=LEAST_CONTENT / 2).silent and not Measured(content=0.5).silent
    assert not Measured(problem="broken", content=0).silent
