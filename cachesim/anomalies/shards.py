"""Anomalies of shards: the slots are dealt evenly, but the requests are not."""

from __future__ import annotations

from functools import cache
from itertools import count

import numpy as np

from cachesim.anomalies.anomaly import Anomaly
from cachesim.anomalies.effects import mean_read
from cachesim.anomalies.worlds import world
from cachesim.engines.redis.engine import Redis
from cachesim.measure.checks import even_load
from cachesim.model.app import App
from cachesim.model.distributions import Constant
from cachesim.model.events import Steps
from cachesim.model.fleet import Shards
from cachesim.model.node import Node
from cachesim.model.popularity import Zipf
from cachesim.model.strategies import LazyLoading
from cachesim.model.strategies.base import Load
from cachesim.model.workload import OpenLoop, key_name
from cachesim.spec import Count
from cachesim.theory import sharded_wait
from cachesim.units import MIB, US


class HotKeyCopies(LazyLoading):
    """Lazy loading of a read-only table: each of the `hottest` keys has a copy on every one of `shards` shards."""

    hottest: Count = 5
    shards: Count = 10

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Ask a random copy of a hot key; a copy that is not there is filled from the row of the key."""
        if key > key_name(self.hottest - 1):
            return (yield from super().read(app, key, load))
        copies = copies_of(key, self.shards)
        copy = copies[int(app.random() * len(copies))]
        value = yield app.cache.get(copy)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(copy, value)
        return value


@cache
def copies_of(key: str, shards: int) -> list[str]:
    """Name one copy of a key per shard: numbers are put behind the key until each shard has one.

    >>> copies_of("user:1", 3)
    ['user:1#2', 'user:1#1', 'user:1#0']
    """
    find, names = Shards(shards).finder(), dict[int, str]()
    for number in count():
        if len(names) == shards:
            return [names[place] for place in range(shards)]
        name = f"{key}#{number}"
        names.setdefault(find(name), name)
    raise AssertionError


def hot_shard() -> Anomaly:
    """Describe A11: one key is so popular that its shard is full while the others rest."""
    shards, keys, skew, service, load = 10, 1000, 1.2, 1e-4, 0.88
    popularity = Zipf(keys=keys, skew=skew)
    find = Shards(shards).finder()
    places = [find(key_name(number)) for number in range(keys)]
    shares = np.bincount(places, popularity.probabilities(), shards)
    rate = load / service / float(shares.max())
    base = world(reads=1.0, duration=3, warmup=0.3, start="warm", strategy=LazyLoading())
    base = base.replace(node=Node(service=Constant(value=service), per_byte=0, per_key=0))
    base = base.replace(cache=Redis(memory=8 * MIB), fleet=Shards(shards))
    base = base.replace(workload=OpenLoop(rate=rate, reads=1.0, popularity=popularity))
    return Anomaly(
        id="A11",
        name="hot shard",
        story="a third of the requests goes to one of ten shards; it is busy for 88 % of the time, the others for 20 %",
        shows=base,
        cure=base.replace(strategy=HotKeyCopies(shards=shards)),
        cured_by="a copy of each of the five hottest keys on every shard",
        effect=mean_read,
        unit="s, the mean of a read",
        formula="service + leg + F17: Σ share · ρs / (2(1 - ρ)), ρ = rate · s · share; hot share ≈ p₁ + (1 - p₁)/n",
        predicted=service + US + sharded_wait(rate, service, shares),
        cured_to=1.3 * service,
        check=even_load,
    )
