import pandas as pd
from ignite.engine import Engine

from pipelines.evaluation.lesion_candidates import COLUMNS
from pipelines.training.region_table import RegionTable
from tests.pipelines.training.test_lesion_answers import PROBABILITIES, Echo, batches


def test_the_table_is_filled_when_the_evaluator_has_ended() -> None:
    regions = RegionTable(Echo(), batches(2), PROBABILITIES, "cpu")
    assert regions.table.empty
    evaluator = Engine(lambda engine, batch: None)
    regions.attach(evaluator)
    evaluator.run([0])
    assert tuple(regions.table.columns) == COLUMNS
    assert regions.table["id"].tolist() == ["i1", "i2"]
    assert (regions.table["lesion"] == 1).all()
    evaluator.run([0])
    assert len(regions.table) == 2
    assert isinstance(regions.table, pd.DataFrame)
