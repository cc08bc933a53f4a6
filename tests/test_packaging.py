"""What a newcomer meets first: bare make, the environment, the lock."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import cachesim
from cachesim.live import preload
from cachesim.traces import SAMPLES

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
RUN_LOCK = (ROOT / "requirements.run.lock").read_text(encoding="utf-8")  # what `make compare` needs

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
needs_sh = pytest.mark.skipif(shutil.which("sh") is None, reason="there is no POSIX shell")


def entries(lock):
    """Return the lock's entries as (pin, hashes), comments left out."""
    lines = (line for line in lock.splitlines() if not line.lstrip().startswith("#"))
    joined = "\n".join(lines).replace("\\\n", " ")
    found = [line.split("--hash=") for line in joined.splitlines() if line]
    return [(Requirement(pin), [one.strip() for one in hashes]) for pin, *hashes in found]


def locked(lock=LOCK):
    """Return the pinned versions by name, one or more per name: Pythons may need different ones."""
    pins: dict[str, list[Requirement]] = {}
    for pin, _ in entries(lock):
        pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def direct_requirements():
    """List the dependencies in pyproject.toml, without the project's own extras."""
    extras = PROJECT["optional-dependencies"].values()
    every = [*PROJECT["dependencies"], *(text for extra in extras for text in extra)]
    return [r for r in map(Requirement, every) if r.name != PROJECT["name"]]


def make(*arguments):
    """Return the output of make at the root of the project, run as if by hand."""
    outer = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "ARGS", "VENV"}
    clean = {name: value for name, value in os.environ.items() if name not in outer}
    command = ["make", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=clean, capture_output=True, text=True, check=True
    ).stdout


@needs_make
def test_bare_make_lists_every_target_with_a_line():
    """Bare make names every target that a user may call, each with what it does."""
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = re.findall(r"^  (\w+) +\S.{10,}$", make(), re.MULTILINE)

    assert phony is not None
    assert phony[1].split() == listed
    assert {"compare", "test"} <= set(listed)


@needs_make
def test_compare_and_test_are_the_commands_promised():
    """`make compare` ends in `cachesim compare`, `make test` runs the checks and then the tests."""
    compare, test = (make("--dry-run", target).splitlines() for target in ("compare", "test"))

    assert ".venv/bin/cachesim compare" == compare[-1].strip()
    assert [] == [
        tool
        for tool in ("ruff check", "ruff format --check", "mypy", "codespell", "pytest")
        if not any(tool in line for line in test)
    ]


@pytest.mark.parametrize("wanted", direct_requirements(), ids=str)
def test_the_lock_has_every_direct_dependency(wanted):
    """Each dependency has a lower bound, and the lock pins it to versions that keep the bound."""
    pins = locked().get(canonicalize_name(wanted.name), [])

    assert ">=" in {bound.operator for bound in wanted.specifier}
    assert pins
    for pin in pins:
        assert ["=="] == [bound.operator for bound in pin.specifier]
        assert all(wanted.specifier.contains(bound.version) for bound in pin.specifier)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_the_lock_gives_one_version_on_every_platform(python, system):
    """Whatever the platform and the Python, no package is pinned twice, and numpy is pinned."""
    here = default_environment() | {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": system,
        "os_name": "nt" if system == "win32" else "posix",
    }
    chosen = {
        name: [pin for pin in pins if pin.marker is None or pin.marker.evaluate(here)]
        for name, pins in locked().items()
    }

    assert [] == [name for name, pins in chosen.items() if len(pins) > 1]
    assert 1 == len(chosen["numpy"])


def test_the_lock_names_no_host():
    """The lock says which versions, never from where: no index, no link, no path."""
    settings = [
        line
        for line in (LOCK + RUN_LOCK).splitlines()
        if re.match(r"\s*-(?!-hash=)|.*(://|\bfile:)", line)
    ]

    assert [] == settings


@pytest.mark.parametrize("lock", [LOCK, RUN_LOCK], ids=["all", "run"])
def test_every_pin_has_hashes(lock):
    """A file that was changed after it was locked is refused."""
    hashes = {pin.name: found for pin, found in entries(lock)}

    assert len(hashes) > 15
    assert [] == [name for name, found in hashes.items() if not found]
    assert all(
        re.fullmatch("sha256:[0-9a-f]{64}", one) for found in hashes.values() for one in found
    )


def test_the_two_locks_agree():
    """What the main job needs, and what builds the package, in the versions that the tests ran with."""
    every, few = (
        {(pin.name, str(pin.specifier)): found for pin, found in entries(lock)}
        for lock in (LOCK, RUN_LOCK)
    )
    needed = {Requirement(text).name for text in [*PROJECT["dependencies"], "setuptools"]}

    assert few == {pin: every.get(pin) for pin in few}
    assert needed <= set(locked(RUN_LOCK))
    assert len(locked(RUN_LOCK)) < len(locked()) / 4


def test_the_version_is_the_same_everywhere():
    """The installed package and, if it has one, `cachesim.__version__` tell pyproject's version."""
    try:
        installed = version(PROJECT["name"])
    except PackageNotFoundError:
        installed = PROJECT["version"]  # run from the source tree without an installation

    assert PROJECT["version"] == installed
    assert PROJECT["version"] == getattr(cachesim, "__version__", PROJECT["version"])


@pytest.fixture
def preflight(tmp_path):
    """Return a callable that runs scripts/venv.sh with a fake Python, alone on its machine."""

    def run(body):
        fake = tmp_path / "python-of-the-test"
        fake.write_text(f"#!/bin/sh\n{body}\n")
        fake.chmod(0o755)
        return subprocess.run(
            [shutil.which("sh"), str(ROOT / "scripts" / "venv.sh"), str(tmp_path / "env")],
            env={**os.environ, "PYTHON": str(fake), "PATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )

    return run


OLD = 'case "$*" in --version) echo "Python 3.9.2";; *) exit 1;; esac'
# A Python that is new enough, but fails to import ensurepip and has no virtualenv.
BARE = 'case "$*" in *version_info*) exit 0;; *) exit 1;; esac'
BROKEN = 'case "$*" in *"-m venv"*) exit 1;; *) exit 0;; esac'


@needs_sh
@pytest.mark.parametrize(
    ("body", "problem", "next_step"),
    [
        (OLD, "Python 3.11 or newer is needed, found Python 3.9.2", "make PYTHON="),
        ("exit 127", "Python 3.11 or newer is needed, found none", "make PYTHON="),
        (BARE, "cannot make virtual environments", "apt install python3-venv"),
        (BROKEN, "no virtual environment could be made", "see the lines above"),
    ],
    ids=["old", "none", "no ensurepip", "broken"],
)
def test_a_machine_that_lacks_something_gets_one_sentence(preflight, body, problem, next_step):
    """One line on stderr that names what is missing and what to do; a code that stops make."""
    answer = preflight(body)

    assert 1 == answer.returncode
    assert "" == answer.stdout
    assert 1 == len(answer.stderr.splitlines()), answer.stderr
    assert answer.stderr.startswith("cachesim: ")
    assert problem in answer.stderr
    assert next_step in answer.stderr


@needs_sh
def test_virtualenv_stands_in_for_a_missing_ensurepip(preflight, tmp_path):
    """Without ensurepip, but with virtualenv, an environment is made all the same."""
    made = tmp_path / "env" / "bin"
    copy = f'mkdir -p "{made}"; cp "$0" "{made}/python"'
    cases = f'case "$*" in *ensurepip*) exit 1;; *"-m virtualenv"*--clear*) {copy};; esac'
    answer = preflight(f"PATH=/usr/bin:/bin; {cases}")

    assert (0, "", "") == (answer.returncode, answer.stdout, answer.stderr)
    assert (made / "python").exists()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return the names of the files in a wheel that was built from a copy of the sources."""
    copy = tmp_path_factory.mktemp("wheel")
    shutil.copytree(
        ROOT / "cachesim", copy / "cachesim", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    build = "from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    told = subprocess.run(
        [sys.executable, "-c", build], cwd=copy, capture_output=True, text=True, check=True
    ).stdout
    with zipfile.ZipFile(copy / told.split()[-1]) as made:
        return {name: made.getinfo(name).file_size for name in made.namelist()}


def test_the_sources_of_the_preloaded_library_are_shipped(wheel):
    """A wheel has the C files of the clock that real servers run on."""
    assert {f"cachesim/live/{name}" for name in preload.SOURCES} <= set(wheel)


def test_the_real_traces_are_shipped_with_their_licence(wheel):
    """A wheel has every sample trace, and says whose they are."""
    names = [f"cache2k_{name}.trace.xz" for name in SAMPLES] + ["LICENSE-cache2k.txt"]
    data = ROOT / "cachesim" / "data"

    assert {name: (data / name).stat().st_size for name in names} == {
        name: wheel.get(f"cachesim/data/{name}") for name in names
    }
    assert any(name.endswith("licenses/cachesim/data/LICENSE-cache2k.txt") for name in wheel)
