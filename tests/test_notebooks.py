"""Every notebook runs from top to bottom, quickly, and shows something."""

import time
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
LIMIT = 120  # seconds, four times what a notebook may take: a loaded machine must not fail it


def test_there_are_notebooks():
    """The folder is not empty, or the tests below would test nothing."""
    assert len(NOTEBOOKS) >= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_notebook_runs(path):
    """No cell fails, at least one shows a plot, and none is stored with outputs."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]

    assert [] == [cell.id for cell in code if cell.outputs]

    begin = time.perf_counter()
    NotebookClient(notebook, timeout=LIMIT, kernel_name="python3").execute()
    took = time.perf_counter() - begin
    shown = [kind for cell in code for output in cell.outputs for kind in output.get("data", {})]

    assert "image/png" in shown
    assert took < LIMIT
