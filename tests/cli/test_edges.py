"""What surrounds a command: a closed or full output, Ctrl-C before it has begun, folders that cannot be written."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "cachesim"]
INTERRUPTED = (130, "cachesim: interrupted; nothing was half-written\n")

posix = pytest.mark.skipif(
    sys.platform == "win32", reason="signals and closed files as POSIX has them"
)


def run(*words, path="", **how):
    """Return exit code and stderr of a command line that is a process of its own."""
    found = subprocess.run(
        [*COMMAND, *words],
        env={**os.environ, "PYTHONPATH": f"{path}{os.pathsep}{ROOT}"},
        stderr=subprocess.PIPE,
        text=True,
        **{"stdout": subprocess.DEVNULL, **how},
    )
    return found.returncode, found.stderr


@posix
@pytest.mark.parametrize("library", ["simpy", "click"])  # by the package, and by the commands
def test_ctrl_c_while_it_imports(library, tmp_path):
    """One sentence and exit 130, wherever among the imports the key is pressed."""
    pressed = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nraise ImportError\n"
    (tmp_path / f"{library}.py").write_text(pressed)
    listening = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}

    assert INTERRUPTED == run("exercise", "list", path=tmp_path, **listening)


@posix
def test_a_program_that_imports_the_package_keeps_its_own_ctrl_c(tmp_path):
    """Only our command line ends with the sentence; elsewhere it is a KeyboardInterrupt, as always."""
    (tmp_path / "simpy.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    program = "try:\n    import cachesim\nexcept KeyboardInterrupt:\n    print('caught')"
    found = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )

    assert ("caught\n", "") == (found.stdout, found.stderr)


@posix
def test_nobody_reads_the_output():
    """As in `cachesim exercise list | head -0`: one sentence, exit 2."""
    reading, writing = os.pipe()
    os.close(reading)
    told = run("exercise", "list", cwd=ROOT, stdout=writing)
    os.close(writing)

    assert (2, "cachesim: the output was closed before all of it was printed\n") == told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full is Linux's")
def test_the_output_is_on_a_full_disk():
    """One sentence, exit 2."""
    with open("/dev/full", "w") as full:
        told = run("exercise", "list", cwd=ROOT, stdout=full)

    assert (2, "cachesim: the output cannot be used (No space left on device)\n") == told


@posix
def test_there_is_no_output_at_all():
    """As in `cachesim exercise list >&-`: one sentence, exit 2, rather than a result that nobody gets."""
    code, told = run("exercise", "list", cwd=ROOT, stdout=None, preexec_fn=lambda: os.close(1))

    assert 2 == code
    assert "cachesim: the standard output is closed; leave it open, or send it to a file\n" == told


@posix
@pytest.mark.parametrize("word", ["start", "predict a", "hint", "check", "reset"])
def test_a_disk_that_fills_up_leaves_nothing_half_written(word, tmp_path):
    """One sentence, exit 2, no temporary file; what was there is as it was. (No file may grow here.)"""
    import resource

    (tmp_path / "01_lru.py").write_text((ROOT / "exercises/01_lru/lab.py").read_text())
    (tmp_path / ".cachesim").mkdir()
    (tmp_path / ".cachesim" / "exercises.json").write_text('{"01": {"predicted": "b"}}')
    before = listed(tmp_path)
    name, *more = word.split()
    full = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))}
    code, told = run("exercise", name, "1", *more, cwd=tmp_path, **full)

    assert (2, 1) == (code, len(told.splitlines())), told
    assert "cannot be written (File too large)" in told
    assert before == listed(tmp_path)


def listed(folder):
    """Return name -> content of every file below a folder, but for the lock."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): path.read_text() for path in files}
