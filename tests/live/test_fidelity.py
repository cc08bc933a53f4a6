"""The embedded engines against the real servers on the standard set: 100,000 requests, the middle size of each.

Everything is seeded, and the servers' time and threads are the simulation's: each run is the same.
The whole set, at three sizes and up to a million requests, is in docs/background/fidelity.md.
"""

import random

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput
from cachesim.live.memcached_server import MemcachedServer
from cachesim.live.redis_server import RedisServer
from cachesim.units import MIB
from cachesim.validate.fidelity import cases, compared, standard, ttl_from_text, twin

REQUESTS = 100_000
# Each seventh case: every policy and every trace is among them. `cachesim fidelity` plays all.
CASES = [case for number, case in enumerate(standard("", REQUESTS)) if number % 7 == 1]


def named(case):
    return f"{case.policy}, {case.requests.name}".replace(" ", "_")


@pytest.mark.parametrize("number", range(len(CASES)), ids=map(named, CASES))
def test_the_standard_set(start, traces, number):
    """Memcached does exactly what the server does; Redis hits within 0.3 pp, memory and evictions within 1 %."""
    case = [case for n, case in enumerate(standard(str(traces), REQUESTS)) if n % 7 == 1][number]
    start(twin(case.spec)).close()
    row = compared(case)
    embedded, real = row.embedded, row.real

    assert row.memory_diff_percent <= (1 if row.engine == "redis" else 0)
    if row.engine == "memcached":
        assert embedded._replace(version="") == real._replace(version="")
        return
    assert abs(row.hit_ratio_diff_pp) <= 0.3
    assert abs(embedded.evictions - real.evictions) <= 0.01 * (real.evictions + real.items)
    assert embedded.items == pytest.approx(real.items, rel=0.01)


@pytest.mark.parametrize("kind", [(Redis, RedisServer), (Memcached, MemcachedServer)])
def test_what_is_alive(start, kind):
    """10,000 looks at keys with random TTLs, at random times: dead in one engine is dead in the other."""
    clock, draw = ManualClock(), random.Random(11)
    embedded, real = kind[0]().build(clock, draw.random), start(kind[1](), at=clock)
    differ = []
    for number in range(10_000):
        key, ttl = (
            f"k{draw.randrange(300)}",
            draw.choice([draw.randint(1, 5), draw.uniform(0.001, 5)]),
        )
        if draw.random() < 0.5:
            embedded.set(key, b"1", ttl)
            real.set(key, b"1", ttl)
        clock.advance(draw.choice([0.0, 0.001, draw.random(), draw.random() * 3]))
        key = f"k{draw.randrange(300)}"
        if embedded.get(key) != real.get(key):
            differ.append((number, key, clock()))

    assert [] == differ


def test_the_volatile_policies_get_ttls():
    """Without TTLs they would evict nothing; where TTLs are asked for these are kept."""
    (with_none,) = cases(["redis"], ["volatile-lru"], [MIB], CASES[0].requests._replace(ttl=""))
    (asked,) = cases(["redis"], ["volatile-lru"], [MIB], CASES[0].requests._replace(ttl="60"))

    assert ("100:2000", "60") == (with_none.requests.ttl, asked.requests.ttl)


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "5:", "9:5", "1.5"])
def test_bad_ttls(text):
    """One sentence that shows both ways to give a TTL."""
    with pytest.raises(BadInput, match="a TTL is whole seconds"):
        ttl_from_text(text)


def test_an_unknown_policy_is_one_sentence():
    """It lists the policies of the engines asked for."""
    with pytest.raises(BadInput, match='"lru" is unknown; choose from segmented, flat'):
        cases(["memcached"], ["lru"], [MIB], CASES[0].requests)
