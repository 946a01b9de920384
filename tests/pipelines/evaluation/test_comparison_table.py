from io import StringIO

from rich.console import Console

from pipelines.evaluation.comparison_table import comparison_tables, model_letters, verdict_lines
from pipelines.evaluation.scores import LEAKY_LINE

ENTRY = {
    "first": 0.8,
    "second": 0.7,
    "difference": -0.1,
    "low": -0.15,
    "high": -0.05,
    "p": 0.0001,
    "p_holm": 0.0002,
    "verdict": "evidence of a difference",
    "better": "runs/a",
    "standardised_difference": -0.4,
    "n_first": 9,
    "n_second": 9,
}
UNKNOWN = dict.fromkeys(ENTRY) | {"verdict": "no evidence of a difference"}
PAIR = {
    "first": "runs/a",
    "second": "runs/b",
    "scores": {"dice": ENTRY, "iou": UNKNOWN},
    "mcnemar": {"only_first_right": 7, "only_second_right": 2, "p": 0.18, "p_holm": 0.18},
    "delong": {"ill": {"difference": -0.1, "low": -0.2, "high": 0.0, "p": 0.05, "p_holm": 0.05}},
}
CONTENT = {"pairs": [PAIR], "leaky": False, "level": 0.95}


def printed(content: dict) -> str:
    console = Console(width=110, record=True, file=StringIO())
    for table in comparison_tables(content):
        console.print(table)
    return console.export_text()


def test_the_numbers_stand_in_the_tables() -> None:
    text = printed(CONTENT)
    row = next(line for line in text.splitlines() if "dice" in line)
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [
        *("dice", "0.800", "0.700", "-0.100", "-0.150 to -0.050", "< 0.001", "9")
    ]
    others = CONTENT | {"pairs": [PAIR | {"scores": {"precision": ENTRY | {"n_second": 7}}}]}
    assert "right alone: A 7, B 2 images" in text
    assert "AUROC of ill -0.100 (-0.200 to +0.000)" in text
    assert "│ 9 / 7 │" in printed(others)


def test_no_letter_of_a_name_is_cut_in_a_narrow_terminal() -> None:
    console = Console(width=60, record=True, file=StringIO())
    content = CONTENT | {"pairs": [PAIR | {"scores": {"balanced_accuracy": ENTRY}}]}
    for table in comparison_tables(content):
        console.print(table)
    cells = [
        line.split("│")[1].strip() for line in console.export_text().splitlines() if "│" in line
    ]
    assert "balanced_accuracy" in "".join(cells)


def test_each_score_has_its_verdict() -> None:
    assert list(verdict_lines(CONTENT)) == [
        "A and B, dice: evidence of a difference: A is better (standardised difference -0.40)",
        "A and B, iou: no evidence of a difference",
    ]


def test_models_have_letters_and_a_leak_is_told() -> None:
    assert model_letters(CONTENT) == {"runs/a": "A", "runs/b": "B"}
    assert LEAKY_LINE in printed(CONTENT | {"leaky": True}) and LEAKY_LINE not in printed(CONTENT)
