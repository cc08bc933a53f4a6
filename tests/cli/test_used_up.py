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
FILES = 'has too many files open; raise its limit ("ulimit -n")'
COMPARE = ["compare", "--engine=simple", "--duration=12", "--warmup=2"]
CASES = {  # what is limited, to how much, the command, what is said
    "memory": (
        resource.RLIMIT_AS,
        1_200_000_000,
        ["run", "big.toml"],
        "there is not enough memory",
    ),
    "files": (resource.RLIMIT_NOFILE, 5, ["run", "small.toml"], FILES),
    "pipes to workers": (resource.RLIMIT_NOFILE, 12, COMPARE, FILES),
}


@posix
@pytest.mark.parametrize("name", CASES)
def test_a_limit_of_the_machine(name, tmp_path):
    """Reached in the middle of a run."""
    limited, most, words, sentence = CASES[name]
    (tmp_path / "big.toml").write_text(BIG)
    (tmp_path / "small.toml").write_text(SMALL)
    ended = subprocess.run(
        [*COMMAND, *words],
        cwd=tmp_path,
        env={
            **environment(),
            "LOKY_MAX_CPU_COUNT": "2",
            "OPENBLAS_NUM_THREADS": "1",
        },  # each thread of OpenBLAS takes 8 MB of addresses
        preexec_fn=lambda: resource.setrlimit(limited, (most, most)),
        capture_output=True,
        text=True,
    )

    assert (2, 1) == (ended.returncode, len(ended.stderr.splitlines())), ended.stderr
    assert sentence in ended.stderr
    assert {"big.toml", "small.toml"} == {p.name for p in tmp_path.rglob("*") if p.is_file()}
