"""Anomalies of messages: nobody keeps them for a subscriber who is away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cachesim.anomalies.anomaly import Anomaly
from cachesim.anomalies.worlds import world
from cachesim.engines.redis.engine import Redis
from cachesim.errors import ConnectionLost
from cachesim.measure.checks import lost_writes
from cachesim.measure.metrics import select
from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import Strategy
from cachesim.records import Value
from cachesim.spec import Delay

if TYPE_CHECKING:
    import pandas as pd

ORDERS, TAKEN = "orders", "orders:taken"
PAUSE = 0.01  # seconds between two looks into an empty queue


class Announced(Strategy):
    """A write publishes an order, and a worker that listens commits it. The worker goes away once, and comes back."""

    leaves: Delay = 2.0  # seconds: when the worker goes away
    away: Delay = 4.0  # seconds until it is back

    def read(self, app: App, key: str) -> Steps:
        """Ask the database."""
        return (yield app.db.read(key))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Publish the order; the write is acknowledged when the cache has sent it on."""
        yield app.cache.publish(ORDERS, order(key, value))

    def start(self, app: App) -> Steps:
        """Listen, go away, and listen again."""
        listening = yield app.cache.subscribe(ORDERS)
        app.spawn(self._leave(app, listening))
        yield from self.work(app, listening)
        yield app.timeout(self.away)
        yield from self.work(app, (yield app.cache.subscribe(ORDERS)))

    def work(self, app: App, listening: Any) -> Steps:
        """Commit what comes, until the subscription is closed."""
        while True:
            try:
                _, text = yield listening.message()
            except ConnectionLost:
                return
            yield app.db.write(*read_order(text))

    def _leave(self, app: App, listening: Any) -> Steps:
        yield app.timeout(self.leaves)
        listening.close()


class Queued(Announced):
    """The same with a list as a queue: an order stays until a worker has committed it and says so."""

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Put the order into the queue."""
        yield app.cache.execute("LPUSH", ORDERS, order(key, value))

    def start(self, app: App) -> Steps:
        """Take an order, commit it, and remove it; go away once."""
        began = app.now
        while True:
            text = yield app.cache.execute("LMOVE", ORDERS, TAKEN, "RIGHT", "LEFT")
            if text is None:
                yield app.timeout(PAUSE)
                continue
            yield app.db.write(*read_order(text))
            yield app.cache.execute("LREM", TAKEN, 1, text)
            if began <= self.leaves <= app.now:
                began = app.now  # only once
                yield app.timeout(self.away)


def order(key: str, value: Value) -> bytes:
    """Make the text of a message."""
    return key.encode() + b" " + value


def read_order(text: bytes) -> tuple[str, Value]:
    """Split the text of a message.

    >>> read_order(order("key:00000007", Value.stamp(3, size=20)))
    ('key:00000007', Value(write=3, 20 bytes))
    """
    key, _, value = text.partition(b" ")
    return key.decode(), Value(value)


def unseen(history: pd.DataFrame) -> float:
    """Count the acknowledged orders that nobody committed."""
    writes = select(history, "write")
    return float((writes["version"].isna() & writes["error"].isna()).sum())


def lost_messages() -> Anomaly:
    """Return A29: a subscriber is away for a while, and what is published meanwhile is lost."""
    rate, away = 200.0, 4.0
    base = world(keys=1, writes=rate, duration=10.0, warmup=0.0).replace(cache=Redis())
    return Anomaly(
        id="A29",
        name="pub/sub loss",
        story="the only subscriber is away for 4 s; each message of that time goes to nobody, and never comes again",
        shows=base.replace(strategy=Announced(away=away)),
        cure=base.replace(strategy=Queued(away=away)),
        cured_by="a list as a queue: LMOVE takes an order, LREM acknowledges it after the commit",
        effect=unseen,
        unit="orders lost",
        formula="rate · d: the messages of the d seconds in which the subscriber is away",
        predicted=rate * away,
        cured_to=0.0,
        check=lost_writes,
    )
