"""`cachesim exercise` as a student types it; what is told is tested in tests/grading/test_desk.py."""

import os
from pathlib import Path

import pytest

from cachesim.cli import exercise
from tests.cli.calls import call, done, refused

EXERCISES = Path(__file__).parents[2] / "exercises"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder of one's own with the exercises in it."""
    os.symlink(EXERCISES, tmp_path / "exercises")
    monkeypatch.chdir(tmp_path)


def test_a_guess_may_have_several_words():
    """With or without quotes."""
    assert done("exercise", "predict", "7", "about", "50").out.startswith("Right. ")
    assert done("exercise", "predict", "3", "the old value").out.startswith("Right. ")


def test_what_is_not_clear_is_asked_again():
    """In one sentence, and nothing is kept."""
    says = [
        "may mean A) the old value or B) the new value",
        "answer with a letter: A) the old value",
    ]
    refused("exercise", "predict", "3", "value", says=says)

    assert not Path(".cachesim").exists()


def test_status_shows_guesses_beside_answers():
    """Of exercises that are there no more, too."""
    done("exercise", "predict", "1", "a")
    done("exercise", "predict", "7", "50")
    done("exercise", "hint", "7")
    Path(".cachesim/exercises.json").write_text(
        Path(".cachesim/exercises.json").read_text()[:-3] + ',\n "99": {"predicted": "x"}}'
    )
    rows = [" ".join(line.split()) for line in done("exercise", "status").out.splitlines()[2:]]

    assert "01 It is: b (B). Your guess: a (A). 0 -" == rows[0]
    assert "07 Right. Your guess: about 50 (B). 1 -" == rows[1]
    assert "99 - 0 -" == rows[2]


def test_ctrl_c_ends_watching_quietly(monkeypatch):
    """It is how watching ends: exit 0, and not a word on stderr."""

    def press(_seconds):
        raise KeyboardInterrupt

    done("exercise", "start", "1")
    done("exercise", "predict", "1", "b")
    monkeypatch.setattr(exercise.time, "sleep", press)

    assert "judged: 01_lru.py" in done("exercise", "watch", "1").out


def test_a_file_in_the_way_of_what_is_kept():
    """Where .cachesim is a file: one sentence, and the file stays."""
    Path(".cachesim").write_text("mine")
    refused("exercise", "predict", "1", "b", says=['make the folder ".cachesim" writable'])

    assert "mine" == Path(".cachesim").read_text()
    assert 0 == call("exercise", "list").code


def test_the_word_is_visible():
    """Nowhere in the commands or the documents is a visible test called by another word."""
    root = EXERCISES.parent
    pages = [root / "README.md", *root.glob("docs/**/*.md"), *root.glob("cachesim/**/*.py")]
    words = "public " + "test"

    assert [] == [str(page) for page in pages if words in page.read_text("utf-8").lower()]
