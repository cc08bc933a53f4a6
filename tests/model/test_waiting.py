"""Commands that wait for a key, and transactions: by hand, with trips of 1 s."""

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput, CommandError
from cachesim.model.faults.nodes import CrashCache
from cachesim.model.fleet import Shards
from cachesim.model.strategies.lazy import NoCache
from tests.model.test_messages import played

CRASH = (CrashCache(at=900, down=1),)  # a system whose tiers may fail, in which nothing fails


class Worker(NoCache):
    """A write puts its key into a queue; a worker beside the requests takes what comes."""

    patience: float = 0.0  # seconds that the worker waits; 0: for ever

    def write(self, app, key, value):
        yield app.cache.execute("RPUSH", "queue", key)

    def start(self, app):
        took = app.shared["took"] = []
        while True:
            found = yield app.cache.execute("BLPOP", "queue", self.patience)
            took.append((app.now, found and found[1]))


@pytest.mark.parametrize("faults", [(), CRASH])
def test_a_worker_waits_and_gets_what_comes(faults):
    """Pushed at 5, there at 6, with the worker at 6.5. A second one is taken by the next call: a whole trip."""
    memory = played(Worker(), [(5, "a"), (0, "b"), (10, "c")], faults=faults)

    assert [(6.5, b"a"), (7.5, b"b"), (16.5, b"c")] == memory["took"]


def test_a_wait_ends_after_its_time():
    """Asked at 0 and answered at 1, it waits until 4; the next call, until 8; it ends with the run."""
    memory = played(Worker(patience=3.0), [(5.2, "a")])

    assert [(4.0, None), (6.7, b"a")] == memory["took"][:2]
    assert all(found is None for _, found in memory["took"][2:])


def test_while_a_client_waits_the_worker_of_the_cache_is_free():
    """Ten that wait for ever hold up nobody: a write takes a trip."""
    memory = played(Several(), [(5, "a")])

    assert [1.0] == memory["trips"]


class Several(Worker):
    """Ten workers."""

    def start(self, app):
        for _ in range(10):
            app.spawn(super().start(app))
        yield app.timeout(1)

    def write(self, app, key, value):
        began = app.now
        yield from super().write(app, key, value)
        app.shared.setdefault("trips", []).append(app.now - began)


class Mover(NoCache):
    """Waits to move an element into a key that holds a text."""

    def write(self, app, key, value):
        yield app.cache.execute("RPUSH", "queue", key)

    def start(self, app):
        yield app.cache.execute("SET", "text", "x")
        try:
            yield app.cache.execute("BLMOVE", "queue", "text", "LEFT", "RIGHT", 0)
        except CommandError as error:
            app.shared["error"] = app.now, str(error)


def test_a_command_that_fails_after_a_wait_fails_its_event():
    """Pushed at 5 and there at 6: the error needs half a trip."""
    moment, text = played(Mover(), [(5, "a")])["error"]

    assert 6.5 == moment
    assert text.startswith("WRONGTYPE")


class Shop(NoCache):
    """Each write is a buyer of the one item in stock: it reads the stock, and takes one if there is one."""

    way: str = "plain"

    def start(self, app):
        yield app.cache.execute("SET", "stock", 1)

    def write(self, app, key, value):
        while True:
            stock = yield app.cache.execute("GET", "stock")
            if int(stock) < 1:
                return
            sold = ("INCR", "sold"), ("DECR", "stock")
            watch = {"stock": stock} if self.way == "watch" else None
            app.shared.setdefault("trips", []).append(key)
            if (yield app.cache.transaction(*sold, watch=watch)) is not None:
                app.shared.setdefault("buyers", []).append(key)
                return


@pytest.mark.parametrize("faults", [(), CRASH])
@pytest.mark.parametrize(("way", "buyers", "trips"), [("plain", 3, 3), ("watch", 1, 3)])
def test_a_stock_of_one_and_three_buyers(way, buyers, trips, faults):
    """All three read 1. MULTI alone sells three; with the watch one buyer gets it, and two look again."""
    memory = played(Shop(way=way), [(5, "a"), (0.1, "b"), (0.1, "c")], faults=faults)

    assert (buyers, trips) == (len(memory["buyers"]), len(memory["trips"]))


class Broken(NoCache):
    """A transaction whose second command is wrong."""

    def write(self, app, key, value):
        commands = ("SET", "a", "x"), ("INCR", "a"), ("GET", "a")
        app.shared["replies"] = yield app.cache.transaction(*commands)


def test_a_command_that_fails_does_not_stop_the_others():
    """As EXEC: its error stands in the list of replies."""
    said, error, value = played(Broken(), [(1, "a")], cache=Redis())["replies"]

    assert ("OK", b"x") == (said, value)
    assert isinstance(error, CommandError)


def test_a_fleet_refuses_what_needs_one_node():
    """In one sentence that names the call."""
    with pytest.raises(
        BadInput, match=r"app\.cache\.transaction needs a cache of one node, got Shards"
    ):
        played(Broken(), [(1, "a")], fleet=Shards(2))
