"""A folder of grades: one can be graded again, and grades that do not belong together are not mixed."""

import json

import pytest

from cachesim.errors import BadInput
from cachesim.grading.grades import Grade
from cachesim.grading.judge import Report
from cachesim.grading.ledger import Ledger, file_name


def grade(name, score=1.0):
    return Grade(Report(name, "01", score, 2.0, "bwrap", [], ()))


def kept(folder, *grades, seed=None, secret="tulip", exercise="01"):
    """Grade into a folder; return ids and scores of all that it then holds."""
    ledger = Ledger(folder, exercise, seed, secret)
    for given in grades:
        ledger.keep(given)
    return [(given.id, given.score) for given in ledger.all(grades)], ledger.notes


def test_one_is_graded_again(tmp_path):
    """Its new grade stands where the old one stood; the others keep theirs."""
    kept(tmp_path, grade("zoe"), grade("ada"))
    found, notes = kept(tmp_path, grade("zoe", 2.0), grade("bob"))

    assert ([("zoe", 2.0), ("ada", 1.0), ("bob", 1.0)], []) == (found, notes)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"exercise": "02"}, "another exercise"),
        ({"seed": 3}, "another --seed"),
        ({"secret": "rose"}, "another --secret"),
    ],
)
def test_what_cannot_be_mixed(tmp_path, other, says):
    """One sentence, and the folder stays as it was."""
    kept(tmp_path, grade("ada"))
    with pytest.raises(BadInput, match=says):
        kept(tmp_path, grade("ada", 2.0), **other)

    assert [("ada", 1.0)] == kept(tmp_path)[0]


def test_the_secret_is_not_told(tmp_path):
    """Nor what a list of words would find by one hash each."""
    kept(tmp_path)
    text = (tmp_path / "grading.json").read_text()

    assert "tulip" not in text
    assert 32 == len(json.loads(text)["secret"])


def test_damage_is_named(tmp_path):
    """A report that cannot be read costs itself; a list that cannot be read is not guessed."""
    kept(tmp_path, grade("ada"), grade("bob"))
    (tmp_path / "reports" / "ada.json").write_text('{"id": "ada"')
    found, notes = kept(tmp_path)
    assert ([("bob", 1.0)], 1) == (found, len(notes))

    (tmp_path / "grading.json").write_text("[]")
    with pytest.raises(BadInput, match="is damaged"):
        kept(tmp_path)


def test_no_two_files_are_called_alike():
    """Also on a system that does not tell upper case, or has names of its own; no name is too long."""
    names = [
        "ada",
        "Ada",
        "a/b",
        "a_b",
        "nul",
        "nul.x",
        "é",
        "e\u0301",
        "a.",
        "..",
        "",
        "x" * 300,
        "x" * 301,
        "漢" * 200,
    ]
    files = [file_name(name) for name in names]

    assert len(names) == len({name.casefold() for name in files})
    assert all(len(f"{name}.json".encode()) < 250 for name in files)
    assert "ada" == files[0]
