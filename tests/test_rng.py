"""One seed, independent named streams."""

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from cachesim.rng import CHUNK, chunked, replica_seed, stream, uniform


def test_a_stream_depends_on_its_seed_and_its_name_only():
    """Made in any order, beside any others, drawn from before or not."""
    expected = stream(1, "keys").random(3).tolist()
    stream(1, "arrivals").random(100)
    np.random.default_rng().random()

    assert expected == stream(1, "keys").random(3).tolist()
    assert expected != stream(1, "sizes").random(3).tolist()
    assert expected != stream(2, "keys").random(3).tolist()


def test_the_draws_are_these():
    """The very numbers, so that a change of the generator is a change of every published result."""
    assert [0.253426, 0.204965, 0.802869] == stream(1, "keys").random(3).round(6).tolist()
    assert 1189033389 == replica_seed(1, 1)


def test_another_process_draws_the_same():
    """Names are hashed by CRC-32, not by hash()."""
    code = "from cachesim.rng import stream; print(stream(1, 'keys').random(3).tolist())"
    for hash_seed in ("0", "1"):
        there = subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )

        assert f"{stream(1, 'keys').random(3).tolist()}\n" == there.stdout


def test_streams_of_different_names_are_uncorrelated():
    """100,000 pairs: |r| < 2.576 / sqrt(n) (99 %), seed fixed; neighbouring seeds too."""
    n = 100_000
    draws = [stream(1, "a").random(n), stream(1, "b").random(n), stream(2, "a").random(n)]
    correlations = np.corrcoef(draws)[np.triu_indices(3, 1)]

    assert np.abs(correlations).max() < 2.576 / np.sqrt(n)


def test_chunks_leave_no_seam():
    """One by one is what the generator gives in bulk, as Python floats."""
    draws = list(islice(chunked(stream(1, "x").random), CHUNK + 2))
    rng = stream(1, "x")

    assert [*rng.random(CHUNK).tolist(), *rng.random(CHUNK)[:2].tolist()] == draws
    assert {float} == set(map(type, draws))


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_chunk_is_drawn_when_it_is_needed(size):
    """Not before the first draw, and one chunk at a time."""
    asked = []
    numbers = chunked(lambda n: asked.append(n) or np.zeros(n), size)

    assert [] == asked

    list(islice(numbers, size))

    assert [size] == asked


def test_uniform_is_a_callable():
    """As engines are handed one: floats in [0, 1)."""
    draw = uniform(1, "eviction")
    draws = [draw() for _ in range(10_000)]

    assert 0 <= min(draws) < 0.01 < 0.99 < max(draws) < 1
    assert draws[:2] == [draw() for draw in [uniform(1, "eviction")] for _ in range(2)]


def test_replica_seeds():
    """Replication 0 is the seed itself; all others differ, and from those of the next seed."""
    seeds = [replica_seed(seed, k) for seed in range(20) for k in range(50)]

    assert list(range(20)) == [replica_seed(seed, 0) for seed in range(20)]
    assert len(seeds) == len(set(seeds))
    assert {int} == set(map(type, seeds))
