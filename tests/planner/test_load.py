"""What a load asks of a node: by hand, and of the embedded engine."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput
from cachesim.planner.load import Load
from cachesim.records import Value
from cachesim.wire.resp_replies import encode


@pytest.mark.parametrize(("keys", "key_size", "value_size"), [(1024, 12, 500), (5000, 40, 100)])
def test_the_memory_is_what_the_engine_counts(keys, key_size, value_size):
    """With as many keys of that size; at rest, or while its table grows (which 5000 keys have just caused)."""
    engine = Redis(memory=2**30).build(ManualClock(), lambda: 0.5)
    for number in range(keys):
        engine.set(str(number).zfill(key_size), Value.stamp(0, value_size))
    load = Load(keys=keys, key_size=key_size, value_size=value_size)

    assert engine.memory <= load.memory(1) <= 1.02 * engine.memory


def test_a_core_by_hand():
    """1000 requests per second of 10 µs and 500 bytes of a nanosecond each: 10.5 ms of work per second."""
    load = Load(rate=1000, keys=1, writes=0.2)

    assert load.busy(1, 1) == pytest.approx(0.0105)
    assert load.replace(read_from="replica").busy(1, 3) == pytest.approx(0.0105 * (0.2 + 0.8 / 2))
    assert load.replace(read_from="nearest").busy(1, 5) == pytest.approx(0.0105 * (0.2 + 0.8 / 5))
    assert load.replace(hit_ratio=0.5).busy(1, 1) == pytest.approx(0.0105 * 1.4)  # 0.4 are filled


def test_the_network_by_hand():
    """GET of a 12-byte key is 4+9+19 bytes and a packet's 66; the reply 508 and 66; SET 32+508+66; +OK 5+66."""
    load = Load(rate=1000, keys=1, writes=0.5)
    get, value, set_, ok = 32 + 66, 508 + 66, 32 + 508 + 66, 5 + 66

    assert load.message == {"get": get, "value": value, "set": set_, "ok": ok}
    one = 1000 * 8 / 1e9
    assert load.gbps(1, 1) == pytest.approx(one * max((get + set_) / 2, (value + ok) / 2))
    assert load.gbps(1, 2) == pytest.approx(one * (value + set_ + ok) / 2)  # and to a replica
    near = load.replace(read_from="replica")
    assert near.gbps(1, 2) == pytest.approx(one * (get + set_) / 2)  # into the replica


@pytest.mark.parametrize(("key_size", "value_size"), [(1, 1), (9, 10), (250, 1000), (12, 4000)])
def test_messages_are_those_of_the_wire(key_size, value_size):
    """As the server's own encoder writes them, in packets of 1448 bytes."""
    key, value = b"k" * key_size, b"v" * value_size
    payload = {
        "get": encode([b"GET", key]), "set": encode([b"SET", key, value]), "value": encode(value),
        "ok": b"+OK\r\n",
    }  # fmt: skip
    sizes = {name: len(data) + 66 * -(-len(data) // 1448) for name, data in payload.items()}

    assert sizes == Load(key_size=key_size, value_size=value_size).message


def test_zones_by_hand():
    """Two thirds of all requests leave one of three zones; with near reads, two thirds of the writes."""
    far = Load(zones=3, writes=0.1)
    near = far.replace(read_from="nearest")

    assert [2 / 3, 2 / 3, 0.2 / 3] == pytest.approx(
        [far.crossing(2), near.crossing(1), near.crossing(2)]
    )
    assert 0.0 == Load().crossing(1)
    assert Load().round_trip(1) < near.round_trip(2) < far.round_trip(2)


def test_a_zone_must_be_one_of_several():
    """Or there is nothing that survives."""
    with pytest.raises(BadInput, match=r"Load\.zones must be at least 2 to survive"):
        Load(survive="zone")
