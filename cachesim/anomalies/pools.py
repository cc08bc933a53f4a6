"""Anomalies of pools: a node dies, or a node joins, and the database gets the reads."""

from __future__ import annotations

import numpy as np

from cachesim.anomalies.anomaly import Anomaly
from cachesim.anomalies.effects import between, load_factor, misses
from cachesim.anomalies.worlds import world
from cachesim.engines.memcached.engine import Memcached
from cachesim.measure.checks import no_pulse
from cachesim.model.faults import AddNode, Eject, KillNode
from cachesim.model.fleet import Pool
from cachesim.model.routes import Ketama, Modulo, Route
from cachesim.model.strategies import Jitter, LazyLoading
from cachesim.model.workload import key_name
from cachesim.theory import cold_node_reads, node_loss_load
from cachesim.units import MIB


def lost_node() -> Anomaly:
    """Describe A9: one of four nodes dies, and its keys have no cache."""
    at, window, nodes, keys = 40.0, 5.0, 4, 544  # node-3 keeps exactly a quarter of these keys
    reads, ttl = 1.9, 10.0  # so that 19 of 20 reads hit
    spread = Jitter(inner=LazyLoading(ttl=ttl), share=0.5)  # no key expires with another
    base = world(keys=keys, reads=reads, duration=at + window, warmup=20, sample_every=0.5)
    base = base.replace(cache=Memcached(memory=8 * MIB), strategy=spread)
    base = base.replace(fleet=Pool(nodes), faults=(KillNode("node-3", at=at),))
    hit_ratio = reads * ttl / (1 + reads * ttl)
    return Anomaly(
        id="A9",
        name="loss of a node",
        story="one of four nodes dies; its clients ask it for ever; each read of its keys goes to the database",
        shows=base,
        cure=base.replace(fleet=Pool(nodes, eject=Eject(failures=2), gutter=1, gutter_ttl=ttl)),
        cured_by="ejection after two failures: a spare node, the gutter, stands in for the dead one",
        effect=load_factor(at, window),
        unit="times the load before",
        formula="P8c: (1 - h + h/n) / (1 - h), n nodes with even shares, h = .95",
        predicted=node_loss_load(hit_ratio, nodes),
        cured_to=1.6,
        check=no_pulse,
    )


def rehash_storm() -> Anomaly:
    """Describe A10: a tenth node joins, and nearly every key has another node."""
    at, window, keys, reads, nodes = 3.0, 1.0, 2000, 1.0, 9
    base = world(keys=keys, reads=reads, duration=at + window, warmup=1, sample_every=0.5)
    base = base.replace(cache=Memcached(memory=8 * MIB), strategy=LazyLoading(), start="warm")
    base = base.replace(fleet=Pool(nodes, route=Modulo()), faults=(AddNode(at=at),))
    cold = np.full(moved(Modulo(), nodes, keys), 1 / keys)
    rate = reads * keys
    return Anomaly(
        id="A10",
        name="rehash storm",
        story="a tenth node joins; hash mod 10 is not hash mod 9, so nine keys in ten are sought where they are not",
        shows=base,
        cure=base.replace(fleet__route=Ketama()),
        cured_by="a ring (ketama): only the keys of the new node move",
        effect=between(at, at + window, misses),
        unit="of the reads miss in the first second",
        formula="P4: n/(n+1) of the keys move; P8: each misses until it is read, (1 - e^(-λt)) / λt of its reads",
        predicted=cold_node_reads(cold, rate, window) / (rate * window),
        cured_to=0.1,
        check=no_pulse,
    )


def moved(route: Route, nodes: int, keys: int) -> int:
    """Count the keys that change their node when one joins `nodes`; `keys` are looked at.

    >>> moved(Modulo(), 9, 1000), moved(Ketama(), 9, 1000)
    (897, 99)
    """
    before, after = (Pool(count, route=route).finder() for count in (nodes, nodes + 1))
    return sum(before(key) != after(key) for key in map(key_name, range(keys)))
