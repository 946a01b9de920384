"""Comparisons of models as tables for a terminal, where letters stand for the models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import ascii_uppercase
from typing import Any

from rich.table import Table
from rich.text import Text

from pipelines.evaluation.cases import LEAKY
from pipelines.evaluation.scores import LEAKY_LINE

_LEAST_SHOWN = 0.001


def model_letters(content: Mapping[str, Any]) -> dict[str, str]:
    """Gives each model's name its letter, or number beyond Z.

    Args:
        content: what ``comparison`` returned.
    """
    names = dict.fromkeys([pair[side] for pair in content["pairs"] for side in ("first", "second")])
    further = (str(number) for number in range(27, 27 + len(names)))
    return dict(zip(names, (*ascii_uppercase, *further), strict=False))


def comparison_tables(content: Mapping[str, Any]) -> Iterator[Table]:
    """Lays comparisons out.

    Args:
        content: what ``comparison`` returned.

    Yields:
        For each pair a table of the scores, and for a classification one of the other tests. Where
        a split leaks, every title says so.
    """
    letters, mark = model_letters(content), f" ({LEAKY_LINE})" if content[LEAKY] else ""
    for pair in content["pairs"]:
        first, second = letters[pair["first"]], letters[pair["second"]]
        yield _score_table(f"{first} and {second}{mark}", first, second, pair, content["level"])
        if "mcnemar" in pair:
            yield _test_table(f"{first} and {second}: further tests{mark}", first, second, pair)


def _score_table(
    title: str, first: str, second: str, pair: Mapping[str, Any], level: float
) -> Table:
    table = Table(title=Text(title))
    table.add_column("score", overflow="fold")
    for heading in (first, second, f"{second} - {first}", f"{100 * level:g} % interval"):
        table.add_column(heading, justify="right")
    for heading in ("p (Holm)", "n"):
        table.add_column(heading, justify="right")
    for name, entry in pair["scores"].items():
        bounds = (entry["low"], entry["high"])
        table.add_row(
            Text(name),
            _number(entry["first"], ".3f"),
            _number(entry["second"], ".3f"),
            _number(entry["difference"], "+.3f"),
            "-" if None in bounds else "{:+.3f} to {:+.3f}".format(*bounds),
            _p(entry["p_holm"]),
            _counted(entry),
        )
    return table


def _counted(entry: Mapping[str, Any]) -> str:
    """Gives the n of a score; both where the models' differ, as of a precision."""
    return " / ".join(str(n) for n in dict.fromkeys((entry["n_first"], entry["n_second"])))


def _test_table(title: str, first: str, second: str, pair: Mapping[str, Any]) -> Table:
    table = Table("test", "what differs", title=Text(title))
    for heading in ("p", "p (Holm)"):
        table.add_column(heading, justify="right")
    mcnemar = pair["mcnemar"]
    only = f"right alone: {first} {mcnemar['only_first_right']}, {second} "
    only += f"{mcnemar['only_second_right']} images"
    table.add_row("McNemar", only, _p(mcnemar["p"]), _p(mcnemar["p_holm"]))
    for label, entry in pair["delong"].items():
        bounds = (entry["low"], entry["high"])
        interval = "" if None in bounds else " ({:+.3f} to {:+.3f})".format(*bounds)
        text = f"AUROC of {label} {_number(entry['difference'], '+.3f')}{interval}"
        table.add_row("DeLong", Text(text), _p(entry["p"]), _p(entry["p_holm"]))
    return table


def verdict_lines(content: Mapping[str, Any]) -> Iterator[str]:
    """Says of each pair and score whether there is evidence of a difference.

    Args:
        content: what ``comparison`` returned.
    """
    letters = model_letters(content)
    for pair in content["pairs"]:
        models = f"{letters[pair['first']]} and {letters[pair['second']]}"
        for name, entry in pair["scores"].items():
            better = f": {letters[entry['better']]} is better" if entry["better"] else ""
            effect = entry.get("standardised_difference")
            size = "" if effect is None else f" (standardised difference {effect:+.2f})"
            yield f"{models}, {name}: {entry['verdict']}{better}{size}"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return f"< {_LEAST_SHOWN}" if value < _LEAST_SHOWN else f"{value:.3f}"
