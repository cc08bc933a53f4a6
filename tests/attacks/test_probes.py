"""The probes, on each tier, as each kind of user: from inside nothing is within reach, and nothing stays."""

import json
import os
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from cachesim.grading import sandbox
from tests.attacks.probes import EVERYWHERE, STRONG, code_of

FOLDER = Path(sandbox.__file__).parent
MACHINE = platform.machine()
NUMBERS = {"x86_64": {"CLONE": 56, "GETRLIMIT": 97}, "aarch64": {"CLONE": 220, "GETRLIMIT": 163}}
SYSTEM = "/usr/bin/python3"  # a Python that every user can read
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}
USERS = {  # the program, and as whom it is started
    "this user": (sys.executable, {}),
    "root, with a Python for all": (SYSTEM, {}),
    "an ordinary user": (SYSTEM, NOBODY),
}
ALONE = """
import json, sys, time, types
package = types.ModuleType("cachesim")  # without what cachesim/__init__.py imports
package.__path__ = [sys.argv[1]]
sys.modules["cachesim"] = package
from cachesim.grading.sandbox import *
"""
PROBE = """
found = {}
for tier in [tier for tier in TIERS if holds(tier)]:
    found[tier] = {}
    for name, code in probes.items():
        try:
            with box(tier, Limits(cpu=30, wall=100.0), [("", code)]) as made:
                found[tier][name] = made.ask(do="call", name="f", arguments=[])["value"]
        except Exception as error: found[tier][name] = repr(error)
print(json.dumps(found))
"""


@pytest.fixture(autouse=True)
def _on_linux():
    if not sys.platform.startswith("linux") or MACHINE not in NUMBERS:
        pytest.skip("the probes are for Linux on x86_64 and aarch64")


def probes():
    """Return every probe as code, with the numbers of this machine."""
    sys.path.insert(0, str(sandbox.BOX))
    import calls

    sys.path.remove(str(sandbox.BOX))
    names = {"FOLDER": str(FOLDER), "REFUSED": calls.refused(MACHINE), **NUMBERS[MACHINE]}
    names["O_TMPFILE"] = getattr(os, "O_TMPFILE", 0)
    return {name: code_of(body, names) for name, body in {**EVERYWHERE, **STRONG}.items()}


@cache
def found_by(user):
    """Return the finding of each probe, on each tier that this user has."""
    program, whom = USERS[user]
    code = ALONE + f"probes = json.loads({json.dumps(probes())!r})\n" + PROBE
    command = [program, "-c", code, str(FOLDER.parent)]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", **whom)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


def possible(user):
    """Skip a user that cannot be tried here."""
    if user == "this user":
        return
    closed = [path for path in FOLDER.parents if not path.stat().st_mode & 1]
    if os.geteuid() != 0 or not os.path.exists(SYSTEM) or closed:
        pytest.skip("only root can become another user, and that user must be able to read this")


@pytest.mark.parametrize("name", [*EVERYWHERE, *STRONG])
@pytest.mark.parametrize("tier", sandbox.TIERS)
@pytest.mark.parametrize("user", USERS)
def test_nothing_is_within_reach(user, tier, name):
    """Not root, no right, no other process, no network, nothing to write; in the strong tiers nothing to read."""
    possible(user)
    if tier == "rlimits" and name in STRONG:
        pytest.skip("this tier does not close files")
    if tier not in found_by(user):
        pytest.skip(f"the tier {tier} does not work here")

    assert [] == found_by(user)[tier][name]
