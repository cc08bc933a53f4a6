"""The rules that driving an unmodified server's time must keep, one test or more each."""

import os
import random
import signal
import sys

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.base import START
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.errors import ServerFailed
from cachesim.live.memcached_server import MemcachedServer
from cachesim.live.process import ServerProcess
from cachesim.live.redis_server import RedisServer
from cachesim.units import MIB

HOUR = 3600.0  # seconds


def test_a_ttl_ends_in_simulated_time(server, clock):
    """A key with a TTL of 100 s lives at 99 s and is gone at 101 s."""
    server.set("a", b"1", ttl=100)
    clock.advance(99)
    at_99 = server.get("a")
    clock.advance(2)

    assert (b"1", None) == (at_99, server.get("a"))


def test_the_server_tells_the_simulations_time(redis, clock):
    """TIME is START plus the simulation's clock, to the microsecond."""
    clock.advance(12.345678)

    assert [b"%d" % (START + 12), b"345678"] == redis.execute(("TIME",))


def test_rule_1_the_lru_clock_of_redis_follows_the_cron(redis, clock):
    """OBJECT IDLETIME counts simulated seconds, over a short silence and over hours."""
    redis.set("a", b"1")
    idle = []
    for silence in (0.05, 5, 3 * HOUR):
        clock.advance(silence)
        idle.append(redis.execute(("OBJECT", "IDLETIME", "a")))

    assert [0, 5, 5 + 3 * HOUR] == idle


def test_rule_1_the_lfu_counter_decays_by_the_minute(start, clock):
    """A counter of 5 has fallen to 0 after five simulated minutes, and to 3 after two."""
    redis = start(RedisServer(policy="allkeys-lfu"))
    redis.set("a", b"1")
    counts = []
    for silence in (0, 121, 180):
        clock.advance(silence)
        counts.append(redis.execute(("OBJECT", "FREQ", "a")))

    assert [5, 3, 0] == counts


def test_rule_2_the_second_of_memcached_keeps_its_phase(memcached, clock):
    """An item is dead iff floor(now) >= floor(time of set) + ttl: 2,000 random sets and looks."""
    draw = random.Random(5)
    wrong = 0
    for number in range(2000):
        ttl = draw.randint(1, 4)
        stored = clock()
        memcached.set(f"k{number}", b"1", ttl=ttl)
        clock.advance(draw.random() * 5)
        lives = memcached.get(f"k{number}") is not None
        wrong += lives != (int(clock()) < int(stored) + ttl)

    assert 0 == wrong


def test_rule_3_every_tick_of_the_cron_is_run(redis, clock):
    """After 10 s of silence active expiry has removed nearly all of 5,000 dead keys unasked."""
    for number in range(5000):
        redis.set(f"k{number}", b"1", ttl=1)
    clock.advance(11)

    assert len(redis) < 0.1 * 5000  # a cycle rests when at most 10 % of what it sees is dead
    assert 5000 == len(redis) + redis.expirations


def test_rule_3_a_tick_comes_when_the_rounded_time_says_so(redis, clock):
    """A sum of floats just short of a tick is that tick, in the server and in the embedded engine."""
    embedded = Redis().build(clock, random.Random(1).random)
    clock.advance(0.05)
    for engine in (redis, embedded):
        engine.execute(("SET", "a", 1, "EXAT", START))
    clock.advance(0.049999999)
    held = []
    for engine in (redis, embedded):
        engine.execute(("PING",))
        held.append(engine.execute(("DBSIZE",)))

    assert [0, 0] == held


def test_rule_4_sigterm_waits_for_the_cron(redis, clock):
    """After SIGTERM a server runs until its time passes a tick; then the engine reports it."""
    os.kill(redis.process.child.pid, signal.SIGTERM)
    redis.set("a", b"1")
    clock.advance(10)

    with pytest.raises(ServerFailed, match=r"redis-server ended .*start it again"):
        redis.get("a")


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-ttl"])
def test_rule_5_frozen_time_is_deterministic(start, policy):
    """The same seed evicts the same keys, byte for byte, twice; another seed evicts others."""

    def held(seed):
        clock = ManualClock()
        redis = start(RedisServer(memory=MIB, policy=policy), seed, at=clock)
        draw = random.Random(3)
        for _ in range(8000):
            clock.advance(0.001)
            redis.set(f"k{draw.randrange(12_000)}", b"x" * 100, draw.random() * 1e4)
        return redis.evictions, sorted(redis.execute(("KEYS", "*")))

    once, again, other = held(1), held(1), held(2)

    assert once == again
    assert once != other
    assert once[0] > 500


def test_rule_6_each_server_has_its_own_time(start):
    """Two servers in one process: moving one does not move the other."""
    early, late = ManualClock(), ManualClock(1000.0)
    first, second = start(RedisServer(), at=early), start(RedisServer(), at=late)
    early.advance(500)

    assert [b"%d" % (START + 500), b"0"] == first.execute(("TIME",))
    assert [b"%d" % (START + 1000), b"0"] == second.execute(("TIME",))


STARTER = """
import select, socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
select.select([], [], [], 0.3)  # real time: what a server does between listening and its event loop
started = time.time()
events = select.epoll()
events.register(listener, select.EPOLLIN)
events.poll(1.0)
talk, _ = listener.accept()
events.register(talk, select.EPOLLIN)
while True:
    if any(fd == talk.fileno() for fd, _ in events.poll(1.0)) and talk.recv(100):
        talk.sendall(b"%d\\r\\n" % started)
"""


def test_time_stands_still_until_a_server_has_started():
    """A timer that it sets late in its start counts from there, whenever the clock is moved first."""
    start, moved = 5_000_000_000, 7_000_000_000
    process = ServerProcess(lambda path: [sys.executable, "-c", STARTER, path], start=start, seed=1)
    process.move(moved)
    process.send(b"when?")
    told = process.line()
    process.close()

    assert b"5" == told


TICKER = """
import select, socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
talk, _ = listener.accept()
events = select.epoll()
events.register(talk, select.EPOLLIN)
seen = []
while not any(fd == talk.fileno() for fd, _ in events.poll(1.0)):
    seen.append(int(time.time()))
    if seen[-1] == 13:
        sys.exit("thirteen")
talk.sendall(b"%r\\r\\n" % seen)
"""
SECONDS = 1_000_000_000


def ticker():
    """Start a server that notes each time at which its event loop wakes; thirteen ends it."""
    command = lambda path: [sys.executable, "-c", TICKER, path]  # noqa: E731
    return ServerProcess(command, start=5 * SECONDS, seed=1)


def test_a_server_takes_several_times_one_after_the_other():
    """One move of the clock may have many stops: the server's timers run at each, and then it waits."""
    process = ticker()
    process.move(*(second * SECONDS for second in range(6, 12)))
    process.move(20 * SECONDS)
    process.move(21 * SECONDS, 25 * SECONDS)
    process.send(b"which?")
    told = process.line()
    process.close()

    assert [*range(6, 12), 20, 21, 25] == [at for at in eval(told) if at > 5]


def test_a_server_that_ends_between_two_times():
    """The simulation sleeps until the last stop, and is not left waiting."""
    process = ticker()

    with pytest.raises(ServerFailed, match="thirteen"):
        process.move(*(second * SECONDS for second in range(6, 20)))


@pytest.mark.parametrize("seed", range(3))
def test_the_threads_of_memcached_work_at_simulated_time(start, clock, seed):
    """Every round of the maintainer falls between the same two commands as in the embedded engine."""
    spec = {"memory": 2 * MIB, "item_size_max": MIB // 2}
    real, draw = start(MemcachedServer(**spec)), random.Random(seed)
    embedded = Memcached(**spec).build(clock, draw.random)
    rounds, names = [], ("lru_maintainer_juggles", "lru_crawler_starts", "uptime", "evictions")
    for number in range(4000):
        clock.advance(draw.choice([0, 1e-4, 1e-3, 0.3 * (draw.random() < 0.03)]))
        key = f"k{int(draw.paretovariate(0.6)) % 4000}"
        if embedded.get(key) is None:
            embedded.set(key, b"x" * 600, 5)
        if real.get(key) is None:
            real.set(key, b"x" * 600, 5)
        if number % 100 == 0:
            told = [engine.execute(("stats",)) for engine in (embedded, real)]
            rounds.append([[stats[name] for name in names] for stats in told])

    assert [] == [pair for pair in rounds if pair[0] != pair[1]]


def test_memcached_evicts_at_the_limit(start, clock):
    """2 MiB of 100-byte items: pages times what a page holds, give or take the pages of other classes."""
    memcached = start(MemcachedServer(memory=2 * MIB))
    for number in range(20_000):
        clock.advance(0.001)
        memcached.set(f"key{number}", b"x" * 100)

    assert 2 * MIB == memcached.memory
    assert 20_000 == len(memcached) + memcached.evictions
