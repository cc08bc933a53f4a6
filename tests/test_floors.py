"""The house rules about imports: they go only downward, and some are forbidden.

The tables state the rules. `offences` finds the files that break them. The last tests break every
rule once, to test the finder itself. docs/background/design.md gives the reasons for the rules.
test_rooms.py refuses imports in a circle.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCE = Path(__file__).parents[1] / "cachesim"
FRONT_DOOR = "cachesim/__init__.py"  # above all floors: it imports the public names

# From the ground up. A room imports only from itself and from the floors below it.
FLOORS = (
    "clock units errors files slips rng data startup",
    "theory",
    "records spec",
    "engines storage measure traces node_types",
    "model live wire plots replay",
    "scenario service",
    "predict planner",
    "experiments",
    "anomalies",
    "validate",
    "grading",
    "cli",
    "__main__",
)
GROUND = FLOORS[0].split()  # only on this floor may a room import from its neighbours

# Never 1, 2, 3, 5: these rooms never import these modules.
NEVER_IMPORTS = {
    "engines": "simpy numpy pandas asyncio time random",
    "model": "cachesim.measure cachesim.plots cachesim.experiments cachesim.service",
    "measure": "cachesim.model cachesim.engines simpy",
    "service": "cachesim.engines",
}

# Never 6: only these places (a room, or a file of a room) import these modules.
# OUTSIDE_WORLD may use sockets, processes and wall time.
OUTSIDE_WORLD = "wire service/wire live storage/postgres grading/sandbox cli __main__ startup"
ONLY_IN = {
    "simpy": "model cli/peers",  # peers: the other models that `cachesim bench` measures
    "matplotlib": "plots",
    "numba": "replay/compiled",
    "boto3 botocore cbor2": "service/wire",
    "joblib dask distributed": "experiments/parallel",
    "socket socketserver ssl select selectors asyncio http urllib": OUTSIDE_WORLD,
    "subprocess concurrent": OUTSIDE_WORLD,
    # The kernels look at no signal, and a worker watches its parent while it works.
    "threading": f"{OUTSIDE_WORLD} replay/compiled experiments/parallel",
    "multiprocessing signal": f"{OUTSIDE_WORLD} experiments/parallel",  # its processes are deaf to Ctrl-C
    "time": OUTSIDE_WORLD,
    "tqdm click": "cli __main__",
    "random": "cli/peers",  # Never 8: every draw comes from a stream of rng.py
}
# The box is another program, which the grader starts: its `cachesim` is toolkit.py. SHARED: both use it.
BOX = "cachesim/grading/box/"
SHARED = "cachesim.grading.box.cells cachesim.grading.box.names"
LATE = "matplotlib joblib dask distributed scipy numba"  # imported by the function that needs them


class Import(NamedTuple):
    """What one import statement names, and where it is."""

    module: str
    line: int
    late: bool  # inside a function, or only for the type checker
    name: str = ""  # of `from module import name`


def offences(path: str, source: str) -> list[str]:
    """List the rules that the file breaks, one sentence each; `path` starts with "cachesim/"."""
    tree = ast.parse(source)
    found = list(imports(tree))
    return [
        f"{path}:{line}: {sentence}"
        for line, sentence in (
            *upward(path, found),
            *never_imports(path, found),
            *known_elsewhere(path, found),
            *too_early(path, found),
            *roundabout(path, found),
            *into_the_box(path, found),
        )
    ]


Offences = Iterator[tuple[int, str]]  # line, sentence


def imports(node: ast.AST, late: bool = False) -> Iterator[Import]:
    """Yield every import below `node`; the module of `from cachesim.x import y` is cachesim.x."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, late) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            module = "." * child.level + (child.module or "")
            yield from (Import(module, child.lineno, late, alias.name) for alias in child.names)
        waits = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from imports(child, late or waits or is_type_checking(child))


def is_type_checking(node: ast.AST) -> bool:
    """Whether this is `if TYPE_CHECKING:`, which never runs."""
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def room(name: str) -> str:
    """Return the room of a path or a module.

    >>> room("cachesim/model/app.py"), room("cachesim.units"), room("cachesim/rng.py")
    ('model', 'units', 'rng')
    """
    return f"{name.removesuffix('.py')}/".replace(".", "/").split("/")[1]


def floor(name: str) -> int | None:
    """Return the floor of a room, from 1 for the ground; None if it is on no floor."""
    return next((n for n, rooms in enumerate(FLOORS, 1) if name in rooms.split()), None)


def is_in(path: str, places: str) -> bool:
    """Whether the file belongs to one of the places.

    >>> (
    ...     is_in("cachesim/cli/main.py", "wire cli"),
    ...     is_in("cachesim/storage/sqlite.py", "storage/postgres"),
    ... )
    (True, False)
    """
    inside = path.removesuffix(".py").removeprefix("cachesim/") + "/"
    return any(inside.startswith(place + "/") for place in places.split())


def is_part(module: str, family: str) -> bool:
    """Whether a module is one of the family, or inside one of them."""
    return any((module + ".").startswith(name + ".") for name in family.split())


def upward(path: str, found: list[Import]) -> Offences:
    """Imports go only downward."""
    if path == FRONT_DOOR:
        return
    here = room(path)
    if floor(here) is None:
        yield 1, f"the room {here} is on no floor: give it one in FLOORS"
    for module, line, *_ in found:
        there = room(module)
        if not module.startswith("cachesim.") or there == here or {here, there} <= set(GROUND):
            continue
        if floor(there) is None:
            yield line, f"{module} is on no floor"
        elif (floor(here) or 0) <= floor(there):
            yield line, f"{here} (floor {floor(here)}) imports {module} (floor {floor(there)})"


def never_imports(path: str, found: list[Import]) -> Offences:
    """Nevers 1, 2, 3 and 5."""
    banned = NEVER_IMPORTS.get(room(path), "")
    for module, line, *_ in found:
        if is_part(module, banned):
            yield line, f"{room(path)} never imports {module}"


def known_elsewhere(path: str, found: list[Import]) -> Offences:
    """Never 6: who may import SimPy, plots, processes, sockets and wall time."""
    for family, places in ONLY_IN.items():
        for module, line, *_ in found:
            if is_part(module, family) and not is_in(path, places):
                yield line, f"{module} may be imported only in: {places or 'no file'}"


def too_early(path: str, found: list[Import]) -> Offences:
    """Never 6: slow libraries are imported by the function that needs them."""
    for module, line, late, _ in found:
        if is_part(module, LATE) and not late:
            yield line, f"{module} is slow to import: import it inside the function"


def roundabout(path: str, found: list[Import]) -> Offences:
    """Never 7: inside the package, a module is imported by its full name."""
    for module, line, *_ in found:
        if module == "cachesim" and path != FRONT_DOOR:
            yield line, "nobody inside imports cachesim itself"
        elif module.startswith("."):
            yield line, "imports are absolute"


def into_the_box(path: str, found: list[Import]) -> Offences:
    """The box is another program. Files that both programs use import only the standard library."""
    is_shared = is_part(path.removesuffix(".py").replace("/", "."), SHARED)
    for module, line, *_ in found:
        if is_shared and module.partition(".")[0] not in sys.stdlib_module_names:
            yield line, f"{path} is used on both sides of the sandbox: the standard library only"
        if is_part(module, "cachesim.grading.box") and not is_part(module, SHARED):
            yield line, f"{module} runs in the sandbox, as another program: nobody imports it"


FILES = sorted(p.relative_to(SOURCE.parent).as_posix() for p in SOURCE.rglob("*.py"))


def is_ours(path: str) -> bool:
    """Whether a file belongs to the package itself, and not only to the program in the sandbox."""
    return not path.startswith(BOX) or is_part(path.removesuffix(".py").replace("/", "."), SHARED)


@pytest.mark.parametrize("path", [path for path in FILES if is_ours(path)])
def test_every_file_keeps_the_house_rules(path):
    """No file imports upward or breaks a never."""
    found = offences(path, (SOURCE.parent / path).read_text(encoding="utf-8"))

    assert [] == found, "\n".join(["", *found])


BAD = [  # a file, its source, and a part of the sentence that must come
    ("engines/simple.py", "from cachesim.model.app import App", "engines (floor 4) imports"),
    ("engines/simple.py", "from cachesim.storage.base import Storage", "engines (floor 4)"),
    ("model/app.py", "def f():\n    from cachesim.replay import g", "model (floor 5) imports"),
    ("records.py", "from cachesim.spec import Spec", "records (floor 3) imports"),
    ("units.py", "from cachesim.theory import zipf", "units (floor 1) imports"),
    ("attic.py", "x = 1", "on no floor"),
    ("model/app.py", "from cachesim.attic import x", "cachesim.attic is on no floor"),
    *(("engines/redis/evict.py", f"import {name}", "engines never imports")
      for name in NEVER_IMPORTS["engines"].split()),
    *(("model/app.py", f"from {name}.x import y", "model never imports")
      for name in NEVER_IMPORTS["model"].split()),
    *(("measure/metrics.py", f"import {name}", "measure never imports")
      for name in NEVER_IMPORTS["measure"].split()),
    ("service/rds.py", "from cachesim.engines.base import Engine", "service never imports"),
    ("experiments/run.py", "import simpy", "only in: model"),
    ("experiments/report.py", "def f():\n    import matplotlib.pyplot", "only in: plots"),
    ("plots/curves.py", "import matplotlib.pyplot as plt", "inside the function"),
    ("experiments/report.py", "def f():\n    import joblib", "only in: experiments/parallel"),
    ("experiments/parallel.py", "import joblib", "inside the function"),
    ("replay/compiled.py", "import numba", "inside the function"),
    ("engines/policies.py", "def f():\n    import numba", "only in: replay/compiled"),
    ("theory.py", "from scipy import special", "inside the function"),
    ("storage/sqlite.py", "import socket", "socket may be imported only"),
    ("experiments/run.py", "import time", "time may be imported only"),
    ("grading/kits.py", "import subprocess", "subprocess may be"),
    ("model/workload.py", "import random", "random may be imported only in: cli/peers"),
    ("model/app.py", "import cachesim", "nobody inside imports cachesim"),
    ("model/app.py", "from cachesim import theory", "nobody inside imports cachesim"),
    ("model/app.py", "from . import events", "absolute"),
    ("grading/judge.py", "from cachesim.grading.box.needs import Slice", "as another program"),
    ("grading/box/names.py", "from cachesim.errors import BadInput", "the standard library only"),
    ("grading/box/cells.py", "from names import kind_of", "the standard library only"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "source", "sentence"), BAD)
def test_a_broken_rule_is_found(path, source, sentence):
    """Each rule, broken once, gives a sentence that names the rule."""
    found = offences(f"cachesim/{path}", source)

    assert any(sentence in offence for offence in found), found


GOOD = [
    ("engines/simple.py", "from cachesim.engines.base import Engine\nimport math"),
    ("units.py", "from cachesim.errors import BadInput"),
    ("spec.py", "from cachesim.units import show_size\nfrom cachesim.theory import zipf"),
    ("model/station.py", "import simpy\nfrom simpy.events import Timeout"),
    ("experiments/parallel.py", "def f():\n    from joblib import Parallel"),
    ("plots/lines.py", "def f():\n    import matplotlib.pyplot"),
    ("measure/statistics.py", "def f():\n    from scipy.special import stdtrit"),
    ("cli.py", "import time\nimport subprocess\nimport signal"),
    ("cli/main.py", "import time\nfrom cachesim.experiments.run import run"),
    ("storage/postgres.py", "import socket"),
    ("grading/submission.py", "from cachesim.grading.box.names import kind_of"),
    ("grading/box/names.py", "import re"),
    ("__init__.py", "from cachesim import theory\nfrom cachesim.spec import Spec"),
]


@pytest.mark.parametrize(("path", "source"), GOOD)
def test_what_the_rules_allow_is_let_through(path, source):
    """The finder is silent about files that keep the rules."""
    assert [] == offences(f"cachesim/{path}", source)
