from io import StringIO

from rich.console import Console

from pipelines.evaluation.case_files import Cases
from pipelines.evaluation.case_scores import Target, case_scores, operating_point
from pipelines.evaluation.case_scores_table import OPTIMISTIC_LINE, score_tables
from pipelines.evaluation.group_intervals import IntervalOptions
from pipelines.evaluation.scores import LEAKY_LINE
from tests.pipelines.evaluation.made_cases import LABELS, classified

FEW = IntervalOptions(resamples=100)


def printed(leaky: bool = False) -> str:
    table = classified().assign(flags="", device=["GE", "[b]"] * 30)
    cases = Cases("classification", LABELS, table, True, True, leaky)
    content = case_scores(cases, FEW, by=["device"])
    point = operating_point(cases, cases, Target("sensitivity", 0.9, "malignant"), FEW)
    console = Console(width=120, record=True, file=StringIO())
    for each in score_tables(content | {"operating_points": [point]}):
        console.print(each)
    return console.export_text()


def test_each_score_has_value_interval_method_n_and_groups() -> None:
    text = printed()
    lines = [line.split("│")[1:-1] for line in text.splitlines() if "│ accuracy" in line]
    cells = [cell.strip() for cell in lines[0]]
    assert cells[0] == "accuracy" and cells[3:] == ["wilson", "60", "60"]
    low, to, high = cells[2].split()
    assert to == "to" and float(low) <= float(cells[1]) <= float(high)
    assert "malignant" in text and "By device" in text and "[b]: 30 images" in text


def test_what_is_too_good_says_so() -> None:
    text = " ".join(printed(leaky=True).split())
    assert text.count(LEAKY_LINE) == 3 and OPTIMISTIC_LINE in text
    assert LEAKY_LINE not in printed()
