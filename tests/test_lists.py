"""One list of everything: what is written and stands in no list, or in no page, is named here."""

import inspect
import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import cachesim as cs
from benchmarks import strategies_table
from cachesim.cli.choices import COMPARED, ENGINES
from cachesim.cli.commands import COMMANDS
from cachesim.engines import redis
from cachesim.engines.base import EngineSpec
from cachesim.engines.redis import commands as redis_commands
from cachesim.engines.redis.structure import Structure
from cachesim.experiments.presets import cluster
from cachesim.experiments.toml import CLASSES, FAULTS, KINDS, STRATEGIES
from cachesim.spec import Spec
from cachesim.traces import binary, formats, plain
from cachesim.traces.table import Layout
from cachesim.validate.run import ORACLES
from tests.cli.test_help import COMMAND_OF

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
EXERCISES = sorted((ROOT / "exercises").glob("[0-9]*"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def subclasses(family, room="cachesim"):
    """Yield every class below `family` that a room of the package defines."""
    for kind in family.__subclasses__():
        if f"{kind.__module__}.".startswith(f"{room}."):
            yield kind
        yield from subclasses(kind, room)


def complete(family, room="cachesim"):
    """Return the names of the public classes of a family that are not merely the base of others."""
    kinds = set(subclasses(family, room))
    return {
        kind.__name__
        for kind in kinds
        if not kind.__name__.startswith("_") and not kinds & set(kind.__subclasses__())
    }


def page(name):
    """Return the text of a page below docs/."""
    return (ROOT / "docs" / name).read_text("utf-8")


def test_every_strategy_is_listed():
    """In cs.strategies, and so in scenario files and --strategies; and measured for the page of trade-offs."""
    measured = {type(row[1]) for row in strategies_table.ROWS}

    assert set() == complete(cs.Strategy, "cachesim.model.strategies") - set(cs.strategies.__all__)
    assert [] == [kind.__name__ for kind in STRATEGIES if kind not in measured]


def test_every_measured_strategy_is_on_its_page():
    """A new row is in the page: python benchmarks/strategies_table.py --write."""
    lines = page("background/strategies.md").splitlines()
    rows = [(f"| {name} |", f"| {when} |") for name, _, _, when in strategies_table.ROWS]

    assert [] == [
        row for row in rows if not any(x.startswith(row[0]) and x.endswith(row[1]) for x in lines)
    ]


def test_every_fault_is_listed():
    """In cs.faults, and so in scenario files; and explained on its page."""
    explained = page("howto/break_it.md")

    assert set() == complete(cs.faults.Fault, "cachesim.model.faults") - set(cs.faults.__all__)
    assert [] == [kind.__name__ for kind in FAULTS if f"`{kind.__name__}" not in explained
                  and f"f.{kind.__name__}(" not in explained]  # fmt: skip


def test_every_policy_is_listed():
    """In cs.policies.ALL, which help pages and scenario files follow; Belady, which needs the future, aside."""
    listed = {kind.__name__ for kind in cs.policies.ALL.values()} | {"Belady"}

    assert set() == complete(cs.EvictionPolicy, "cachesim.engines") - listed
    assert [] == [name for name in cs.policies.ALL if name not in page("background/policies.md")]


def test_every_engine_is_listed():
    """On the command line and in scenario files; a Redis that is protected only in files."""
    listed = {kind.__name__ for kind in ENGINES.values()}
    assert complete(EngineSpec) == listed - {"Redis"} | {"ProtectedRedis"}
    assert [] == [kind.__name__ for kind in ENGINES.values() if kind not in CLASSES]


PARTS_OF_NO_SCENARIO = {"Service", *(kind.__name__ for kind in cs.routes.ALL)}


def test_every_part_of_a_scenario_has_a_name_in_files():
    """A spec of the model that a scenario file cannot name could not be run again."""
    named = {kind.__name__ for kind in KINDS.values()}

    assert set() == complete(Spec, "cachesim.model") - named - PARTS_OF_NO_SCENARIO


def test_every_reader_belongs_to_a_format():
    """A function that reads a Source, and that no row of FORMATS uses, could not be called."""
    rows = inspect.getsource(formats)
    readers = [
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in (plain, binary)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and [*inspect.signature(function).parameters] == ["source"]
    ]

    assert len(readers) > 5
    assert [] == [reader for reader in readers if reader not in rows]


def test_every_layout_belongs_to_a_format():
    """A `Layout` that no row of FORMATS reads by, as _table(NAME) or in a function of its own."""
    rows = inspect.getsource(formats)
    layouts = [name for name, thing in vars(formats).items() if isinstance(thing, Layout)]

    assert len(layouts) > 5
    assert [] == [name for name in layouts if len(re.findall(rf"\b{name}\b", rows)) < 2]


def test_every_file_of_redis_commands_is_listed():
    """A file with COMMANDS that stands neither in TYPES nor in GENERAL would not be called."""
    folder = Path(redis.__file__).parent
    modules = [import_module(f"{redis.__name__}.{path.stem}") for path in folder.glob("[!_]*.py")]
    listed = {*redis_commands.GENERAL, *redis_commands.TYPES}
    whole = redis_commands.COMMANDS  # other files import it
    written = [each for each in modules if getattr(each, "COMMANDS", whole) is not whole]

    assert [] == [each.__name__ for each in written if each not in listed]


def test_every_type_of_redis_is_whole():
    """A value that is not a string says its type, its encoding and its bytes, and makes a copy."""
    kinds = set(subclasses(Structure, "cachesim.engines.redis"))

    assert kinds
    assert set() == {
        (kind.__name__, part)
        for kind in kinds
        for part in ("type", "encoding", "size", "copy")
        if not hasattr(kind, part) or getattr(kind, part) is getattr(Structure, part, None)
    }


def test_every_command_has_a_row_in_the_readme():
    """And every row calls a command that exists."""
    rows = set(re.findall(r"^\| `cachesim (\w+)", README, re.MULTILINE))

    assert {command.name for command in COMMANDS} == rows


def test_the_readme_names_what_a_student_can_do():
    """Every command of `cachesim exercise` is in its row."""
    [row] = re.findall(r"^\| `cachesim exercise` \|.*", README, re.MULTILINE)
    known = {
        words.removeprefix("exercise ") for words in COMMAND_OF if words.startswith("exercise ")
    }

    assert known == set(re.findall(r"`(\w+)`", row))


def test_the_readme_knows_which_commands_print_json():
    """All that take --json, in the order of the table."""
    [sentence] = re.findall(r"((?:`\w+`[,\s]+(?:and\s+)?)+)take `--json`", README)
    takes = {words for words, command in COMMAND_OF.items() if "--json" in str(flags(command))}

    assert takes == set(re.findall(r"`(\w+)`", sentence))


def flags(command):
    """Return every way to write the options of a command, and of its subcommands."""
    own = [flag for option in command.params for flag in option.opts]
    return own + [
        flag for each in getattr(command, "commands", {}).values() for flag in flags(each)
    ]


def test_the_readme_names_only_options_that_exist():
    """In the row of each command."""
    rows = re.findall(r"^\| `cachesim (\w+).*", README, re.MULTILINE)
    lines = re.findall(r"^\| `cachesim \w+.*", README, re.MULTILINE)
    known = {command.name: flags(command) for command in COMMANDS}

    assert [] == [
        (name, flag)
        for name, line in zip(rows, lines, strict=True)
        for flag in re.findall(r"--[a-z-]+", line)
        if flag not in known[name]
    ]


def differences_to_real_servers():
    """Return by engine the differences of hit ratios, in points, that the table of fidelity has."""
    rows = re.findall(r"^\| (redis|memcached) \|(.*)", page("background/fidelity.md"), re.MULTILINE)
    return [(engine, abs(float(cells.split("|")[5]))) for engine, cells in rows]


COUNTS = {  # what the README says, and what it counts
    r"compares (\d+) caching\s+strategies": lambda: len(COMPARED),
    r"(\d+) strategies are built in": lambda: len(STRATEGIES),
    r"(\d+)\s+eviction policies are built in": lambda: len(cs.policies.ALL),
    r"(\d+) notebooks in": lambda: len(NOTEBOOKS),
    r"(\d+) exercises, from": lambda: len(EXERCISES),
    r"has (\w+) hints": lambda: {3: "three"}[
        max(len(tomllib.loads((path / "exercise.toml").read_text("utf-8"))["hints"]) for path in EXERCISES)
    ],
    r"the (\d+) formats": lambda: len(cs.traces.FORMATS),
    r"the (\d+) ways in which": lambda: len(cs.anomalies.ALL),
    r"the answer: (\d+) oracles": lambda: len(ORACLES),
    r"at\s+(\w+) points or more": lambda: {3: "three"}[min(len(o.points) for o in ORACLES.values())],
    r"of (\d+) cache clusters": lambda: int(cluster("cluster54").name.removeprefix("cluster")),
    r"\((\d+) runs of": lambda: len(differences_to_real_servers()),
    r"within (\S+)\s+percentage points": lambda: (
        f"{max(points for engine, points in differences_to_real_servers() if engine == 'redis'):.2f}"
    ),
}  # fmt: skip


@pytest.mark.parametrize("pattern", COUNTS)
def test_the_readme_counts_right(pattern):
    """Every number in its prose is what the code has."""
    assert [str(COUNTS[pattern]())] == re.findall(pattern, README)


def test_memcached_differs_nowhere():
    """As the README says."""
    assert {0.0} == {points for engine, points in differences_to_real_servers() if engine != "redis"}  # fmt: skip


def test_every_notebook_has_its_answers():
    """Under the same name, and no page of answers is left over."""
    answers = {path.stem for path in (ROOT / "docs" / "answers").glob("*.md")}

    assert {path.stem for path in NOTEBOOKS} == answers


def test_every_exercise_is_handed_out():
    """Its handout comes with the package."""
    handouts = {path.stem for path in (ROOT / "cachesim/grading/handouts").glob("*.toml")}

    assert {path.name for path in EXERCISES} == handouts


def test_every_room_is_on_the_journey():
    """Each folder and file of the package is a room that the overview names, in backticks."""
    folder = ROOT / "cachesim"
    rooms = {
        path.stem
        for path in folder.iterdir()
        if not path.name.startswith("_") and (path.suffix == ".py" or (path / "__init__.py").exists())
    }  # fmt: skip
    named = set(re.findall(r"`(\w+)`", page("background/journey.md")))

    assert set() == rooms - named


def test_the_source_to_read_first_exists():
    """Every path in the README's reading list, below cachesim/."""
    section = README.partition("## Reading the source")[2].partition("\n## ")[0]
    paths = re.findall(r"`([\w/]+(?:\.py|/))`", section)

    assert len(paths) > 10
    assert [] == [path for path in paths if not (ROOT / "cachesim" / path).exists()]


def test_what_contributors_are_told_exists():
    """Every path in docs/contribute.md is there, as a file or a folder."""
    paths = re.findall(r"`((?:cachesim|tests|docs|benchmarks)/[\w/.]+)`", page("contribute.md"))

    assert len(paths) > 10
    assert [] == [
        path for path in paths if not (ROOT / path).exists() and not (ROOT / f"{path}.py").exists()
    ]
