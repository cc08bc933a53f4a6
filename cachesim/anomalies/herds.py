"""Anomalies of herds: many clients miss at once, and the database gets the load that the cache should take."""

import math
from collections.abc import Iterator
from itertools import chain

from cachesim.anomalies.anomaly import Anomaly
from cachesim.anomalies.effects import loads_per_herd, peak_queries
from cachesim.anomalies.worlds import world
from cachesim.measure.checks import absent_keys_are_known, no_pulse, one_load_a_herd
from cachesim.measure.metrics import db_queries_per_s
from cachesim.model.popularity import Uniform
from cachesim.model.strategies import Jitter, LazyLoading, NegativeCaching, SingleFlight
from cachesim.model.workload import OpenLoop, TimedRequest
from cachesim.spec import fields_of
from cachesim.theory import herd, jittered_expiries, negative_misses


def thundering_herd() -> Anomaly:
    """Return A6: a hot key expires, and every read that comes during its load loads it too."""
    reads, load = 200.0, 0.2
    base = world(load=load, keys=4, reads=reads, duration=31, warmup=1, sample_every=1.0)
    return Anomaly(
        id="A6",
        name="thundering herd",
        story="a hot key expires; R1 misses and asks the database; until it has filled, all others miss too",
        shows=base.replace(strategy=LazyLoading(ttl=1)),
        cure=base.replace(strategy=SingleFlight(inner=LazyLoading(ttl=1))),
        cured_by="single flight",
        effect=loads_per_herd,
        unit="queries per expiry",
        formula="F5: 1 + reads · load time",
        predicted=herd(reads, load),
        cured_to=1.05,
        check=one_load_a_herd,
    )


class LoadedTogether(OpenLoop):
    """Every key is read once when the run begins; then requests arrive as in an open loop."""

    def requests(self, seed: int) -> Iterator[TimedRequest]:
        """Yield one read of every key at once, and then the arrivals."""
        at_once = ((0.0, "read", key) for key in self.keys_loaded())
        return chain(at_once, super().requests(seed))


def synchronised_ttl() -> Anomaly:
    """Return A7: keys that were filled together expire together."""
    keys, ttl, share = 2000, 20.0, 0.2
    workload = LoadedTogether(rate=float(keys), reads=1.0, popularity=Uniform(keys=keys))
    base = world(keys=keys, reads=1.0, duration=24.5, warmup=10, sample_every=1.0)
    base = base.replace(workload=workload)
    return Anomaly(
        id="A7",
        name="synchronised TTL",
        story="a batch fills many keys at once with one TTL; they expire in the same instant",
        shows=base.replace(strategy=LazyLoading(ttl=ttl)),
        cure=base.replace(strategy=Jitter(inner=LazyLoading(ttl=ttl), share=share)),
        cured_by="jitter of ±20 % of the TTL",
        effect=peak_queries,
        unit="queries/s in the worst second",
        formula="keys · (1 - e^(-reads · 1 s)); with jitter F20: keys / (2 · share · TTL)",
        predicted=keys * (1 - math.exp(-1.0)),
        cured_to=1.25 * jittered_expiries(keys, ttl, share),
        check=no_pulse,
    )


class AbsentRows(OpenLoop):
    """Requests for keys that have no row."""

    def keys_loaded(self) -> list[str]:
        """Return no keys: nothing is loaded."""
        return []

    def requests(self, seed: int) -> Iterator[TimedRequest]:
        """Yield the requests of an open loop with the same fields."""
        return OpenLoop(**fields_of(self)).requests(seed)


def penetration() -> Anomaly:
    """Return A30: requests for rows that do not exist always miss."""
    reads, keys, ttl = 20.0, 50, 10.0
    workload = AbsentRows(rate=keys * reads, reads=1.0, popularity=Uniform(keys=keys))
    base = world(keys=keys, reads=reads, duration=40, warmup=20, sample_every=1.0)
    base = base.replace(workload=workload)
    return Anomaly(
        id="A30",
        name="cache penetration",
        story="R asks for a row that does not exist: miss, query, nothing to fill; and again, and again",
        shows=base.replace(strategy=LazyLoading(ttl=ttl)),
        cure=base.replace(strategy=NegativeCaching(inner=LazyLoading(ttl=ttl), negative_ttl=ttl)),
        cured_by="negative caching",
        effect=db_queries_per_s,
        unit="queries/s",
        formula="the rate of such requests; F31: Σ reads / (1 + reads · TTL) once absence is cached",
        predicted=keys * reads,
        cured_to=1.5 * keys * negative_misses(reads, ttl),
        check=absent_keys_are_known,
    )
