"""Classes of the user's own on the command line: MODULE:NAME, from the current folder."""

import re
import sys
from pathlib import Path

import pytest
from joblib.externals.loky import get_reusable_executor

from tests.cli.calls import ONE_RUN, SMALL, call, refused

SOURCE = '''
import cachesim as cs

class Mine(cs.Strategy):
    """Keep a row for a while."""
    ttl: float = 7.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value, ttl=self.ttl)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)

class Oldest(cs.EvictionPolicy):
    """First in, first out."""
    def __init__(self):
        self.keys = {}

    def on_add(self, entry):
        self.keys[entry.key] = None

    def on_remove(self, entry):
        del self.keys[entry.key]

    def victim(self):
        return next(iter(self.keys))

def function():
    return Oldest()
'''
TRACE = "key\na\nb\na\nc\na\n"
SCENARIO = 'duration = 4\nwarmup = 1\n[cache]\nkind = "simple"\nmemory = "40kb"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with the module `homework`, which the command line has not seen before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "homework.py").write_text(SOURCE)
    (tmp_path / "FILE").write_text(TRACE)
    (tmp_path / "s.toml").write_text(SCENARIO)
    yield tmp_path
    for name in ("homework", "broken", "my_module"):
        sys.modules.pop(name, None)


def test_a_strategy_and_a_policy_of_my_own_are_compared(folder):
    """By the name they were called by; the TTL is that of --ttl; no scenario file can say so, which is said."""
    (folder / "out").mkdir()
    (folder / "out" / "scenario.toml").write_text("seed = 1\n")  # from an earlier comparison
    names = ["--strategies=homework:Mine", "--policy=homework:Oldest"]
    found = call("compare", *SMALL, "--replications=1", *names, "--json", "--out=out")

    assert (0, "note: no scenario.toml: a scenario file cannot name a class of yours\n") == (
        found.code, found.err,
    )  # fmt: skip
    assert ["homework:Mine"] == [row["strategy"] for row in found.json["rows"]]
    assert found.json["rows"][0]["metrics"]["evictions"]["mean"] > 0
    assert found.json["scenario"] is None
    assert not (folder / "out" / "scenario.toml").exists()


def test_my_own_policy_is_what_runs():
    """Its hit ratio is that of the built-in policy that does the same."""
    mine = call("replay", "FILE", "--format=csv", "--items=2", "--policy=homework:Oldest", "--json")
    fifo = call("replay", "FILE", "--format=csv", "--items=2", "--policy=fifo", "--json")

    assert fifo.json["hits"] == mine.json["hits"]


def test_my_own_policy_has_a_curve():
    """Beside the built-in ones, equal to the one that does the same."""
    names = "--policies=homework:Oldest,fifo,lru"
    found = call("replay", "FILE", "--format=csv", "--curve", names, "--sizes=1,2,3", "--json")
    ratios = found.json["hit_ratios"]

    assert ratios["fifo"] == ratios["homework:Oldest"]
    assert ratios["lru"] != ratios["homework:Oldest"]


def test_a_sweep_varies_my_own_parts():
    """With their fields, as built-in parts; its runs are kept and found again."""
    vary = ["--vary=strategy=homework:Mine(ttl=1)", "--vary=cache.policy=homework:Oldest,lru"]
    first, again = (
        call("sweep", "s.toml", *vary, "--replications=1", "--n-jobs=1") for _ in range(2)
    )

    assert (0, 0) == (first.code, again.code)
    assert "homework:Oldest" in first.out
    assert "2 of them were found in" in again.out


REFUSED = {
    "compare --strategies nothing:X": "--strategies: there is no module nothing in this folder",
    "compare --strategies homework:No": 'the module homework has no name "No"',
    "compare --strategies homework:Oldest": "must be a subclass of Strategy, got <class",
    "compare --strategies homework:": "must be MODULE:NAME",
    "compare --strategies broken:X": "the module broken fails when it is imported: ZeroDivisionError",
    "compare --policy homework:Oldest": "runs in the engine simple, not in redis; give --engine simple",
    "compare --engine memcached --policy homework:Oldest": "--policy does not apply to memcached",
    "compare --engine simple --policy homework:Mine": "must be a subclass of EvictionPolicy",
    "replay FILE --format csv --items 2 --policy homework:function": "must be a subclass of Evic",
    "replay FILE --format csv --curve --policies lru,homework:Mine": "--policies ",
    "replay FILE --format csv --curve --policies nonsense": "or give MODULE:NAME",
    "serve --engine simple --policy homework:Mine": "must be a subclass of EvictionPolicy",
    "serve --policy homework:Oldest": "runs in the engine simple",
    "sweep s.toml --vary cache.policy=homework:Mine": "--vary cache.policy ",
    "sweep s.toml --vary strategy=homework:Oldest": "must be a subclass of Strategy",
    "sweep s.toml --vary strategy=homework:Mine(speed=1)": 'Mine has no field "speed"',
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_no_such_class_is_refused_in_one_sentence(words, folder):
    """No module, no such name, another kind of thing, a module that fails, an engine that takes none."""
    (folder / "broken.py").write_text("1 / 0\n")

    refused(*words.split(), says=[REFUSED[words]])


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ('[strategy]\nkind = "homework:Mine"\n', "strategy"),
        ('[cache]\nkind = "simple"\npolicy = "homework:Oldest"\n', "cache.policy"),
    ],
)
def test_a_scenario_file_names_no_module(folder, table, field):
    """It could be from somebody else; nothing is imported, and the sentence says how to run it."""
    (folder / "s.toml").write_text(table)

    refused("run", "s.toml", says=["cannot bring code of its own", f"--vary {field}=homework:"])
    assert "homework" not in sys.modules


def test_a_built_in_name_imports_nothing():
    """The current folder is searched only for a class of one's own."""
    before = list(sys.path)
    call("compare", *SMALL, *ONE_RUN)

    assert before == sys.path


def test_the_readme_puts_its_classes_into_a_module(folder):
    """The two command lines of the README work with the two classes of the README."""
    get_reusable_executor().shutdown()  # processes of an earlier test do not look into this folder
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    classes = [re.split(r"^(?:mine = )?cs\.run", block, flags=re.MULTILINE)[0] for block in blocks]
    source = "".join(text for text in classes if "\nclass " in f"\n{text}")
    (folder / "my_module.py").write_text(f"import cachesim as cs\n{source}")
    lines = re.findall(r"`cachesim (compare [^`]*my_module:[^`]*)`", readme)
    codes = [
        call(*line.split(), "--replications=1", *(SMALL if "--engine" not in line else SMALL[1:]),
             *(() if "--strategies" in line else ["--strategies=no-cache"])).code
        for line in lines
    ]  # fmt: skip

    assert [0, 0] == codes
