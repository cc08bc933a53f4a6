"""Gradescope: whose a submission is, parameters of one's own, and a script that nothing handed in can stop."""

import io
import json
import os
import subprocess
import sys
import zipfile

import pytest

from cachesim.grading.build import gradescope
from cachesim.grading.exercise import seed_of
from cachesim.grading.gradescope import from_autograder, from_export, group_id
from cachesim.grading.ledger import hidden
from cachesim.grading.sandbox import holds
from tests.grading.gradescope import offences
from tests.grading.test_exercises import EXERCISES

ADA, BOB = {"email": "ada@uni.edu", "id": 1, "name": "Ada King"}, {"email": "bob@uni.edu", "id": 2}
ABOUT = {  # as "Submission Metadata" documents it
    "id": 123456,
    "created_at": "2026-12-01T14:22:32.365935-07:00",
    "assignment": {"due_date": "2026-11-30T23:00:00.000000-07:00", "total_points": "100.0"},
    "submission_method": "upload",
    "users": [ADA],
    "previous_submissions": [],
}


@pytest.fixture
def autograder(tmp_path):
    """Unpack the archive of exercise 01 as Gradescope does; a call runs it and returns results.json."""
    if not any(map(holds, ("bwrap", "landlock"))):
        pytest.skip("no sandbox that grades works here")
    zipfile.ZipFile(io.BytesIO(gradescope(EXERCISES[0], secret="tulip"))).extractall(
        tmp_path / "source"
    )
    (tmp_path / "results").mkdir()
    command = tmp_path / "cachesim"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cachesim "$@"\n')
    command.chmod(0o755)
    own = {"AUTOGRADER": str(tmp_path), "CACHESIM": str(command), "PYTHONPATH": os.getcwd()}

    def run():
        script = ["bash", str(tmp_path / "source" / "run_autograder")]
        done = subprocess.run(script, env={**os.environ, **own}, capture_output=True, text=True)
        assert 0 == done.returncode, done.stderr
        assert "tulip" not in done.stdout
        return json.loads((tmp_path / "results" / "results.json").read_text())

    return run


def kept(tmp_path):
    """Return the one report that the script has left."""
    (path,) = (tmp_path / "results" / "graded" / "reports").glob("*.json")
    return json.loads(path.read_text())


def test_late_days_are_gradescopes_own(autograder, tmp_path):
    """A submission after the due date loses nothing here; the student is known by the metadata."""
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / "lab.py").write_text(EXERCISES[0].solution)
    (tmp_path / "submission_metadata.json").write_text(json.dumps(ABOUT))
    told = autograder()

    assert (100, []) == (told["score"], offences(told))
    manifest = json.loads((tmp_path / "results" / "graded" / "grading.json").read_text())
    assert hidden("tulip", "01") == manifest["secret"]
    assert ("ada@uni.edu", "Ada King") == (kept(tmp_path)["id"], kept(tmp_path)["name"])


@pytest.mark.parametrize("about", [None, "", "[]", '{"users": []}', '{"users": [7]}', "[" * 10**5])
def test_a_submission_without_a_name_is_graded(autograder, tmp_path, about):
    """No metadata, or damaged ones: the report says that the parameters are nobody's."""
    if about is not None:
        (tmp_path / "submission_metadata.json").write_text(about)
    told = autograder()

    assert (0, []) == (told["score"], offences(told))
    assert "did not say whose this is" in told["output"]


FILES = {
    "several": {"a/lab.py": b"", "b/lab.ipynb": b"{}", "c.zip": b"PK"},
    "looks like a class": {"x_1_2_lab.py": b"", "y_3_4_lab.py": b""},
    "damaged": {"lab.ipynb": b"\xff\xfe{"},
    "none that counts": {"lab.pdf": b"%PDF-"},
}


@pytest.mark.parametrize("kind", FILES)
def test_whatever_was_handed_in_there_is_one_result(autograder, tmp_path, kind):
    """With a score of 0, and a sentence."""
    for name, content in FILES[kind].items():
        path = tmp_path / "submission" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "submission_metadata.json").write_text(json.dumps(ABOUT))
    told = autograder()

    assert (0, []) == (told["score"], offences(told))
    assert "ada@uni.edu" == kept(tmp_path)["id"]


def test_a_group_has_one_seed():
    """In whatever order its members are named; others have another."""
    one, other = (
        group_id(from_autograder(json.dumps({**ABOUT, "users": users})).submitters)
        for users in ([ADA, BOB], [BOB, ADA])
    )

    assert "ada@uni.edu+bob@uni.edu" == one == other
    assert seed_of("tulip", one) != seed_of("tulip", "ada@uni.edu")


def test_the_same_student_has_the_same_id_in_an_export():
    """So that what is graded on Gradescope and at home has the same parameters."""
    listed = 'submission_9:\n  :submitters:\n  - :name: "Ada \\xC4 King"\n    :email: ada@uni.edu\n'
    (handed,) = from_export(listed).values()

    assert "ada@uni.edu" == group_id(handed.submitters)
    assert "Ada Ä King" == handed.submitters[0].name


def test_a_list_of_an_export_is_read_whatever_else_is_in_it():
    """Long texts, nested results, and lines that are no pairs."""
    noise = f"  :results:\n    tests:\n    - name: x\n      output: {'y' * 5000}\n  - stray\n\t:\n"
    listed = f"---\nsubmission_1:\n{noise}  :submitters:\n  - :sid: '7'\n    :name: O''Neil\nrest\n"
    (handed,) = from_export(listed).values()

    assert ("7", "O''Neil") == (handed.submitters[0].key, handed.submitters[0].name)
    assert {} == from_export("no list at all")
