"""The notebook of the documentation: what is committed of it, and that it runs."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from tests.test_docs import LINK

PATH = Path(__file__).resolve().parent.parent / "docs" / "notebook.ipynb"


@pytest.fixture
def notebook() -> NotebookNode:
    return nbformat.read(PATH, as_version=4)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text_of(cell: NotebookNode) -> str:
    """What a cell shows, but for its pictures."""
    shown = [output.get("text", "") for output in cell.outputs]
    data = [output.get("data", {}) for output in cell.outputs]
    return "\n".join([*shown, *(text for each in data for k, text in each.items() if "text" in k)])


def test_it_was_run_from_its_first_cell_to_its_last(notebook: NotebookNode) -> None:
    nbformat.validate(notebook)
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    kinds = {output.output_type for cell in code_cells(notebook) for output in cell.outputs}
    assert kinds == {"display_data", "execute_result", "stream"}


def test_it_shows_tables_and_pictures_and_is_small(notebook: NotebookNode) -> None:
    data = [output.get("data", {}) for cell in code_cells(notebook) for output in cell.outputs]
    assert sum("image/png" in each for each in data) >= 5
    assert sum("text/html" in each for each in data) >= 2
    assert PATH.stat().st_size < 500_000


def test_its_outputs_hold_no_path_of_a_machine_and_no_warning(notebook: NotebookNode) -> None:
    for cell in code_cells(notebook):
        text = text_of(cell)
        assert not re.search(r"(?<![\w.<])/(?!>)\w+/\w+|[Ww]arning|0x[0-9a-f]{6}", text), text
        assert not any(output.get("name") == "stderr" for output in cell.outputs)


def test_its_links_lead_to_pages(notebook: NotebookNode) -> None:
    links = [link for cell in notebook.cells for link in LINK.findall(cell.source)]
    assert {"publish.md", "leaks.md"} <= set(links)
    assert all((PATH.parent / link).is_file() for link in links)


@pytest.mark.slow
def test_it_runs(notebook: NotebookNode, tmp_path: Path) -> None:
    """Every cell ends without an error; the training is of one epoch in place of the many."""
    (settings,) = (c for c in code_cells(notebook) if "IMAGES, EPOCHS = " in c.source)
    settings.source, count = re.subn(r"EPOCHS = (\d+), \d+", r"EPOCHS = \1, 1", settings.source)
    assert count == 1
    before = [len(cell.outputs) for cell in code_cells(notebook)]
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": tmp_path}}).execute()
    assert [len(cell.outputs) for cell in code_cells(notebook)] == before
    assert (tmp_path / "runs" / "notebook" / "unet" / "scores.json").is_file()
