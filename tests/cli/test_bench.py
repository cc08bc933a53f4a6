"""`cachesim bench`: a row for each peer, a sentence for what is missing."""

from cachesim.cli import bench, bench_replay
from cachesim.cli.peers import ours, textbook
from tests.cli.calls import call


def test_the_model_has_the_figures_of_the_twin():
    """Clients, keys, service times and the rest, written down twice, are equal."""
    assert textbook.CLIENTS == ours.CLIENTS
    for name in ("KEYS", "ITEMS", "READS", "SKEW", "THINK", "CACHE_SERVICE", "DB_SERVICE"):
        assert getattr(textbook, name) == getattr(ours, name)
    assert (textbook.CONNECTIONS, textbook.SIZE) == (ours.CONNECTIONS, ours.SIZE)


def test_every_subject_has_its_row():
    """A closed and an open loop, ours first with ratio 1, then the textbook, Ciw and the bare event."""
    done = call("bench", "--rounds", "1", "--requests", "400", "--json")

    assert 0 == done.code, done.err
    answer = done.json
    closed, opened = ([row["name"] for row in s["rows"]] for s in answer["sections"][:2])
    assert "cachesim" == closed[0] == opened[0]
    assert "textbook SimPy, with SQLite" in closed
    assert "textbook SimPy, with SQLite" in opened
    assert "Ciw (queues only, no cache)" in opened
    assert [1.0, 1.0] == [s["rows"][0]["ratio"] for s in answer["sections"][:2]]
    assert all(row["seconds"] > 0 for s in answer["sections"][:2] for row in s["rows"])
    assert {"machine", "python", "date"} <= set(answer)


def test_replays_stand_beside_libcachesim():
    """LRU, SIEVE, LFU, the optimum, Redis's sampling and curves, each with its speed and its peer's."""
    rows = {row.subject: row for row in bench_replay.rows(2000, 1)}

    for own, peer in bench_replay.PAIRS.items():
        assert peer == rows[own].peer
        assert rows[own].ratio > 0
        assert rows[f"{peer}, at its best hash power"].requests_per_s > 0
    assert rows["replay into Simple with LRU, in Python"].requests_per_s > 0
    assert [4] * len(rows) == [len(bench_replay.cells(row)) for row in rows.values()]


def test_without_extras_replays_say_what_to_install(monkeypatch):
    """What runs in Python is measured all the same."""
    monkeypatch.setattr(bench_replay, "find_spec", lambda name: None)
    monkeypatch.setattr(bench_replay, "is_installed", lambda: False)
    rows = bench_replay.rows(2000, 1)

    assert [False, False, True, True] == [row.requests_per_s is None for row in rows]
    assert "needs libcachesim: pip install 'cachesim-lab[bench]'" == rows[-1].missing


def test_a_missing_peer_says_what_to_install():
    """What cannot be imported is a row with a sentence, and the others are measured."""

    def absent(requests):
        raise ModuleNotFoundError("No module named 'ciw'", name="ciw")

    subjects = [bench.Subject("ours", lambda requests: 1e-6), bench.Subject("Ciw", absent)]
    rows = bench.measure(subjects, 10, 2)

    assert ["", "needs ciw: pip install 'cachesim-lab[bench]'"] == [row.missing for row in rows]
    assert [1.0, None] == [row.ratio for row in rows]
