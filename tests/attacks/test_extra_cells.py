"""The known attacks, from a cell beside the answer: not run if the answer does not need it, and else for no point."""

import pytest

from cachesim.grading.batch import grade, jobs
from cachesim.grading.cells import Cell, to_notebook
from cachesim.grading.judge import PASSED
from cachesim.grading.sandbox import strongest
from tests.attacks.attacks import AT_IMPORT, WRONG
from tests.attacks.test_attacks import (
    SECRET,
    contents,
    course,  # noqa: F401 - a fixture
    exercise_of,
    harmed,
    orphans,
    surroundings,
)
from tests.grading.box_modules import answer

NEEDED = WRONG["01"].replace("{hook}", "needed")  # a wrong answer that needs the cell of the attack


@pytest.mark.parametrize("code", AT_IMPORT.values(), ids=AT_IMPORT)
def test_an_attack_that_is_not_needed_is_not_run(code):
    """Nothing of it stays, whatever it binds: the answer behind it counts."""
    right = "import cachesim as cs\nclass LRU(cs.EvictionPolicy):\n    x = 1\n"

    assert [("cell 2", right)] == answer(code, right, entry_points=["LRU"]).parts()


def test_an_attack_that_the_answer_needs_earns_nothing(course):  # noqa: F811
    """It runs in the sandbox like any code: no point, no file, no process, no secret."""
    exercise, paths = exercise_of(course, "01"), []
    for name, code in AT_IMPORT.items():
        cells = [f"needed = exec({code!r}, globals())", NEEDED]
        paths.append(course / f"{name.replace(' ', '_')}.ipynb")
        paths[-1].write_text(
            to_notebook(Cell(f"c{number}", True, (), cell) for number, cell in enumerate(cells))
        )
    before, environment = contents(course), surroundings()
    work = jobs(exercise, paths, strongest("landlock"), seed=1, secret="", out=None)
    reports = grade(work, n_jobs=2)

    assert {0} == {report.score for report in reports}
    assert [] == [o for report in reports for o in report.outcomes if o.status == PASSED]
    assert [] == [report for report in reports if "cell 1 was not run" in repr(report.notes)]
    assert before == contents(course)
    assert environment == surroundings()
    assert [] == harmed()
    assert [] == orphans()
    assert SECRET not in repr(reports)
    assert "\x1b" not in repr(reports)
