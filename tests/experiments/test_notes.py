"""What a result says of refused commands: in its table, in its notes, and not where it would mislead."""

import math

import pytest

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.experiments.compare import compare
from cachesim.experiments.notes import NOTHING_EVICTED, note_on_refusals
from cachesim.experiments.run import run
from cachesim.experiments.sweep import sweep
from cachesim.measure.history import select_requests
from cachesim.measure.metrics import misses
from cachesim.model.distributions import Exponential
from cachesim.model.faults import KillNode
from cachesim.model.faults.nodes import CrashCache
from cachesim.model.fleet import Pool, Shards
from cachesim.model.strategies.lazy import NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario

FULL = Redis(memory=200_000, policy="noeviction")
SHORT = Scenario(duration=5, warmup=2)


def test_a_result_says_that_stores_were_refused():
    """How many misses that made; the table has the commands refused, and the kind of miss."""
    result = run(SHORT.replace(cache=FULL))
    kinds = misses(result.measured)
    refused, missed = kinds["refused"], sum(kinds.values())

    assert [f"stores refused: memory full ({refused:,} of {missed:,} misses)"] == result.notes
    assert 0 < refused < missed
    assert result.notes[0] in str(result)
    assert result.notes[0] in result._repr_html_()
    assert "refused " in next(line for line in str(result).splitlines() if "by kind" in line)
    assert 0 < result.metrics["cache_errors"]
    assert 0 == result.metrics["error_ratio"]


@pytest.mark.parametrize(
    ("cache", "why"),
    [
        (Simple(memory=60), "larger than the whole cache"),
        (Memcached(item_size_max=100), "memory full, or too large for an item"),
    ],
    ids=repr,
)
def test_each_engine_says_why_it_refuses(cache, why):
    """A value larger than all that may be stored."""
    assert run(SHORT.replace(cache=cache)).notes[0].startswith(f"stores refused: {why} (")


def test_a_comparison_says_it_of_the_case_that_it_is_about():
    """And does not say that engines cannot differ there."""
    results = compare(
        SHORT, cache={"full": FULL, "large": Redis()}, replications=2, n_jobs=1, progress=None
    )
    told = {note.split(":")[0]: note.split(": ", 1)[1] for note in results.notes}

    assert told["full"].startswith("stores refused: memory full (")
    assert NOTHING_EVICTED == told["large"]
    assert 0 < results.interval(0, "cache_errors").mean
    assert 0 == results.interval(1, "cache_errors").mean


def test_a_sweep_keeps_no_histories_and_says_what_it_knows():
    """How many commands, the mean over the runs."""
    results = sweep(SHORT.replace(cache=FULL), seed=[1, 2], replications=1, n_jobs=1)

    assert all("commands that the cache refused or did not answer: " in n for n in results.notes)
    assert 2 == len(results.notes)


class Wrong(NoCache):
    """Sends a command that there is not."""

    def read(self, app, key):
        yield app.cache.execute("NONSENSE")
        return (yield app.db.read(key))


def test_a_command_that_was_refused_for_another_reason_is_no_refused_store():
    """Its number is told, not a reason."""
    notes = run(SHORT.replace(strategy=Wrong(), cache=Redis())).notes

    assert any(n.startswith("commands that the cache refused or did not answer: ") for n in notes)
    assert not any("stores refused" in note for note in notes)


def test_an_outage_is_told_as_a_fault():
    """Commands that a crash left without an answer are no refusals."""
    crash = SHORT.replace(faults=(CrashCache(at=3, down=1),))
    result = run(crash)

    assert 0 < result.metrics["cache_errors"]
    assert not any("refused" in note for note in result.notes)


def test_nothing_refused_is_nothing_told():
    """Nor is what was not measured."""
    assert (
        []
        == list(note_on_refusals(SHORT, 0.0, None))
        == list(note_on_refusals(SHORT, math.nan, None))
    )


# --- fleets

KILLED = Scenario(
    strategy=WriteThrough(), cache=Redis(), workload=OpenLoop(rate=200, reads=0.5),
    fleet=Shards(3, replicas=1, node_timeout=2.0, lag=Exponential(mean=0.3)), duration=15, warmup=1,
    faults=(KillNode("shard-0 primary", at=5),),
)  # fmt: skip


def test_a_run_of_a_fleet_says_what_its_nodes_did():
    """Shares, redirects, lost writes: each in one line, with the numbers of the frames."""
    result = run(KILLED)
    shares, redirects, lost = result.notes_on_fleet
    requests = select_requests(result.measured)
    most = requests["node"].value_counts(normalize=True)

    assert shares.startswith(f"first gets answered by: {most.index[0]} {most.iloc[0]:.1%}, ")
    assert redirects.startswith(f"redirects: {int(requests['hops'].sum())}, in ")
    assert lost.startswith(f"lost writes: {len(result.lost_writes)} of ")
    assert " keys, 0 of them the only copy; " in lost  # write-through
    assert all(note in str(result) for note in result.notes_on_fleet)


def test_a_comparison_says_it_of_the_first_run():
    """The same lines, made in the first replication of each case, which keeps all of its frames."""
    results = compare(KILLED, strategy=[WriteThrough()], replications=1, n_jobs=1)
    [first] = results.first_runs

    assert len(first.lost_writes) > 0
    assert len(first.nodes) > 0
    said = "\n".join(results.notes)
    assert all(f"{note} (first run)" in said for note in run(first.scenario).notes_on_fleet)


def test_of_many_nodes_the_busiest_and_the_idlest_are_named():
    """A line stays a line."""
    [note] = run(Scenario(cache=Redis(), fleet=Pool(12), duration=3, warmup=1)).notes_on_fleet

    assert note.endswith(" (12 nodes)")
    assert 6 == note.count("node-")


def test_one_node_has_nothing_to_say():
    """As before there were fleets."""
    assert [] == run(SHORT).notes_on_fleet
