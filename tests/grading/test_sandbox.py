"""The sandbox, in every tier that this machine has: what is refused, how it ends, what an answer may be."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import SimpleNamespace

import pytest

from cachesim.grading import sandbox
from cachesim.grading.answers import AnswerError, parsed, plain
from cachesim.grading.sandbox import Limits, NoSandbox, box, holds, strongest

STRONG = ["bwrap", "landlock"]
LIMITS = Limits(cpu=2, wall=60.0)


@pytest.fixture(params=STRONG)
def tier(request):
    """Every tier that grades and that this kernel has."""
    if not holds(request.param):
        pytest.skip(f"the tier {request.param} does not work here")
    return request.param


def test_there_is_a_sandbox():
    """In CI bubblewrap is installed; whether it, or Landlock, works is up to the kernel."""
    assert "CI" not in os.environ or shutil.which("bwrap")
    if not any(map(holds, STRONG)):
        pytest.skip("this kernel lets neither bubblewrap nor Landlock work: no sandbox that grades")


def asked(tier, body, limits=LIMITS):
    """Run the body of a function in the sandbox; return its value."""
    source = "def f():\n" + "".join(f"    {line}\n" for line in body.splitlines())
    with box(tier, limits, [("", source)]) as made:
        return made.ask(do="call", name="f", arguments=[])["value"]


def test_answers_come_back(tier):
    """Plain data, and threads may be used."""
    body = "import threading\nseen = []\nt = threading.Thread(target=seen.append, args=[7])\n"
    body += "t.start(); t.join()\nreturn seen"

    assert [7] == asked(tier, body)


def test_sets_have_the_same_order_in_every_run(tier):
    """So the same code gives the same answers, whatever it walks over."""
    body = "return list({f'key {number}' for number in range(50)})"

    assert asked(tier, body) == asked(tier, body)


REFUSED = {
    "a socket": "import socket\nsocket.socket()",
    "a fork": "import os\nos.fork()",
    "a program": "import os\nos.execv('/bin/sh', ['sh'])",
    "a subprocess": "import subprocess\nsubprocess.run(['/bin/true'])",
    "a file of the system": "open('/etc/passwd').read()",
    "a new file": "open('/tmp/cachesim-attack', 'x').write('1')",
    "a file in memory": "open('/dev/shm/cachesim-attack', 'x').write('1')",
    "a signal to its parent": "import os\nos.kill(os.getppid(), 9)",
    "the toolkit's own answer": "from cachesim.engines.policies import LRU\nLRU()",
    "the answer by its name": "import cachesim\ncachesim.LazyLoading",
    "installed packages": "import pandas\npandas.DataFrame",
    "a change of rights": "import os\nos.chmod('/', 0o777)",
    "another process's memory": "import ctypes\nif ctypes.CDLL(None).ptrace(16, 1, 0, 0) == -1: raise OSError",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(tier, body):
    """It is an error in the student's code, and nothing else happens."""
    with pytest.raises(AnswerError) as refused:
        asked(tier, body)

    assert refused.value.status in ("error", "crashed")
    assert not Path("/tmp/cachesim-attack").exists()


def test_the_environment_is_empty(tier, monkeypatch):
    """Nothing of the grader's environment arrives, and its own cannot be looked up."""
    monkeypatch.setenv("SECRET_OF_THE_COURSE", "tulip")
    body = """
import os
found = repr(dict(os.environ))
for pid in ['self', *map(str, range(1, 400)), str(os.getppid())]:
    try: found += open(f'/proc/{pid}/environ').read()
    except OSError: pass
return 'tulip' in found
"""
    assert asked(tier, body) is False


def test_memory_is_bounded(tier):
    """An allocation beyond the limit is an error of the code."""
    with pytest.raises(AnswerError, match="MemoryError"):
        asked(tier, "return len(b'x' * (4 << 30))")


def test_an_early_end_is_no_answer(tier):
    """Neither `_exit(0)` nor `sys.exit(0)` says anything."""
    for body, status in (
        ("import os; os._exit(0)", "crashed"),
        ("import sys; sys.exit(0)", "error"),
    ):
        with pytest.raises(AnswerError) as gone:
            asked(tier, body)
        assert status == gone.value.status


@pytest.mark.parametrize(
    "line",
    [
        b"[1]",
        b"{",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"\xff\xfe",
    ],
)
def test_answers_are_checked(line):
    """No list, no halves, no NaN, no doubles, no endless digits, no depth."""
    with pytest.raises(AnswerError):
        parsed(line)
    assert {"a": [1, {"b": None}]} == parsed(json.dumps({"a": [1, {"b": None}]}).encode())


def test_text_is_made_harmless():
    """Control characters and ANSI escapes do not reach a terminal."""
    assert "red [31m x" == plain("red\x1b[31m\nx"[:3] + "\x1b[31m\nx")


def test_a_weak_sandbox_is_refused(monkeypatch):
    """Where only limits hold, a graded run says what to install."""
    monkeypatch.setattr(sandbox, "holds", lambda tier: tier == "rlimits")

    assert "rlimits" == strongest()
    with pytest.raises(NoSandbox, match="apt install bubblewrap"):
        strongest("landlock")


HEADERS = {  # where Linux's own numbers lie, if its headers are installed
    "x86_64": f"/usr/include/{sysconfig.get_config_var('MULTIARCH')}/asm/unistd_64.h",
    "aarch64": "/usr/include/asm-generic/unistd.h",
}


@pytest.mark.parametrize("machine", HEADERS)
def test_the_numbers_of_calls_are_the_kernels(machine, monkeypatch):
    """Every refused call that the kernel's header names has the number that stands there."""
    monkeypatch.syspath_prepend(sandbox.BOX)
    import calls

    if not Path(HEADERS[machine]).is_file():
        pytest.skip("the kernel's headers are not installed")
    text = Path(HEADERS[machine]).read_text()
    published = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text))
    rows = [line.split() for line in calls.TABLE.strip().splitlines()]
    column = 1 + calls.MACHINES.index(machine)
    wrong = [row for row in rows if published.get(row[0], row[column]) != row[column]]

    assert [] == wrong
    assert len(calls.refused(machine)) > 60
    assert not [row for row in rows if row[column] == "-" and row[0] in published]


def test_a_container_without_user_namespaces(monkeypatch, tmp_path):
    """Where bubblewrap is installed and may not work, the next tier holds."""
    if not holds("landlock"):
        pytest.skip("this kernel has no Landlock")
    program = tmp_path / "bwrap"
    program.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    holds.cache_clear()
    found = strongest()
    monkeypatch.undo()
    holds.cache_clear()

    assert "landlock" == found


ALONE = """
import sys, types
package = types.ModuleType("cachesim")  # without what cachesim/__init__.py imports
package.__path__ = [sys.argv[1]]
sys.modules["cachesim"] = package
from cachesim.grading.sandbox import *
"""
ASKED = """
tier = strongest()
with box(tier, Limits(), [("", "def f(): return 7")]) as made:
    print(tier, made.ask(do="call", name="f", arguments=[]))
"""


def alone(code, program=sys.executable, **options):
    """Run code with the sandbox's module in another process; return what it printed."""
    folder = str(Path(sandbox.__file__).parents[1])
    command = [program, "-c", ALONE + code, folder]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", **options)

    assert 0 == done.returncode, done.stderr
    return done.stdout.split(maxsplit=1)


def test_an_ordinary_user_has_a_sandbox():
    """As root this is tried as nobody, with a Python that nobody can read; else all tests here say it."""
    if not any(map(holds, STRONG)):
        pytest.skip("no sandbox that grades works here")
    nobody, program = {}, sys.executable
    if os.geteuid() == 0:
        nobody = {"user": 65534, "group": 65534, "extra_groups": []}
        program = "/usr/bin/python3"
        if not os.path.exists(program) or any(
            not path.stat().st_mode & 1 for path in Path(sandbox.__file__).parents
        ):
            pytest.skip("this user's Python and this folder are root's alone")
    tier, answer = alone(ASKED, program, **nobody)

    assert tier in STRONG
    assert "{'value': 7}" == answer.strip()


def test_where_unix_calls_are_missing():
    """As on Windows: no process groups, no user ids, fewer signals; the lowest tier answers, and ends late code."""
    missing = """
import os, pathlib, select, signal
from cachesim.grading import owed
sys.platform, owed.PROC = "win32", pathlib.Path("/none")
for name in ("killpg", "geteuid", "setsid", "fork", "wait4"): delattr(os, name)
del signal.SIGXCPU, select.poll
"""
    late = """
with box(tier, Limits(wall=0.5), [("", "x = 1")]) as made:
    try: made.ask(do="load", parts=[("", "while True: pass")])
    except Unsettled as error: print(error.then, error)
"""
    tier, rest = alone(missing + ASKED + late)

    assert "rlimits" == tier
    assert ["{'value': 7}", "timed out no answer within 0.5 s of wall time"] == rest.splitlines()


def test_limits_where_they_cannot_be_set(monkeypatch):
    """Windows has no `resource`; macOS refuses some limits: the others are set. Linux refuses none."""
    monkeypatch.syspath_prepend(sandbox.BOX)
    import limits

    def refuses(what, bound):
        if what == "memory":
            raise ValueError("current limit exceeds maximum limit")
        tried.append(what)

    tried = []
    mac = SimpleNamespace(RLIMIT_AS="memory", RLIMIT_CPU="cpu", setrlimit=refuses)
    monkeypatch.setitem(sys.modules, "resource", None)
    windows = limits.limit_resources(1, 1)
    monkeypatch.setitem(sys.modules, "resource", mac)
    monkeypatch.setattr(sys, "platform", "darwin")

    assert windows is False
    assert limits.limit_resources(1, 1) is True
    assert ["cpu"] == tried
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(ValueError, match="exceeds"):
        limits.limit_resources(1, 1)
