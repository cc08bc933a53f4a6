"""What is said about an answer, and what becomes of cells that are no Python."""

import pytest

from tests.grading.box_modules import answer, module

F = "def f(x): return 1\n"


def notes(*sources, **about):
    return answer(*sources, **about).notes()


def test_what_was_not_run_is_named():
    """One cell, several, and lines of a cell."""
    assert [] == notes(F)
    assert ["cell 2 was not run: it is not part of the answer"] == notes(F, "1 / 0")
    assert ["cells 1, 3 and 4 were not run: they are not part of the answer"] == notes(
        "print(1)", F, "print(2)", "print(3)"
    )
    assert ["line 2 of cell 1 was not run: it is not part of the answer"] == notes(F + "f(3)")
    assert ["lines 2 to 3 of cell 1 were not run: they are not part of the answer"] == notes(
        F + "f(3)\nf(4)"
    )


def test_lines_of_a_file():
    """Runs of lines, by the numbers that the student's editor shows."""
    source = f"import a\n\n{F}\nprint(1)\nfor x in y:\n    print(2)\n"

    assert ["line 1 and lines 5 to 7 were not run: they are not part of the answer"] == notes(
        source, where=""
    )


def test_a_long_list_is_cut():
    """A notebook of a thousand cells gives one short note."""
    (note,) = notes(F, *["print(1)"] * 1000)

    assert note.startswith("cells 2, 3, 4, 5, 6, 7, 8, 9 and 992 more were not run")


def test_nobody_misses_these():
    """Text, `pass`, `...`, a future import, and what the exercise itself brought along."""
    given = "def helper(): pass\n"
    cells = [F, '"""Hello."""', "pass\n...", "from __future__ import annotations", given, ""]

    assert [] == notes(*cells, given=[given])


def test_asking_for_the_tests_is_not_named():
    """What the exercise gave to ask with may be used in any way; what a student asks otherwise is named."""
    given = 'ex = cs.exercise("01")\nex.predict("...")\n'

    assert [] == notes(F, given.replace("...", "B"), "ex.check()\nex.hint()", given=[given])
    assert ["cell 2 was not run: it is not part of the answer"] == notes(
        F, "cs.run()", given=[given]
    )


def test_the_last_definition_counts():
    """... which is said once, and a definition that the last one builds on is no second one."""
    assert ["f is defined in cell 1 and cell 2: the last one counts"] == notes(
        F, F.replace("1", "2")
    )
    assert ["f is defined in line 1 and line 2: the last one counts"] == notes(F + F, where="")
    assert [] == notes("class f: pass", "class f(f): x = 1")


def test_what_is_missing():
    """Only entry points that nothing defines."""
    assert ["nothing defines g"] == notes(F, entry_points=("f", "g"))
    assert [] == notes(F, "def g(): ...", given=["def g(): ..."], entry_points=("f", "g"))


# --- cells that are no Python

OTHER = [
    ("%%bash\nls -la | wc\n", "%%bash is not Python"),
    ("\n%%html\n<b>", "%%html is not Python"),
    ("%%writefile f.py\ndef f(x): return 2\n", "%%writefile is not Python"),
    ("LRU?\nfiles = !ls\n", "LRU? is not Python"),
    ("?LRU", "?LRU is not Python"),
    ("%matplotlib inline", "%matplotlib inline is not Python"),
    ("!pip install numpy\n", "!pip install numpy is not Python"),
    ("pip install numpy", "pip install numpy is not Python"),
    ("def (", "it is not Python: invalid syntax, line 1"),
    ("x = (1,\n", "it is not Python: '(' was never closed, line 1"),
    ("x = '\0'", "it is not Python: source code string cannot contain null bytes"),
]


@pytest.mark.parametrize(("source", "why"), OTHER, ids=[why for _, why in OTHER])
def test_a_cell_that_is_no_python_costs_nothing(source, why):
    """It is left out, and named."""
    made = answer(F, source)

    assert [("cell 1", F)] == made.parts()
    assert [f"cell 2 was not run: {why}"] == made.notes()


LINES = [
    ("%matplotlib inline\ndef f(x): return 1\n", "\ndef f(x): return 1\n"),
    ("%%time\ndef f(x): return 1\n", "\ndef f(x): return 1\n"),
    ("%time T = [1]\n!ls 'it\ndef f(x): return T\n", "T = [1]\n\ndef f(x): return T\n"),
    ('S = """\n%time\n!ls\n"""\n!ls\ndef f(x): return S\n', 'S = """\n%time\n!ls\n"""\n\ndef f(x): return S\n'),
    ("S = (7\n % 4)\n!ls\ndef f(x): return S\n", "S = (7\n % 4)\n\ndef f(x): return S\n"),
    ("S = 7 \\\n % 4\n!ls\ndef f(x): return S\n", "S = 7 \\\n % 4\n\ndef f(x): return S\n"),
    ("S = 'a\\\n%b'\n!ls\ndef f(x): return S\n", "S = 'a\\\n%b'\n\ndef f(x): return S\n"),
    ("S = '''it's ''' # '''\n!ls\ndef f(x): return S\n", "S = '''it's '''\n\ndef f(x): return S\n"),
    ("def f(x):\n    !ls\n    return 1\n", "def f(x):\n    pass\n    return 1\n"),
    ("    def f(x):\n        return 1\n    f?\n", "def f(x):\n    return 1\n"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "code"), LINES)
def test_lines_for_jupyter_become_blank(source, code):
    """Lines keep their numbers; what looks alike inside a string or a bracket stays."""
    ((_, made),) = answer(source).parts()

    assert code.rstrip() == made.rstrip()


# --- cells that should be Python


@pytest.mark.parametrize("source", ["def f(x:\n", "f = lambda x: (\n", "class f(\n", "x = (f\n"])
def test_an_answer_that_is_no_python_is_run_to_tell_its_error(source):
    """Unless another cell holds an answer that is."""
    alone, beside = answer(source, "x = 1"), answer(source, F, source)

    assert ["f"] == alone.written
    assert [("cell 1", source)] == [(where, code[:-1]) for where, code in alone.parts()]
    assert ["cell 2"] == [where for where, _ in beside.parts()]


def test_a_helper_that_is_no_python_is_run_to_tell_its_error():
    """If the answer needs it; a broken stub does not hide that the cell was worked on."""
    made = answer("def g(:\n", "def h(:\n", "def f(x): return g(x)\n")
    stub = "class f:\n    ...\n"

    assert ["cell 1", "cell 3"] == [where for where, _ in made.parts()]
    assert ["f"] == answer(stub, "class f:\n    def g(:\n", given=[stub]).written


def test_a_mistyped_head_in_the_cell_of_the_exercise():
    """The cell is known by its id, so that its error is told."""
    known = module("answer")
    task = known.Task(["f"], [], ["asked"], [])
    made = known.Answer("a.ipynb", [known.Piece("cell 3", 1, "asked", "clas F:\n  pass\n")], task)

    assert ["f"] == made.written
    assert ["cell 3"] == [where for where, _ in made.parts()]


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000,
        "-" * 100_000 + "1",
        "[" * 5_000 + "]" * 5_000,
        "x = " + "+".join(["1"] * 100_000),
        "x" + ".y" * 100_000,
        "if x: pass\n" + "elif x: pass\n" * 20_000,
        "\n".join(f"{' ' * n}if x:" for n in range(99)) + "\n" + " " * 99 + "pass",
        "lambda: " * 5_000 + "1",
        "f'{" * 500,
    ],
    ids=lambda source: source[:12],
)
def test_hostile_syntax_beside_an_answer_costs_nothing(source):
    """Deep nesting ends in a note, or is simply not run."""
    made = answer(F, source)

    assert [("cell 1", F)] == made.parts()
    assert 1 == len(made.notes())
