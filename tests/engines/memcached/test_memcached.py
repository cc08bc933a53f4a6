"""memcached 1.6 by its own rules: slabs, the segmented LRU, the 1-second clock, the quirks of its commands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachesim.clock import ManualClock
from cachesim.engines.base import START
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.memcached.slabs import PAGE, Slabs, chunk_sizes
from cachesim.engines.memcached.table import MONTH
from cachesim.errors import CommandError
from cachesim.replay import replay
from cachesim.theory import zipf
from cachesim.units import MIB


def test_39_classes():
    """96 bytes, then a quarter more each, aligned to 8, and half a page last."""
    sizes = chunk_sizes(1.25)

    assert len(sizes) == 39
    assert [96, 120, 152, 192, 240, 304, 384, 480, 600, 752, 944, 1184] == sizes[:12]
    assert sizes[-1] == PAGE // 2
    assert all(size % 8 == 0 for size in sizes)


@pytest.mark.parametrize("size", [1, 96, 97, 120, 121, 524_288])
def test_the_class_of_a_size_is_the_smallest_that_fits(size):
    """The chunk holds the item, and the class below would not."""
    slabs = Slabs(MIB, 1.25)
    slab = slabs.class_of(size)

    assert slab.chunk >= size
    assert slab.number == 1 or slabs.classes[slab.number - 2].chunk < size


@pytest.mark.parametrize(("memory", "value", "flags"), [(1, 100, 0), (2, 100, 1), (4, 3000, 0)])
def test_capacity_is_pages_times_chunks(memory, value, flags):
    """48 header, 8 CAS, key, 1, 4 if flags, value, 2; as many as the pages' chunks hold."""
    server = Memcached(memory=memory * MIB).build(ManualClock(), float)
    for n in range(30_000):
        server.execute(("set", f"key:{n:08d}", flags, 0, b"x" * value))
    size = 48 + 8 + 12 + 1 + 4 * flags + value + 2
    chunk = next(c for c in chunk_sizes(1.25) if c >= size)

    assert memory * (PAGE // chunk) == len(server)
    assert memory * MIB == server.memory


def test_a_class_without_a_page_gets_one_past_the_limit(server):
    """Three sizes, one page of memory: three pages."""
    for size in (10, 1000, 10_000):
        server.set(f"key:{size}", b"x" * size)

    assert 3 * PAGE == server.memory


def test_the_segments(server, clock):
    """New items are HOT; with COLD empty all that is a second old sinks there; used twice they rise to WARM.

    To rise they wait for the maintainer, who comes a little later.
    """
    for n in range(100):
        server.set(f"key:{n}", b"x" * 100)

    assert {"hot"} == {item.segment.name for item in server.items.values()}

    clock.advance(1)
    server.set("new", b"x" * 100)

    server.get("key:5")

    assert {"cold"} == {server.items[f"key:{n}"].segment.name for n in range(100)}
    assert server.items["new"].segment.name == "hot"

    server.get("key:5")

    assert server.items["key:5"].segment.name == "cold"

    clock.advance(1)
    server.get("key:6")

    assert server.items["key:5"].segment.name == "warm"


def test_flat_lru_bumps_once_a_minute(clock):
    """A hit moves an item to the head only if that was not done in the last 60 seconds."""
    server = Memcached(memory=MIB, segmented=False).build(clock, float)
    for key in "abc":
        server.set(key, b"x")
    server.get("a")
    lru = server.items["a"].segment.lru

    assert ["a", "b", "c"] == [item.key for item in lru.cold.items()]

    clock.advance(61)
    server.get("a")

    assert ["b", "c", "a"] == [item.key for item in lru.cold.items()]


@given(st.floats(0, 5), st.integers(1, 4), st.floats(0, 8))
def test_the_one_second_clock(stored, ttl, waited):
    """An item is dead iff floor(now) >= floor(time stored) + ttl."""
    clock = ManualClock(stored)
    server = Memcached().build(clock, float)
    server.set("a", b"x", ttl)
    clock.advance(waited)
    dead = np.floor(clock()) >= np.floor(stored) + ttl

    assert dead == (server.get("a") is None)


def test_expiration_times(server, clock):
    """Negative is past, up to 30 days relative, beyond a date; touch and gat set it again."""
    server.execute(("set", "past", 0, -1, b"x"))
    server.execute(("set", "date", 0, START + 50, b"x"))
    server.execute(("set", "month", 0, MONTH, b"x"))
    server.set("long", b"x", ttl=MONTH + 100.0)

    assert server.get("past") is None
    clock.advance(49)
    assert server.get("date") == b"x"
    assert server.execute(("touch", "date", 100)) == "TOUCHED"
    clock.advance(50)
    assert server.execute(("gat", 0, "date")) == b"x"
    assert server.execute(("touch", "nobody", 1)) == "NOT_FOUND"
    assert server.execute(("gat", 1, "nobody")) is None
    clock.advance(MONTH - 99)
    assert server.get("month") is None
    assert server.get("long") == b"x"
    clock.advance(100)
    assert server.get("long") is None
    assert server.get("date") == b"x"


def test_the_crawler(server, clock):
    """What has expired is removed within a minute or so although nobody asks for it."""
    for n in range(50):
        server.set(f"key:{n}", b"x", 5)
    server.set("stays", b"x")
    clock.advance(130)
    server.get("stays")

    assert ["stays"] == list(server.items)
    assert server.expirations == 50


def test_a_large_item_is_chained(server):
    """A header in a small chunk, a full piece of the largest class and a last one that fits what remains."""
    server.set("big", b"x" * 600_000)
    item = server.items["big"]
    rest = 600_002 - (524_288 - 48)

    assert [48 + 8 + 4 + 48, 524_288, rest + 48] == [
        size
        for size, (slab, _) in zip([108, 524_288, rest + 48], item.chunks(), strict=True)
        if slab is server.slabs.class_of(size)
    ]

    server.delete("big")

    assert all(len(slab.free) == slab.per_page * len(slab.pages) for slab in server.slabs.classes)


def test_statistics(server):
    """General numbers, slabs and items."""
    server.execute(("set", "a", 0, 0, b"x" * 40))
    server.execute(("get", "a"))
    server.execute(("get", "b"))
    server.execute(("delete", "a"))
    server.execute(("delete", "a"))
    server.execute(("set", "a", 0, 0, b"x" * 40))
    stats = server.execute(("stats",))

    assert (1, 1, 2) == (stats["get_hits"], stats["get_misses"], stats["cmd_set"])
    assert (1, 1) == (stats["delete_hits"], stats["delete_misses"])
    assert (1, 48 + 8 + 1 + 1 + 40 + 2) == (stats["curr_items"], stats["bytes"])
    slabs = server.execute(("stats", "slabs"))
    assert (120, 1, 1) == (slabs["2:chunk_size"], slabs["2:used_chunks"], slabs["2:total_pages"])
    assert server.execute(("stats", "items"))["items:2:number"] == 1
    assert server.execute(("version",)) == "1.6.18"
    assert server.execute(("verbosity", 1)) == "OK"
    with pytest.raises(CommandError, match="ERROR"):
        server.execute(("stats", "nonsense"))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["set", "get", "delete", "wait"]),
            st.integers(0, 30),
            st.sampled_from([0, 3000, 90_000]),
        ),
        max_size=80,
    )
)
def test_hash_lists_and_chunks_agree(steps):
    """After any commands every item is in one list, and the chunks in use are the items'."""
    clock = ManualClock()
    server = Memcached(memory=MIB).build(clock, float)
    for step, key, size in steps:
        if step == "wait":
            clock.advance(0.3)
        elif step == "set":
            server.set(f"key:{key}", b"x" * size, 2 if key % 3 else 1000)
        else:
            getattr(server, step)(f"key:{key}")

        listed = [
            item.key for lru in server.lrus for segment in lru.segments for item in segment.items()
        ]
        assert sorted(listed) == sorted(server.items)
        for slab in server.slabs.classes:
            used = [
                chunk
                for item in [*server.items.values(), *server.bumps]
                for owner, chunk in item.chunks()
                if owner is slab
            ]
            assert len(slab.pages) * slab.per_page == len({*used, *slab.free})


def test_segments_beat_a_flat_list():
    """Zipf .99 over 20,000 keys, one page: the segmented LRU hits more than the flat one; seed fixed."""
    rng = np.random.default_rng(42)
    places = np.searchsorted(np.cumsum(zipf(20_000, 0.99)), rng.random(60_000))
    keys = [f"key:{n:08d}" for n in places.tolist()]
    found = [
        replay(keys, Memcached(memory=MIB, segmented=segmented), bounds=False).hit_ratio
        for segmented in (True, False)
    ]

    assert found[0] > found[1] + 0.01
