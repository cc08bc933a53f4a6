"""Make the source of an assignment for nbgrader and otter-grader from an exercise.

NOT hardened against hostile code: those tools run tests and answers in one process (inprocess.py). Both get the same
tests with the same points, and a test that needs another one is not reached without it, as in `cachesim grade`.

References
----------
nbgrader: "Creating and grading assignments", cell metadata of schema 3. otter-grader: "Notebook format".
"""

import ast
from collections.abc import Iterator
from typing import Any

from cachesim.grading.cells import Cell, notebook_of, to_json
from cachesim.grading.desk_cells import DESK
from cachesim.grading.exercise import Exercise, Test

WARNING = "# Generated from the exercise's lab.py. Not hardened against hostile code: `cachesim grade` is."
LAB = f"{WARNING}\nfrom cachesim.grading.inprocess import NotebookLab\n\nlab = NotebookLab(globals())\n"
COURSE = '''"""The nbgrader course that `cachesim exercise build` has made. Not hardened against hostile code."""

c = get_config()
c.CourseDirectory.course_id = "cachesim"
c.ClearSolutions.code_stub = {"python": "..."}
c.ExecutePreprocessor.timeout = 120
'''


def sources_of(exercise: Exercise) -> dict[str, str]:
    """Return the source of each test by its id, in the order of exercise.toml."""
    found = {
        node.name.removeprefix("test_"): ast.get_source_segment(cell.source, node) or ""
        for cell in exercise.cells
        if {"visible", "hidden"} & set(cell.tags)
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.FunctionDef)
    }
    return {test.id: found[test.id] for test in exercise.tests}


def call_of(exercise: Exercise, test: Test, lab: str) -> str:
    """Return the statement that runs a test from its source; a hidden one brings along what only the teacher has."""
    source = sources_of(exercise)[test.id]
    if not test.visible:
        source = f"{exercise.grader}\n\n{source}"
    return f"{lab}.run({test.id!r}, {test.depends_on!r}, {source!r})\n"


def opening(exercise: Exercise) -> Iterator[Cell]:
    """Yield the cells before the tests: prose, what is asked, parameters, what the visible tests use, `lab`."""
    for cell in exercise.cells:
        if not {"visible", "hidden", DESK} & set(cell.tags):
            yield cell
    yield Cell("lab", is_code=True, tags=(), source=LAB)


# --- nbgrader


def nbgrader(exercise: Exercise) -> str:
    """Return the source notebook of an nbgrader assignment."""
    return notebook_of(
        [*map(_plain, opening(exercise)), *(_graded(exercise, t) for t in exercise.tests)]
    )


def _plain(cell: Cell) -> dict[str, Any]:
    asked = "# BEGIN SOLUTION" in cell.source
    return _nbgrader(cell, grade=False, solution=asked, locked=not asked)


def _graded(exercise: Exercise, test: Test) -> dict[str, Any]:
    if test.visible:
        name = f"test-{test.id}"
        call = f"lab.run({test.id!r}, {test.depends_on!r}, test_{test.id})"
        source = f"{sources_of(exercise)[test.id]}\n\n\n{call}\n"
    else:
        name = f"hidden-{exercise.tests.index(test)}"
        call = call_of(exercise, test, "lab")
        source = f"# a hidden test\n### BEGIN HIDDEN TESTS\n{call}### END HIDDEN TESTS\n"
    cell = Cell(name, is_code=True, tags=(), source=source)
    return _nbgrader(cell, grade=True, solution=False, locked=True, points=test.points)


def _nbgrader(cell: Cell, **about: Any) -> dict[str, Any]:
    found = to_json(cell)
    about |= {"grade_id": cell.id, "schema_version": 3, "task": False}
    if not cell.is_code:
        about |= {"cell_type": "markdown"}
    return {**found, "metadata": {"nbgrader": about}}


# --- otter


def otter(exercise: Exercise) -> str:
    """Return the notebook that `otter assign` takes."""
    return notebook_of(_otter(exercise))


def _otter(exercise: Exercise) -> Iterator[dict[str, Any]]:
    yield _raw(
        "otter-config", f"# ASSIGNMENT CONFIG\nname: {exercise.name}\ntests:\n  ok_format: false\n"
    )
    cells = list(opening(exercise))
    for cell in cells:
        if "# BEGIN SOLUTION" not in cell.source:
            yield to_json(cell._replace(tags=()))
    yield _raw("otter-question", "# BEGIN QUESTION\nname: answer\n")
    yield _raw("otter-solution", "# BEGIN SOLUTION\n")
    for cell in cells:
        if "# BEGIN SOLUTION" in cell.source:
            yield to_json(cell)
    yield _raw("otter-solution-end", "# END SOLUTION\n")
    yield _raw("otter-tests", "# BEGIN TESTS\n")
    yield from (_checked(exercise, test) for test in exercise.tests)
    yield _raw("otter-tests-end", "# END TESTS\n")
    yield _raw("otter-question-end", "# END QUESTION\n")


def _checked(exercise: Exercise, test: Test) -> dict[str, Any]:
    config = f'""" # BEGIN TEST CONFIG\npoints: {test.points:g}\nhidden: {str(not test.visible).lower()}\n'
    call = call_of(exercise, test, 'env["lab"]')
    source = f'{config}""" # END TEST CONFIG\ndef test_{test.id}(env):\n    {call}'
    return to_json(Cell(f"test-{test.id}", is_code=True, tags=(), source=source))


def _raw(name: str, source: str) -> dict[str, Any]:
    lines = source.rstrip("\n").splitlines(keepends=True)
    return {"cell_type": "raw", "id": name, "metadata": {}, "source": lines}
