"""INFO's average TTL after a silence: to the millisecond that of a real server."""

import pytest

from cachesim.engines.redis.engine import Redis


@pytest.mark.parametrize("silence", [0.1, 1, 5, 30, 100, 1000, 5000])
def test_after_a_silence(redis, clock, silence):
    """Keys of very different TTLs, none of which ends meanwhile."""
    ours = Redis().build(clock, lambda: 0.5)
    for server in (redis, ours):
        for number in range(12):
            server.execute(("SET", f"k{number}", "x", "PX", 9_000_000 + number * 777_001))
    clock.advance(silence)
    for server in (redis, ours):
        server.execute(("PING",))

    assert redis.execute(("INFO", "keyspace")) == ours.execute(("INFO", "keyspace"))
