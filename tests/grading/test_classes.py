"""A class as it arrives: every layout gives the same submissions, with the ids that the system gave."""

import io
import os
import re
import zipfile
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from cachesim.errors import BadInput
from cachesim.grading import tree
from cachesim.grading.arrivals import Registry
from cachesim.grading.classes import Reader
from cachesim.grading.roster import Roster
from tests.grading.hand_ins import LAYOUTS, Student, canvas, in_folder, in_zip, zipped

ADA = Student("ada", "Ada King", 11, "01_lru.py", b"ada = 1\n")
BOB = Student("bob", "Bob O'Neil", 12, "my answer.ipynb", b"{}")
JORG = Student("jörg", "Jörg Straße", 13, "lab_2_3_final.py", b"jorg = 1\n")
CLASS = [ADA, BOB, JORG]
CASES = Path(__file__).parents[2] / ".." / "shared" / "cases" / "submissions"


@pytest.fixture
def arrive(tmp_path):
    """Read a class without a roster."""
    calls = count()

    def read(*paths, layout="", roster=()):
        registry = Registry(Roster(roster), Roster(), UTC)
        work = tmp_path / "work" / str(next(calls))
        return Reader("01_lru", work, registry).read(paths, layout)

    return read


def ids(found):
    return [arrival.id for arrival in found.arrivals]


@pytest.mark.parametrize("form", ["folder", "zip", "zip in a zip", "files of the folder"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_in_every_form(arrive, tmp_path, layout, form):
    """One submission per student, with the student's own file in it."""
    files = LAYOUTS[layout](CLASS)
    folder = in_folder(files, tmp_path / "given")
    paths = {
        "folder": [folder],
        "zip": [in_zip(files, tmp_path / "class.zip")],
        "zip in a zip": [in_zip({"class.zip": zipped(files)}, tmp_path / "outer.zip")],
        "files of the folder": sorted(folder.iterdir()),
    }[form]
    found = arrive(*paths)

    assert 3 == len(found.arrivals)
    for student, arrival in zip(CLASS, by_people(found), strict=True):
        assert student.content in contents(arrival.path)
        assert arrival.id in (student.id, str(student.number), f"{student.id}@uni.edu")
        assert "" == arrival.trouble


def by_people(found):
    return sorted(found.arrivals, key=lambda a: a.people[0].sis or a.id)


def contents(path):
    paths = [path] if path.is_file() else sorted(path.rglob("*"))
    return [file.read_bytes() for file in paths if file.is_file()]


def test_the_ids_that_canvas_gave(arrive):
    """Two submissions, neither late: the case that was handed on."""
    if not CASES.is_dir():
        pytest.skip("the cases are not here")
    found = arrive(CASES / "canvas_class.zip")

    assert [("1", "ada", False), ("3", "bob", False)] == [
        (a.id, a.people[0].name, a.is_late) for a in found.arrivals
    ]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("doejane_LATE_123_456_hw-1.ipynb", ("123", True)),
        ("o_neil_7_8_a.py", ("7", False)),
        ("student12_7_8_a_9_10_b.py", ("7", False)),
        ("müllerjörg_7_8_a.py", ("7", False)),
        ("groupthree_LATE_7_8_a.zip", ("7", True)),
        ("anon_aB1c2_8_a.py", ("anon_aB1c2", False)),
        ("LATE_anon_aB1c2_8_a.py", ("anon_aB1c2", True)),
        ("doejane_LATE_123_text.html", ("123", True)),
    ],
)
def test_names_of_canvas(arrive, tmp_path, name, known):
    """LATE is a mark, no part of a name; digits and signs of all alphabets may stand in a name."""
    found = arrive(
        in_zip({name: zipped({"a.py": b"x"}) if "zip" in name else b"x"}, tmp_path / "c.zip")
    )

    assert [known] == [(a.id, a.is_late) for a in found.arrivals]


def test_the_newest_attempt_counts(arrive, tmp_path):
    """Of two files of one name the later one, which Canvas calls -1; another file stays beside it."""
    files = {
        "ada_1_20_lab-1.py": b"new",
        "ada_1_9_lab.py": b"old",
        "ada_1_21_data.py": b"more",
        "bob_2_30_lab-1.py": b"only",
    }
    ada, bob = arrive(in_zip(files, tmp_path / "c.zip")).arrivals

    assert [b"more", b"new"] == sorted(contents(ada.path))
    assert ("an older attempt was ignored: lab.py",) == ada.notes
    assert ([b"only"], ()) == (contents(bob.path), bob.notes)


def test_an_older_download_beside_a_newer_one(arrive, tmp_path):
    """In whichever order they are named, the newer attempt counts, once."""
    old, new = (
        in_zip({f"ada_1_{n}_lab.py": str(n).encode()}, tmp_path / f"{n}.zip") for n in (5, 60)
    )
    for paths in ((old, new), (new, old)):
        found = arrive(*paths)
        assert [[b"60"]] == [contents(a.path) for a in found.arrivals]
        assert 1 == len(found.notes)


def test_text_that_was_typed_in(arrive, tmp_path):
    """It is code if there is no file; a file counts before it."""
    text = b"<p>x = 1<br />y&nbsp;= 2 &lt; 3</p>"
    files = {
        "Ada King_1_assignsubmission_onlinetext_/onlinetext.html": text,
        "Bob Day_2_assignsubmission_onlinetext/onlinetext.html": text,
        "Bob Day_2_assignsubmission_file/lab.py": b"bob = 1",
    }
    ada, bob = arrive(in_folder(files, tmp_path / "m")).arrivals

    assert b"x = 1\ny = 2 < 3\n" == ada.path.read_bytes()
    assert ([b"bob = 1"], ("the text that was typed in was ignored",)) == (
        contents(bob.path),
        bob.notes,
    )


def test_what_the_systems_know_of_time(arrive, tmp_path):
    """Time stamps of nbgrader, created_at of Gradescope, not that of an older attempt; files' times are none."""
    for layout in LAYOUTS:
        (first, *_) = arrive(in_folder(LAYOUTS[layout](CLASS), tmp_path / layout)).arrivals
        known = layout in ("nbgrader", "gradescope")
        assert (datetime(2026, 11, 30, 22, 10, tzinfo=UTC) if known else None) == (
            first.submitted and first.submitted.replace(microsecond=0)
        )


def test_junk_does_not_count(arrive, tmp_path, monkeypatch):
    """Resource forks, virtual environments, repositories and checkpoints are gone before files are counted."""
    monkeypatch.setattr(tree, "MOST_FILES", 5)
    monkeypatch.setattr("cachesim.grading.shelf.MOST_FILES", 5)
    junk = ["__MACOSX/._{}", "{}/.git/objects/ab", "{}/mine/pyvenv.cfg", "{}/mine/lib/six.py"]
    junk += ["{}/.ipynb_checkpoints/lab.py", "{}/node_modules/a/b.py", "{}/__pycache__/a.py"]
    top = "Ada_1_assignsubmission_file_"
    files = {name.format(top): b"junk" for name in junk} | {f"{top}/lab.py": b"ada"}
    for path in (in_zip(files, tmp_path / "c.zip"), in_folder(files, tmp_path / "given")):
        (ada,) = arrive(path).arrivals
        assert ("1", "") == (ada.id, ada.trouble)
    (ada,) = arrive(tmp_path / "c.zip").arrivals
    assert [b"ada"] == contents(ada.path)


@pytest.mark.parametrize("what", ["MOST_BYTES", "MOST_FILES"])
def test_one_that_is_too_large_costs_the_others_nothing(arrive, tmp_path, monkeypatch, what):
    """The largest submission has no room; its report says so."""
    monkeypatch.setattr(f"cachesim.grading.shelf.{what}", 5)
    large = {f"eve_9_{n}_{chr(96 + n)}.py": b"xx" for n in range(1, 7)}
    files = {"ada_1_2_lab.py": b"x", "bob_2_3_lab.py": b"y", **large}
    troubles = {a.id: a.trouble for a in arrive(in_zip(files, tmp_path / "c.zip")).arrivals}

    assert ("", "") == (troubles["1"], troubles["2"])
    assert "too large" in troubles["9"]


def test_a_damaged_entry_costs_one_submission(arrive, tmp_path):
    """As does a name that no disk takes."""
    data = bytearray(zipped({"ada_1_2_lab.py": b"ada = 1" * 99, "bob_2_3_lab.py": b"bob = 1"}))
    start = data.index(b"lab.py") + len("lab.py")
    data[start : start + 8] = b"\xff" * 8
    (tmp_path / "c.zip").write_bytes(data)
    ada, bob = arrive(tmp_path / "c.zip").arrivals
    assert "it cannot be unpacked" in ada.trouble
    assert [b"bob = 1"] == contents(bob.path)

    long = in_zip({f"ada_1_2_{'x' * 300}.py": b"", "bob_2_3_b.py": b""}, tmp_path / "l.zip")
    ada, bob = arrive(long).arrivals
    assert ("cannot be unpacked" in ada.trouble, "") == (True, bob.trouble)


def test_names_of_archives_in_any_coding(arrive, tmp_path):
    """UTF-8 that is not called so, and bytes that are called UTF-8 and are not, cost nobody anything."""
    names = {"jörg_1_2_lab.py": b"jorg = 1", "zzzz_3_4_lab.py": b"zoe = 1"}
    flags = re.compile(rb"(PK\x01\x02.{5}|PK\x03\x04.{3}).", re.DOTALL)
    unsaid = flags.sub(b"\\1\x00", zipped(names))
    wrong = flags.sub(b"\\1\x08", zipped(names).replace(b"zzzz_", b"z\xff\xfez_"))
    for number, data in enumerate((unsaid, wrong)):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(data)
        found = arrive(path).arrivals
        assert [("1", "jörg", [b"jorg = 1"]), ("3", [b"zoe = 1"])] == [
            (found[0].id, found[0].people[0].name, contents(found[0].path)),
            (found[1].id, contents(found[1].path)),
        ]


def test_nothing_is_written_outside(arrive, tmp_path):
    """Names with .. and links stay inside, or are left out."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in ("../../x_3_4_a.py", "/abs_1_2_a.py", "..\\..\\y_7_8_a.py"):
            archive.writestr(name, "x")
        link = zipfile.ZipInfo("eve_5_6_a.py")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    (tmp_path / "inside").mkdir()
    path = tmp_path / "inside" / "c.zip"
    path.write_bytes(data.getvalue())
    found = arrive(path, layout="canvas")

    assert ["3", "1", "7"] == ids(found)
    assert {"inside", "work"} == set(os.listdir(tmp_path))


def test_a_students_own_folder_or_archive_is_not_taken_apart(arrive, tmp_path):
    """One of several paths that looks like a class is still one submission; so is everything with --layout one."""
    forged = in_zip(canvas(CLASS), tmp_path / "eve.zip")
    plain = in_folder({"a.py": b"", "old/b.py": b"", "src/c.py": b""}, tmp_path / "ada")

    assert ["eve", "ada"] == ids(arrive(forged, plain))
    assert ["ada"] == ids(arrive(plain))
    assert ["eve"] == ids(arrive(forged, layout="one"))


def test_layouts_that_must_be_named(arrive, tmp_path):
    """Folders or files that are called by students' ids; a layout that is not there is refused."""
    folder = in_folder({"c/ada/x.py": b"", "c/bob/y.py": b""}, tmp_path / "folders")
    files = in_folder({"ada@uni.edu.py": b"", "bob.ipynb": b"", "cy.zip": b""}, tmp_path / "files")

    assert "add --layout folders" in arrive(folder / "c").notes[0]
    assert ["ada", "bob"] == ids(arrive(folder / "c", layout="folders"))
    assert ["ada@uni.edu", "bob", "cy"] == ids(arrive(files, layout="files"))
    with pytest.raises(BadInput, match="--layout moodle"):
        arrive(files, layout="moodle")


def test_one_assignment_of_nbgrader(arrive, tmp_path):
    """The exercise's own, or the only one; several others are named."""
    files = {f"submitted/ada/{n}/lab.py": n.encode() for n in ("01_lru", "02_x", "03_y")}
    for kept in (["01_lru", "02_x"], ["03_y"]):
        names = {n: c for n, c in files.items() if n.split("/")[2] in kept}
        (ada,) = arrive(in_folder(names, tmp_path / kept[0])).arrivals
        assert ("ada", [kept[0].encode()]) == (ada.id, contents(ada.path))
    del files["submitted/ada/01_lru/lab.py"]
    with pytest.raises(BadInput, match="holds the assignments 02_x, 03_y"):
        arrive(in_folder(files, tmp_path / "several"))


def test_two_with_one_name(arrive, tmp_path):
    """Both are graded, under ids of their own, with the parameters of the id that they share."""
    paths = [in_folder({f"{n}/ada.py": b""}, tmp_path) / n / "ada.py" for n in ("a", "b")]
    found = arrive(*paths)
    second = found.arrivals[1]

    assert ["ada", "ada (2)"] == ids(found)
    assert ("ada", 'graded as "ada (2)"') == (second.seed_name, second.notes[0][-19:])
    assert str(tmp_path) not in second.notes[0]
    assert ["1", "2"] == ids(
        arrive(in_zip({"doe_1_5_a.py": b"", "doe_2_6_a.py": b""}, tmp_path / "c.zip"))
    )


def test_ids_never_merge(arrive, tmp_path):
    """Long names, control signs, upper case and names of no bytes that are UTF-8 stay apart, and can be shown."""
    names = ["a" * 150 + "b", "a" * 150 + "c", "x\x1b", "x\x07", "x ", "Ada", "ada", "\udcff"]
    for name in names:
        (tmp_path / f"{name}.py").write_text("")
    found = ids(arrive(*sorted(tmp_path.glob("*.py"))))

    assert len(names) == len(set(found))
    assert all(name.isprintable() for name in found)
