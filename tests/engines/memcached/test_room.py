"""Where memcached finds room: pages that move between classes, items that go, and refusals."""

import numpy as np
import pytest

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.memcached.proto_text import answer
from cachesim.engines.memcached.slabs import PAGE
from cachesim.errors import OutOfMemory
from cachesim.theory import zipf
from cachesim.units import MIB


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
