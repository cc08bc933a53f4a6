"""Messages in the model: they come in order, nobody keeps them, and a slow subscriber is cut off."""

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput, ConnectionLost
from cachesim.model.choice import system_for
from cachesim.model.faults.base import Fault
from cachesim.model.messages import HARD, PATIENCE, SOFT, wire_size
from cachesim.model.strategies.lazy import NoCache
from cachesim.model.system import BESIDE
from tests.model.worlds import scripted


class Listens(NoCache):
    """One worker listens and notes what comes, and when; a write publishes its key."""

    channels: tuple = ("news",)
    size: float = 0  # bytes of a message beyond its key
    slow: float = 0.0  # seconds between two looks

    def write(self, app, key, value):
        heard = yield app.cache.publish("news", key + "." * int(self.size))
        app.shared.setdefault("heard", []).append(heard)

    def start(self, app):
        app.shared["listening"] = listening = yield app.cache.subscribe(*self.channels)
        app.shared["came"] = came = []
        if self.slow:
            yield app.timeout(self.slow)
        try:
            while True:
                channel, text = yield listening.message()
                came.append((app.now, channel, text.rstrip(b".").decode()))
        except ConnectionLost:
            came.append((app.now, "closed", ""))


class Late(Listens):
    """The worker begins at 5."""

    def start(self, app):
        yield app.timeout(5)
        yield from super().start(app)


class CutWorker(Fault):
    """For 10 s no packet comes to the work beside the requests."""

    def play(self, system):
        yield system.until(self.at)
        system.cache.hide(lambda user: user == BESIDE)
        yield system.until(self.at + 10)
        system.cache.hide(None)


def played(strategy, steps, **fields):
    """Play the writes (gap, key): a trip takes 1 s; return the memory of the process."""
    requests = [(float(gap), "write", key) for gap, key in steps]
    world = scripted(strategy, requests, **{"cache": Redis(memory=2**30), **fields})
    system = system_for(world)(world, lambda record: None, lambda *sample: None)
    system.run()
    return system.shared


def test_a_message_comes_to_who_listens():
    """Published at 5, it takes effect at 6, and needs half a trip to the subscriber."""
    memory = played(Listens(), [(5, "a")])

    assert [(6.5, "news", "a")] == memory["came"]
    assert [1] == memory["heard"]


def test_nobody_keeps_a_message():
    """The worker listens from 6 on. What takes effect before goes to nobody, and PUBLISH says so."""
    memory = played(Late(), [(1, "early"), (9, "late")])

    assert [0, 1] == memory["heard"]
    assert ["late"] == [text for _, _, text in memory["came"]]


def test_other_channels_are_not_heard():
    memory = played(Listens(channels=("sport",)), [(5, "a")])

    assert ([], [0]) == (memory["came"], memory["heard"])


def test_messages_stay_in_their_order():
    """A thousand at once."""
    memory = played(Listens(), [(5, "n0"), *((0, f"n{number}") for number in range(1, 1000))])

    assert [f"n{number}" for number in range(1000)] == [text for _, _, text in memory["came"]]


def test_a_cut_link_loses_messages_and_they_are_never_sent_again():
    """The worker's link is cut from 10 to 20, those of the others are not: of three messages one is lost."""
    memory = played(Listens(), [(5, "a"), (8, "b"), (12, "c")], faults=(CutWorker(at=10),))

    assert ["a", "c"] == [text for _, _, text in memory["came"]]
    assert 1 == memory["listening"].lost


def test_a_slow_subscriber_is_cut_off_at_the_hard_limit():
    """Each message has 8 MiB: the fourth is too much. All four are lost, and the connection is closed."""
    strategy = Listens(size=8 * 2**20, slow=500.0)
    memory = played(strategy, [(5, "a"), (1, "b"), (1, "c"), (1, "d"), (1, "e")])

    assert 4 == memory["listening"].lost
    assert [1, 1, 1, 1, 0] == memory["heard"]
    assert ["closed"] == [channel for _, channel, _ in memory["came"]]


@pytest.mark.parametrize(("slow", "arrive"), [(62.0, 3), (500.0, 0)])
def test_a_slow_subscriber_has_a_minute_at_the_soft_limit(slow, arrive):
    """8 MiB wait from 6 on. A message 62 s later closes the connection, unless the subscriber has taken the first."""
    memory = played(Listens(size=SOFT, slow=slow), [(5, "a"), (1, "b"), (61, "c")])
    texts = [text for _, channel, text in memory["came"] if channel == "news"]

    assert arrive == len(texts)
    assert 3 - arrive == memory["listening"].lost


def test_the_limits_are_those_of_the_server():
    """client-output-buffer-limit pubsub 32mb 8mb 60, and the bytes on the wire."""
    assert (32 * 2**20, 8 * 2**20, 60) == (HARD, SOFT, PATIENCE)
    assert wire_size(b"a" * 10, b"b" * 100) == len(
        b"*3\r\n$7\r\nmessage\r\n$10\r\n" + b"a" * 10 + b"\r\n$100\r\n" + b"b" * 100 + b"\r\n"
    )


def test_a_cache_without_channels_is_refused():
    with pytest.raises(BadInput, match=r"app\.cache\.subscribe needs the embedded Redis"):
        played(Listens(), [(5, "a")], cache=Simple())
