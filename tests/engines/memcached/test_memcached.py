"""memcached 1.6 by its own rules: slabs, the segmented LRU, the 1-second clock, the quirks of its commands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachesim.clock import ManualClock
from cachesim.engines.base import START
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.memcached.proto_text import answer
from cachesim.engines.memcached.slabs import PAGE, Slabs, chunk_sizes
from cachesim.engines.memcached.table import MONTH
from cachesim.errors import CommandError, OutOfMemory
from cachesim.replay import replay
from cachesim.theory import zipf
from cachesim.units import MIB


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def server(clock):
    return Memcached(memory=MIB).build(clock, float)


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
    """Negative is past, up to 30 days relative, beyond a date; touch and gat set it anew."""
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


def test_compare_and_swap(server):
    """Every store gives a new unique id, and only the present one swaps."""
    server.execute(("set", "a", 0, 0, b"1"))
    _, unique = server.execute(("gets", "a"))

    assert server.execute(("cas", "a", 0, 0, unique, b"2")) == "STORED"
    assert server.execute(("cas", "a", 0, 0, unique, b"3")) == "EXISTS"
    assert server.execute(("cas", "b", 0, 0, unique, b"3")) == "NOT_FOUND"
    assert server.execute(("gets", "a"))[1] > unique


def test_storing_on_conditions(server):
    """Add, replace, append and prepend do what they say, or NOT_STORED."""
    assert server.execute(("replace", "a", 0, 0, b"1")) == "NOT_STORED"
    assert server.execute(("append", "a", 0, 0, b"1")) == "NOT_STORED"
    assert server.execute(("add", "a", 5, 0, b"1")) == "STORED"
    assert server.execute(("add", "a", 0, 0, b"2")) == "NOT_STORED"
    server.execute(("append", "a", 0, 0, b"2"))
    server.execute(("prepend", "a", 0, 0, b"0"))
    assert server.get("a") == b"012"
    assert server.items["a"].flags == 5
    assert server.execute(("replace", "a", 0, 0, b"9")) == "STORED"


def test_counting(server):
    """Incr wraps at 64 bits and may grow, decr stops at 0 and keeps the length."""
    server.set("n", b"15")

    assert server.execute(("decr", "n", 100)) == 0
    assert server.get("n") == b"0 "
    assert server.execute(("incr", "n", 7)) == 7
    server.set("n", b"18446744073709551615")
    assert server.execute(("incr", "n", 2)) == 1
    assert server.execute(("incr", "nobody", 1)) == "NOT_FOUND"
    server.set("t", b"text")
    with pytest.raises(
        CommandError, match="CLIENT_ERROR cannot increment or decrement non-numeric value"
    ):
        server.execute(("incr", "t", 1))
    with pytest.raises(CommandError, match="CLIENT_ERROR invalid numeric delta argument"):
        server.execute(("incr", "n", "x"))


def test_refusals(server):
    """With the server's own texts."""
    with pytest.raises(CommandError, match="CLIENT_ERROR bad command line format"):
        server.execute(("get", "k" * 251))
    with pytest.raises(CommandError, match=r"^ERROR$"):
        server.execute(("fetch", "a"))
    with pytest.raises(CommandError, match="CLIENT_ERROR bad command line format"):
        server.execute(("set", "a", "x", 0, b"1"))
    server.set("a", b"small")
    with pytest.raises(OutOfMemory, match="SERVER_ERROR object too large for cache"):
        server.set("a", b"x" * MIB)
    assert server.get("a") is None


def test_flush_all(server, clock):
    """At once, or with a delay: what was stored before then is dead, what comes after lives.

    The server counts from a second earlier: with a delay of 10 all is dead after 9.
    """
    server.set("a", b"1")
    assert server.execute(("flush_all",)) == "OK"
    assert server.get("a") is None
    server.set("b", b"2")
    server.execute(("flush_all", 10))
    clock.advance(8)
    assert server.get("b") == b"2"
    clock.advance(1)
    assert server.get("b") is None
    clock.advance(1)
    server.set("c", b"3")
    assert server.get("c") == b"3"


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


def test_a_clock_that_stands_still(server):
    """Though the maintainer then never comes by itself, there is always something that may go."""
    rng = np.random.default_rng(42)
    places = np.searchsorted(np.cumsum(zipf(20_000, 0.99)), rng.random(40_000))
    for place in places.tolist():
        if server.get(f"key:{place:08d}") is None:
            server.set(f"key:{place:08d}", b"x" * 100)

    assert server.evictions > 1000
    assert server.memory == MIB


def test_a_shift_of_sizes_moves_pages(clock):
    """When the values become larger, the class of the small ones gives up pages; without automove it keeps them."""
    pages = {}
    for automove in (True, False):
        server = Memcached(memory=8 * MIB, automove=automove).build(clock, float)
        for n in range(40_000):
            server.set(f"small:{n}", b"x" * 100)
        for n in range(20_000):
            clock.advance(0.01)
            server.set(f"large:{n}", b"x" * 3000)
            server.get(f"large:{n - 50}")
        pages[automove] = len(server.slabs.class_of(170).pages)
        assert (server.mover.moved > 0) == automove

    assert pages[True] < pages[False]


def test_an_idle_class_gives_its_pages_back(clock):
    """A class with more than 2.5 pages free and no change for half a minute gives pages to the pool."""
    server = Memcached(memory=64 * MIB).build(clock, float)
    for n in range(40_000):
        server.set(f"key:{n}", b"x" * 100, 20)
    held = len(server.slabs.class_of(170).pages)
    for _ in range(200):
        clock.advance(1)
        server.get("nobody")

    assert len(server) == 0
    assert server.slabs.pool
    assert len(server.slabs.class_of(170).pages) + len(server.slabs.pool) == held


def test_moved_pages_keep_chained_items_whole(clock):
    """Pieces of large items are carried to other chunks, and every chunk stays accounted for."""
    server = Memcached(memory=16 * MIB, automove=False).build(clock, float)
    for n in range(8):
        server.set(f"big:{n}", bytes([n]) * 700_000)
    for n in (5, 6, 7):
        server.delete(f"big:{n}")
    largest = server.slabs.classes[-1]
    before = len(largest.pages)

    assert server.mover.reassign(largest.number, 1) == "OK"
    assert before - 1 == len(largest.pages)
    assert server.mover.pieces_rescued > 0
    assert all(server.get(f"big:{n}") == bytes([n]) * 700_000 for n in range(5))
    pieces = [
        chunk for item in server.items.values() for slab, chunk in item.chunks() if slab is largest
    ]
    assert len(largest.pages) * largest.per_page == len({*pieces, *largest.free})


def held(server, size):
    """Take all free chunks of a class away, as if replies on their way held them."""
    server.slabs.class_of(size).free.clear()


def test_memory_that_cannot_be_had(server):
    """Without a free chunk and without an item to evict the server refuses, and a set drops the old value."""
    server.set("a", b"x" * 100)
    server.delete("a")
    held(server, 170)
    with pytest.raises(OutOfMemory, match="SERVER_ERROR out of memory storing object"):
        server.set("a", b"x" * 100)
    server.set("n", b"9" * 20)
    server.execute(("set", "large", 0, 0, b"x" * 700_000))
    held(server, PAGE)
    server.delete("large")
    held(server, PAGE)
    with pytest.raises(OutOfMemory, match="SERVER_ERROR Out of memory during read"):
        server.set("larger", b"x" * 1_040_000)
    assert server.execute(("stats",))["store_no_memory"] == 1


def test_joined_values_that_find_no_room(server):
    """An append for which there is no memory is not stored."""
    server.set("a", b"x" * 20)
    server.set("b", b"x" * 100)
    server.delete("b")
    held(server, 170)

    assert server.execute(("append", "a", 0, 0, b"x" * 80)) == "NOT_STORED"
    assert server.get("a") == b"x" * 20


def test_what_expired_goes_first(clock):
    """At the tails, and when memory is short, what has expired is taken before anything is evicted."""
    server = Memcached(memory=MIB, segmented=False).build(clock, float)
    for n in range(5400):
        server.set(f"short:{n}", b"x" * 100, 5)
    clock.advance(10)
    for n in range(5400):
        server.set(f"long:{n}", b"x" * 100)

    assert (0, 5400) == (server.evictions, len(server))
    assert server.execute(("stats",))["reclaimed"] == 5400


def test_several_keys_at_once(server):
    """The Python face takes several keys at once, and keys as bytes."""
    server.execute(("set", b"a", 1, 0, "text"))
    server.execute(("set", "b", 1, 0, b"2"))

    assert server.execute(("get", "a", "b", "c")) == [b"text", b"2", None]
    assert server.execute(("gat", 0, "a", "c")) == [b"text", None]
    assert server.execute(("gets", "b")) == (b"2", 2)


def test_a_page_for_every_eviction(clock):
    """With `slabs automove 2` a class that evicts gets a page from the next class that can spare one."""
    server = Memcached(memory=4 * MIB).build(clock, float)
    answer(server, b"slabs automove 2")
    for n in range(20_000):
        server.set(f"small:{n}", b"x" * 100)
    for n in range(2000):
        clock.advance(0.01)
        server.set(f"large:{n}", b"x" * 3000)

    assert server.mover.moved > 0
    assert len(server.slabs.class_of(3070).pages) > 1


def test_the_crawler_comes_when_it_is_worth_it(clock):
    """What it saw decides: with much to expire within minutes it comes at that minute, with nothing ever later."""
    server = Memcached().build(clock, float)
    server.set("stays", b"x" * 100)  # at the tail, it hides the others from the maintainer
    cold = server.slabs.class_of(170).number
    for n in range(500):
        server.set(f"key:{n}", b"x" * 100, 600)
    waits = []
    for _ in range(800):
        clock.advance(1)
        server.get("nobody")
        waits.append(server.lrus[cold - 1].cold.crawl_wait)

    assert (60, 180) == (waits[5], max(waits))
    assert len(server) == 1
    assert server.execute(("stats",))["crawler_reclaimed"] == 500


def test_tails_are_freed_of_the_dead(server, clock):
    """The maintainer reclaims what expired at the tail of HOT as of COLD, five at a time."""
    server.crawler.enabled = False
    for n in range(30):
        server.set(f"key:{n}", b"x" * 100, 3)
    server.set("stays", b"x" * 100)
    clock.advance(1)
    server.get("nobody")
    for n in range(30):
        server.set(f"new:{n}", b"x" * 100, 1)
    clock.advance(5)
    server.get("nobody")

    assert ["stays"] == list(server.items)
    assert server.expirations == 60


def test_a_large_value_that_was_joined(server):
    """An append that makes a value large takes a chunk more where each part ends; all come back."""
    server.execute(("set", "a", 0, 0, b"x" * 400_000))
    server.execute(("append", "a", 0, 0, b"y" * 200_000))

    assert server.get("a") == b"x" * 400_000 + b"y" * 200_000
    assert len(server.items["a"].chunks()) == 5

    server.delete("a")

    assert all(len(slab.free) == slab.per_page * len(slab.pages) for slab in server.slabs.classes)


def test_the_lists_can_be_made_one(server, clock):
    """After `lru mode flat` all drains into COLD, 500 items a round, and nothing rises from there."""
    for n in range(2000):
        server.set(f"key:{n}", b"x" * 100)
    answer(server, b"lru mode flat")
    for _ in range(4):
        clock.advance(2)
        server.get("key:5")

    assert {"cold"} == {item.segment.name for item in server.items.values()}


def test_a_changed_ratio_begins_a_new_window(server, clock):
    """The automover forgets what it noted when its ratio is changed."""
    clock.advance(1)
    server.get("nobody")
    answer(server, b"slabs automove ratio 0.5")
    clock.advance(1)
    server.get("nobody")

    assert (0.5, 1) == (server.maintainer.automover.ratio, server.maintainer.automover.turn)


def test_pooled_pages_are_used_first(server):
    """A class that grows takes a page from the pool before it takes memory."""
    server.slabs.set_limit(8 * MIB)
    for n in range(11_000):
        server.set(f"{n:05d}", b"x")
    answer(server, b"slabs reassign 1 0")
    before = server.memory
    server.set("large", b"x" * 3000)

    assert before == server.memory
    assert not server.slabs.pool


def test_expired_items_do_not_move_with_their_page(server, clock):
    """Of a page that is cleared what has expired is dropped, not carried."""
    server.slabs.set_limit(8 * MIB)
    for n in range(11_000):
        server.set(f"{n:05d}", b"x", 5)
    clock.advance(10)
    server.clock = float  # nobody else may come first
    server.now += 10
    answer_to_move = server.mover.reassign(1, 2)

    assert answer_to_move == "OK"
    assert server.mover.lost == 0
    assert server.expirations >= 10_000


@pytest.mark.parametrize(
    ("line", "data"), [(b"set a 0 0 100", b"x" * 100), (b"ms a 100", b"x" * 100)]
)
def test_no_memory_on_the_wire(server, line, data):
    """Without memory the server says so."""
    server.set("b", b"x" * 100)
    server.delete("b")
    held(server, 170)

    assert answer(server, line, data) == b"SERVER_ERROR out of memory storing object\r\n"


def test_no_memory_for_a_number(server):
    """A number that needs more room than there is stays as it was."""
    server.set("n", b"9" * 15)
    server.execute(("set", "n2", 0, 0, b"9"))
    server.delete("n")
    held(server, 90)

    assert answer(server, b"incr n2 1") == b"SERVER_ERROR out of memory\r\n"
    assert server.get("n2") == b"9"


def test_mortal_items_are_evicted_too(server):
    """An item with an expiration that has not come is evicted like any other, and counted apart."""
    for n in range(7000):
        server.set(f"key:{n:08d}", b"x" * 100, 1000)

    assert server.execute(("stats", "items"))["items:4:evicted_nonzero"] == server.evictions > 0


def test_a_command_does_not_evict_what_it_works_on(server):
    """An append whose only victim were its own item is not stored, and the item stays."""
    server.set("a", b"x" * 1_040_000)

    assert server.execute(("append", "a", 0, 0, b"y" * 100)) == "NOT_STORED"
    assert server.get("a") == b"x" * 1_040_000
