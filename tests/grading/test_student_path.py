"""The way that the documents describe, for every exercise, in a real kernel: one submission, one verdict.

Start, predict, write the solution, check, hand in with everything left in it, grade. For one exercise of each kind,
something wrong comes first, and the shell checks as well.
"""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from cachesim.grading.cells import solved
from cachesim.grading.exercise import Exercise, seed_of
from cachesim.grading.sandbox import holds
from tests.cli.calls import call
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
EXERCISES = [Exercise(path.parent) for path in sorted((ROOT / "exercises").glob("*/exercise.toml"))]
# A policy, a strategy, a function, tests of broken caches, commands of Redis, and the state of the cloud.
EACH_KIND = ("01", "03", "05", "08", "18", "20")
OWN = "cs.run(cs.Scenario(duration=2, warmup=1))  # what a student tries out, and leaves there"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder, as a student has it; kernels take the package from this source tree."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    if not any(map(holds, ("bwrap", "landlock"))):
        pytest.skip("no sandbox that grades works here")


class Notebook:
    """The notebook that `start` wrote, with a kernel of its own."""

    def __init__(self, task):
        self.task, self.path = task, Path(f"{task.name}.ipynb")
        self.cells = nbformat.read(self.path, as_version=4)
        self.client = NotebookClient(self.cells, timeout=PATIENCE, kernel_name="python3")

    def cell(self, name):
        return next(cell for cell in self.cells.cells if cell["id"] == name)

    def write(self, sources):
        """Write into cells, by their id."""
        for name, source in sources.items():
            self.cell(name)["source"] = source

    def add(self, name, source):
        """Add a cell at the end, unless the notebook brings it."""
        if name not in [cell["id"] for cell in self.cells.cells]:
            self.cells.cells.append(nbformat.v4.new_code_cell(source, id=name))

    def run(self):
        """Run all cells from top to bottom, save, and return what the last check has shown."""
        for number, cell in enumerate(self.cells.cells):
            if cell["cell_type"] == "code":
                self.client.execute_cell(cell, number)
        nbformat.write(self.cells, self.path)
        return self.cell("check")["outputs"][-1]["data"]["text/plain"]


def opened(task):
    """Return the notebook of an exercise that was begun and in which the question is answered."""
    assert 0 == call("exercise", "start", task.id).code
    notebook = Notebook(task)
    notebook.add(
        "predict", f'import cachesim as cs\n\nex = cs.exercise("{task.id}")\nex.predict("...")'
    )
    notebook.add("own", OWN)
    notebook.add("check", "ex.check()")
    guess = task.about["predict"]["choices"][0]
    notebook.write({"predict": notebook.cell("predict")["source"].replace("...", guess)})
    return notebook


def verdicts(text):
    """Return the lines about the visible tests; a part of an answer is a cell in a file, and an input in a notebook."""
    lines = text.split("visible tests:\n")[1].split("\nnote: ")[0].splitlines()
    return [re.sub(r"\((In \[\d+\]|cell \d+), ", "(", line.strip()) for line in lines]


def graded(task, path):
    """Return the points, and the same lines, of `cachesim grade` with the parameters that the check has."""
    told = call("grade", task.path, path, "--jobs", 1, "--json", "--seed", seed_of("", ""))
    (found,) = told.json["submissions"]
    visible = {test.id for test in task.tests if test.visible}
    lines = [
        [f"{test['status']:13} {test['id']}", test["message"]]
        for test in found["tests"]
        if test["id"] in visible
    ]
    text = "visible tests:\n" + "\n".join(line for both in lines for line in both if line)
    return found["score"], verdicts(text)


def agree(task, notebook, shown):
    """Return the points of a notebook on which the notebook's check, the shell's and the grader's have to agree."""
    shell = call("exercise", "check", task.id, notebook.path).out
    score, lines = graded(task, notebook.path)

    assert lines == verdicts(shell) == verdicts(shown)
    assert f"judged: {notebook.path}" in shell
    assert "judged: In [" in shown
    return score


@pytest.mark.parametrize("task", EXERCISES, ids=lambda task: task.name)
def test_from_start_to_grade(task):
    """A typical wrong answer gets its points, the solution 100, and all ways say the same."""
    notebook = opened(task)
    asked = [cell.id for cell in task.asked]
    solution = {cell.id: cell.source for cell in solved(task.cells) if cell.id in asked}
    with notebook.client.setup_kernel():
        if task.id in EACH_KIND:
            name, wrong, points = task.wrong()[0]
            notebook.write({asked[0]: wrong})
            assert points == agree(task, notebook, notebook.run()), name
        notebook.write(solution)
        shown = notebook.run()
        if task.id in EACH_KIND:
            assert 100 == agree(task, notebook, shown)
        else:
            assert (100, verdicts(shown)) == graded(task, notebook.path)

    assert "All visible tests passed" in shown
    assert task.explanation.strip() in shown
    assert json.loads(Path(".cachesim/exercises.json").read_text())[task.id]["passed"]
