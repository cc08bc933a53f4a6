"""What a machine has no more of: one sentence, exit 2, no traceback."""

import subprocess

import pytest

from tests.cli.test_processes import COMMAND, environment, posix

resource = pytest.importorskip("resource")

BIG = """
duration = 3
warmup = 1
[workload]
kind = "open-loop"
[workload.popularity]
kind = "zipf"
keys = 4
[workload.size]
kind = "constant"
value = 4e8
"""
SMALL = "duration = 3\nwarmup = 1\n"
CASES = {  # what is limited, to how much, the scenario, what is said
    "memory": (resource.RLIMIT_AS, 1_200_000_000, BIG, "there is not enough memory; lower the keys"),
    "open files": (resource.RLIMIT_NOFILE, 5, SMALL, 'has too many files open; raise its limit ("ulimit -n")'),
}  # fmt: skip


@posix
@pytest.mark.parametrize("name", CASES)
def test_a_limit_of_the_machine(name, tmp_path):
    """Reached in the middle of a run."""
    limited, most, scenario, sentence = CASES[name]
    (tmp_path / "s.toml").write_text(scenario)
    ended = subprocess.run(
        [*COMMAND, "run", "s.toml"],
        cwd=tmp_path,
        env={**environment(), "OPENBLAS_NUM_THREADS": "1"},  # each thread takes 8 MB of addresses
        preexec_fn=lambda: resource.setrlimit(limited, (most, most)),
        capture_output=True,
        text=True,
    )

    assert (2, 1) == (ended.returncode, len(ended.stderr.splitlines())), ended.stderr
    assert sentence in ended.stderr
    assert ["s.toml"] == [path.name for path in tmp_path.rglob("*") if path.is_file()]
