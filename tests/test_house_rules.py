"""The house rules about the text of a file: forbidden names, lengths, the shape of a plot function.

The tables state the rules. `offences` finds the files that break them. The last tests break every
rule once, to test the finder itself. Imports have a test of their own, test_floors.py.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_floors import FILES, OUTSIDE_WORLD, SOURCE, is_in, is_ours, room

# Never 4, 7, 8: calls and names that are allowed only in these places; "": nowhere.
FORBIDDEN_NAMES = {
    "np.random.default_rng np.random.SeedSequence": "rng",  # no module-level generator
    "np.random.seed np.random.random np.random.rand np.random.normal": "",
    "os.environ os.getenv": OUTSIDE_WORLD,  # the environment is not an input
    "datetime.now datetime.utcnow datetime.today date.today": OUTSIDE_WORLD,
    "plt.show plt.style plt.rc plt.rcParams matplotlib.rcParams mpl.rcParams matplotlib.rc": "",
    "importlib.import_module __import__": "",  # an import that this test could not see
    "pkgutil.resolve_name": "cli/own",  # ... but for a class that the user names
    "hash": "",  # differs from process to process
    "print": "cli __main__",
    "Exception": "",  # every error has its own class
}
FILE_LINES = 300  # a file has fewer
BODY_LINES = 25  # the most for the body of a function, without its docstring

TESTS = Path(__file__).parent

Offences = Iterator[tuple[int, str]]  # line, sentence


def offences(path: str, source: str) -> list[str]:
    """List the rules that the file breaks, one sentence each; `path` starts with "cachesim/"."""
    tree = ast.parse(source)
    return [
        f"{path}:{line}: {sentence}"
        for line, sentence in (
            *forbidden_names(path, tree),
            *import_effects(tree),
            *too_long(source, tree),
            *plot_functions(path, tree),
        )
    ]


def forbidden_names(path: str, tree: ast.AST) -> Offences:
    """Nevers 4, 7 and 8: no global state, no wall clock, no hidden import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield node.lineno, f"global {', '.join(node.names)}: no global state"
        if not isinstance(node, ast.Attribute | ast.Call | ast.Raise):
            continue
        for names, places in FORBIDDEN_NAMES.items():
            if is_one_of(named(node), names) and not is_in(path, places):
                yield node.lineno, f"{named(node)} may stand only in: {places or 'no file'}"


def named(node: ast.Attribute | ast.Call | ast.Raise) -> str:
    """Return the name in use: `a.b` for an attribute, `f` for `f()` and `raise f`."""
    if isinstance(node, ast.Raise):
        return node.exc.id if isinstance(node.exc, ast.Name) else ""
    if isinstance(node, ast.Call):
        return node.func.id if isinstance(node.func, ast.Name) else ""
    return ast.unparse(node).replace("numpy.", "np.").replace("pyplot.", "plt.")


def is_one_of(used: str, names: str) -> bool:
    """Whether the name in use is one of the names; a dotted name may have more in front.

    >>> is_one_of("datetime.datetime.now", "datetime.now"), is_one_of("self.hash", "hash")
    (True, False)
    """
    return any(
        used == name or ("." in name and used.endswith("." + name)) for name in names.split()
    )


def import_effects(tree: ast.Module) -> Offences:
    """Never 7: an import runs nothing for its effect."""
    for node in tree.body:
        if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
            yield node.lineno, "an import has no side effect: move this call into a function"


def too_long(source: str, tree: ast.AST) -> Offences:
    """Files and functions are short enough for a student to read at once."""
    if (lines := source.count("\n")) >= FILE_LINES:
        yield 1, f"{lines} lines: a file has less than {FILE_LINES}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if (lines := body_lines(node)) > BODY_LINES:
            yield node.lineno, f"{node.name} has {lines} lines: at most {BODY_LINES}"


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of lines of the body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def plot_functions(path: str, tree: ast.Module) -> Offences:
    """Never 4: a public function of plots takes `ax=None` last and returns Axes."""
    if room(path) != "plots" or path.endswith("/style.py"):  # shared by all plots, draws nothing
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            given = node.args
            names = [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
            default = (given.kw_defaults if given.kwonlyargs else given.defaults)[-1:]
            if names[-1:] != ["ax"] or [ast.unparse(d) for d in default if d] != ["None"]:
                yield node.lineno, f"{node.name} must take ax=None last"
            if node.returns is None or "Axes" not in ast.unparse(node.returns):
                yield node.lineno, f"{node.name} must return Axes"


@pytest.mark.parametrize(
    "path", sorted(p.relative_to(SOURCE.parent).as_posix() for p in SOURCE.rglob("*.py"))
)
def test_every_file_keeps_the_house_rules(path):
    """No file breaks a never or is too long."""
    found = offences(path, (SOURCE.parent / path).read_text(encoding="utf-8"))

    assert [] == found, "\n".join(["", *found])


def class_names(sources: dict[str, str]) -> set[str]:
    """Return the names that two top-level classes have."""
    found = Counter(
        node.name
        for source in sources.values()
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef)
    )
    return {name for name, times in found.items() if times > 1}


def test_a_class_name_means_one_thing():
    """No two classes have the same name."""
    sources = {path: (SOURCE.parent / path).read_text("utf-8") for path in FILES if is_ours(path)}

    assert set() == class_names(sources)


def test_a_class_name_that_means_two_things_is_found():
    """Only classes at the top of a file count."""
    sources = {"a.py": "class A: ...\nclass B: ...", "b.py": "class A:\n    class B: ..."}

    assert {"A"} == class_names(sources)


@pytest.mark.parametrize(
    "path", sorted(p.relative_to(TESTS).as_posix() for p in TESTS.rglob("*.py")), ids=str
)
def test_every_test_file_is_short(path):
    """The tests are read too: the same length of a file; a test may be as long as its case."""
    lines = (TESTS / path).read_text(encoding="utf-8").count("\n")

    assert lines < FILE_LINES


def test_the_tests_stand_as_the_rooms_do():
    """A folder of tests is called as the room that it tests, and rooms have no loose files."""
    folders = {p.name for p in TESTS.iterdir() if p.is_dir() and p.name != "__pycache__"}
    rooms = {p.name for p in SOURCE.iterdir() if p.is_dir()}

    assert set() == folders - rooms - {"attacks"}  # the grader's, but no test of a room
    assert [] == [
        p.name
        for p in TESTS.glob("test_*.py")
        if any(p.stem.startswith(f"test_{room.rstrip('s')}") for room in rooms)
    ]


LONG_BODY = "def f():\n" + "    x = 1\n" * 26
PLOT = "def draw(result, ax=None) -> Axes:\n    return ax\n"

BAD = [  # a file, its source, and a part of the sentence that must come
    ("model/app.py", "def f():\n    global x\n    x = 1", "no global state"),
    ("model/app.py", "import os\nseed = os.environ['SEED']", "os.environ"),
    ("model/app.py", "import numpy as np\nnp.random.seed(1)", "np.random.seed"),
    ("model/app.py", "import numpy as np\nr = np.random.default_rng()", "np.random.default_rng"),
    ("model/app.py", "def f(key):\n    return hash(key) % 8", "hash"),
    ("model/app.py", "def f():\n    raise Exception('no')", "Exception"),
    ("model/app.py", "def f():\n    print('no')", "print"),
    ("plots/lines.py", "def _f():\n    plt.show()", "plt.show"),
    ("plots/lines.py", "def _f():\n    plt.rcParams['x'] = 1", "plt.rcParams"),
    ("plots/lines.py", "def draw(result) -> Axes:\n    return 1", "ax=None last"),
    ("plots/lines.py", "def draw(ax=None, *, by=None) -> Axes:\n    return ax", "ax=None last"),
    ("plots/lines.py", "def draw(result, ax=None):\n    return ax", "must return Axes"),
    ("measure/metrics.py", "register('hit_ratio')", "side effect"),
    ("model/app.py", "m = __import__('simpy')", "__import__"),
    ("model/app.py", "x = 1\n" * 300, "a file has less than 300"),
    ("model/app.py", LONG_BODY, "f has 26 lines"),
]


@pytest.mark.parametrize(("path", "source", "sentence"), BAD)
def test_a_broken_rule_is_found(path, source, sentence):
    """Each rule, broken once, gives a sentence that names the rule."""
    found = offences(f"cachesim/{path}", source)

    assert any(sentence in offence for offence in found), found


GOOD = [
    ("plots/lines.py", PLOT + "def _f():\n    import matplotlib.pyplot"),
    ("plots/lines.py", "def draw(result, *, by=None, ax=None) -> 'Axes':\n    return ax"),
    ("plots/lines.py", PLOT),
    ("plots/style.py", "def pick(choices, index):\n    return choices[index]"),
    ("rng.py", "import numpy as np\ndef f():\n    return np.random.default_rng(1)"),
    ("model/app.py", 'def f():\n    """Say.\n' + "\n" * 40 + '    """\n    return 1\n'),
]


@pytest.mark.parametrize(("path", "source"), GOOD)
def test_what_the_rules_allow_is_let_through(path, source):
    """The finder is silent about files that keep the rules."""
    assert [] == offences(f"cachesim/{path}", source)
