"""The text protocol, reply by reply; every expected byte was seen from memcached 1.6.18."""

import random

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.base import START
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.memcached.proto_text import answer
from cachesim.units import MIB
from tests.engines.memcached.random_requests import random_request
from tests.engines.memcached.replies import BAD, EXPTIME, LARGE, LONG

REPLIES = [  # line, data, reply; the engine holds n = 15, t = text with flags 7
    (b"get n t x", None, b"VALUE n 0 2\r\n15\r\nVALUE t 7 4\r\ntext\r\nEND\r\n"),
    (b"gets t", None, b"VALUE t 7 4 2\r\ntext\r\nEND\r\n"),
    (b"bget n", None, b"VALUE n 0 2\r\n15\r\nEND\r\n"),
    (b"gat 5 n x", None, b"VALUE n 0 2\r\n15\r\nEND\r\n"),
    (b"gats 0 n", None, b"VALUE n 0 2 1\r\n15\r\nEND\r\n"),
    (b"gat 5", None, b"END\r\n"),
    (b"gat x n", None, EXPTIME),
    (b"get n " + LONG, None, BAD),
    (b"get", None, b"ERROR\r\n"),
    (b"get " + b"x " * 40 + b"n", None, b"VALUE n 0 2\r\n15\r\nEND\r\n"),
    (b"get n\0 t", None, b"VALUE n 0 2\r\n15\r\nEND\r\n"),
    (b"add n 0 0 1", b"1", b"NOT_STORED\r\n"),
    (b"add m 0 0 1", b"1", b"STORED\r\n"),
    (b"replace m 0 0 1", b"1", b"NOT_STORED\r\n"),
    (b"append n 9 9 1", b"0", b"STORED\r\n"),
    (b"prepend x 0 0 1", b"0", b"NOT_STORED\r\n"),
    (b"cas n 0 0 1 1", b"1", b"STORED\r\n"),
    (b"cas n 0 0 1 0", b"1", b"EXISTS\r\n"),
    (b"cas n 0 0 1 9", b"1", b"EXISTS\r\n"),
    (b"cas x 0 0 1 9", b"1", b"NOT_FOUND\r\n"),
    (b"cas n 0 0 1 x", None, BAD),
    (b"cas n 0 0 1 9 noreply", b"1", b""),
    (b"set n 0 0 1 noreply", b"1", b""),
    (b"set n 0 0 x noreply", None, b""),
    (b"set n 0 0 -1", None, BAD),
    (b"set n 0 0 2147483646", None, BAD),
    (b"set n 4294967296 0 1", b"1", b"STORED\r\n"),
    (b"set n -1 0 1", None, BAD),
    (b"set n 0 99999999999999999999 1", None, BAD),
    (b"set " + LONG + b" 0 0 1", None, BAD),
    (b"set n 0 0", None, b"ERROR\r\n"),
    (b"set n 0 0 1 noreply x", None, b"ERROR\r\n"),
    (b"set n 0 0 1", b"12", b"CLIENT_ERROR bad data chunk\r\n"),
    (b"set n 0 0 1048576", b"", LARGE),
    (b"add n 0 0 1048576 noreply", b"", b""),
    (b"incr n 5", None, b"20\r\n"),
    (b"incr n 18446744073709551615", None, b"14\r\n"),
    (b"decr n 16", None, b"0\r\n"),
    (b"incr t 1", None, b"CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"),
    (b"incr n x", None, b"CLIENT_ERROR invalid numeric delta argument\r\n"),
    (b"incr n -1", None, b"CLIENT_ERROR invalid numeric delta argument\r\n"),
    (b"decr x 1", None, b"NOT_FOUND\r\n"),
    (b"incr n 1 noreply", None, b""),
    (b"incr " + LONG + b" 1", None, BAD),
    (b"touch n 5", None, b"TOUCHED\r\n"),
    (b"touch x 5", None, b"NOT_FOUND\r\n"),
    (b"touch n x", None, EXPTIME),
    (b"touch " + LONG + b" 5", None, BAD),
    (b"delete n", None, b"DELETED\r\n"),
    (b"delete n 0", None, b"DELETED\r\n"),
    (b"delete n 0 noreply", None, b""),
    (b"delete noreply", None, b"NOT_FOUND\r\n"),
    (b"delete n 5", None, BAD[:-2] + b".  Usage: delete <key> [noreply]\r\n"),
    (b"delete n 5 noreply", None, b""),
    (b"delete " + LONG, None, BAD),
    (b"flush_all", None, b"OK\r\n"),
    (b"flush_all -5 noreply", None, b""),
    (b"flush_all x", None, EXPTIME),
    (b"verbosity 5", None, b"OK\r\n"),
    (b"verbosity x", None, BAD),
    (b"refresh_certs", None, b"Error TLS not enabled\r\n"),
    (b"refresh_certs noreply", None, b"Error TLS not enabled\r\n"),
    (b"version", None, b"VERSION 1.6.18\r\n"),
    (b"shutdown", None, b"ERROR: shutdown not enabled\r\n"),
    (b"mn", None, b"MN\r\n"),
    (b"watch", None, b"CLIENT_ERROR watch commands not allowed\r\n"),
    (b"cache_memlimit x", None, b"ERROR\r\n"),
    (b"cache_memlimit 7", None, b"MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\n"),
    (b"cache_memlimit 1000000001", None, b"MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes\r\n"),
    (b"cache_memlimit 8", None, b"OK\r\n"),
    (b"lru tune 50 31 1 1", None, b"ERROR hot and warm pcts must not exceed 80\r\n"),
    (b"lru tune 10 25 0 1", None, b"ERROR hot/warm age factors must be greater than 0\r\n"),
    (b"lru tune 10 25 0.1 2.0", None, b"OK\r\n"),
    (b"lru tune 10 x 0.1 2.0", None, b"ERROR\r\n"),
    (b"lru mode flat", None, b"OK\r\n"),
    (b"lru mode", None, b"ERROR\r\n"),
    (b"lru temp_ttl 5", None, b"OK\r\n"),
    (b"lru temp_ttl x", None, b"ERROR\r\n"),
    (b"lru x 1", None, b"ERROR\r\n"),
    (b"extstore item_size 5", None, b"OK\r\n"),
    (b"extstore max_frag 0.5", None, b"OK\r\n"),
    (b"extstore free_memchunks 5 5", None, b"OK\r\n"),
    (b"extstore x 5", None, b"ERROR\r\n"),
    (b"slabs reassign 1 1", None, b"SAME src and dst class are identical\r\n"),
    (b"slabs reassign 1 2", None, b"NOSPARE source class has no spare pages\r\n"),
    (b"slabs reassign 1 99", None, b"BADCLASS invalid src or dst class id\r\n"),
    (b"slabs reassign -1 2", None, b"BADCLASS invalid src or dst class id\r\n"),
    (b"slabs reassign x 2", None, BAD),
    (b"slabs automove 1", None, b"OK\r\n"),
    (b"slabs automove 3", None, b"ERROR\r\n"),
    (b"slabs automove x", None, BAD),
    (b"slabs automove ratio 0.5", None, b"OK\r\n"),
    (b"slabs automove ratio", None, b"ERROR\r\n"),
    (b"slabs automove 0 noreply", None, b""),
    (b"slabs x", None, b"ERROR\r\n"),
    (b"lru_crawler crawl all", None, b"OK\r\n"),
    (b"lru_crawler crawl 1,2", None, b"OK\r\n"),
    (b"lru_crawler crawl 1,x", None, b"BADCLASS invalid class id\r\n"),
    (b"lru_crawler crawl ,", None, b"NOTSTARTED no items to crawl\r\n"),
    (b"lru_crawler crawl hash", None, b"ERROR an unknown error happened\r\n"),
    (b"lru_crawler metadump 64", None, b"BADCLASS invalid class id\r\n"),
    (b"lru_crawler metadump ,", None, b"NOTSTARTED no items to crawl\r\n"),
    (b"lru_crawler tocrawl 5", None, b"OK\r\n"),
    (b"lru_crawler tocrawl x", None, BAD),
    (b"lru_crawler sleep 5", None, b"OK\r\n"),
    (b"lru_crawler sleep 1000001", None, b"CLIENT_ERROR sleep must be one second or less\r\n"),
    (b"lru_crawler enable", None, b"ERROR failed to start lru crawler thread\r\n"),
    (b"lru_crawler x", None, b"ERROR\r\n"),
    (b"lru_crawler x y", None, b"ERROR\r\n"),
    (b"lru_crawler", None, b"ERROR\r\n"),
    (b"stats reset", None, b"RESET\r\n"),
    (b"stats conns", None, b"END\r\n"),
    (b"stats detail", None, b"CLIENT_ERROR usage: stats detail on|off|dump\r\n"),
    (b"stats x", None, b"ERROR\r\n"),
    (b"stats cachedump 1", None, b"CLIENT_ERROR bad command line\r\n"),
    (b"stats cachedump x 1", None, BAD),
    (b"stats cachedump 64 1", None, b"CLIENT_ERROR Illegal slab id\r\n"),
    (b"stats sizes", None, b"STAT sizes_status disabled\r\nEND\r\n"),
    (b"stats sizes_enable", None, b"STAT sizes_status enabled\r\n"),
    (b"stats sizes_disable", None, b"STAT sizes_status disabled\r\n"),
    (b"quit", None, b""),
    (b"", None, b"ERROR\r\n"),
    (b"a", None, b"ERROR\r\n"),
    (b"foo", None, b"ERROR\r\n"),
    (b"GET / HTTP/1.1", None, b""),
    (b"gx HTTP/1.1", None, b"ERROR\r\n"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "data", "reply"), REPLIES)
def test_replies(engine, line, data, reply):
    """Each command and each error, to the byte."""
    assert reply == answer(engine, line, data)


def test_a_refused_set_drops_the_old_value(engine):
    """The old value would be outdated; other commands leave it."""
    answer(engine, b"replace n 0 0 1048576", b"")

    assert answer(engine, b"get n") == b"VALUE n 0 2\r\n15\r\nEND\r\n"

    answer(engine, b"set n 0 0 1048576", b"")

    assert answer(engine, b"get n") == b"END\r\n"


def test_numbers_keep_their_place(engine):
    """A number that fits is written over the old one and padded; one that does not makes a new item."""
    answer(engine, b"decr n 6")
    assert answer(engine, b"gets n") == b"VALUE n 0 2 3\r\n9 \r\nEND\r\n"
    answer(engine, b"incr n 991")
    assert answer(engine, b"gets n") == b"VALUE n 0 4 4\r\n1000\r\nEND\r\n"


def test_a_number_on_its_way_to_warm_is_not_written_over(engine, clock):
    """While a hit waits for the maintainer, the item is held, so the new number gets an item of its own."""
    clock.advance(2)
    answer(engine, b"mn")
    assert engine.items["n"].segment.name == "cold"
    answer(engine, b"get n n")
    answer(engine, b"decr n 6")

    assert answer(engine, b"get n") == b"VALUE n 0 1\r\n9\r\nEND\r\n"


def test_dumps(engine, clock):
    """The lists tell key, expiration, last use, unique id, class and size."""
    answer(engine, b"set %\xff 0 9 1", b"1")
    answer(engine, b"get t")
    row = b"key=%b exp=%d la=%d cas=%d fetch=%b cls=1 size=%d\n"
    rows = [
        row % (b"n", -1, START, 1, b"no", 48 + 8 + 1 + 1 + 2 + 2),
        row % (b"t", -1, START, 2, b"yes", 48 + 8 + 1 + 1 + 4 + 4 + 2),
        row % (b"%25%FF", START + 9, START, 3, b"no", 48 + 8 + 2 + 1 + 1 + 2),
    ]

    assert b"".join(rows) + b"END\r\n" == answer(engine, b"lru_crawler metadump all")
    assert b"".join(rows) + b"END\r\n" == answer(engine, b"lru_crawler metadump hash")

    clock.advance(2)
    answer(engine, b"mn")

    assert answer(engine, b"stats cachedump 1 2") == (
        b"ITEM %%\xff [1 b; %d s]\r\nITEM t [4 b; 0 s]\r\nEND\r\n" % (START + 9)
    )


def test_the_crawler_can_be_switched_off(engine):
    """Then it refuses to crawl, until it is switched on again."""
    assert answer(engine, b"lru_crawler disable") == b"OK\r\n"
    assert answer(engine, b"lru_crawler crawl all") == b"CLIENT_ERROR lru crawler disabled\r\n"
    assert answer(engine, b"lru_crawler enable") == b"OK\r\n"
    assert answer(engine, b"lru_crawler crawl all") == b"OK\r\n"


def test_sizes(engine):
    """Once it is said, the sizes of new items are counted in steps of 32 bytes."""
    answer(engine, b"stats sizes_enable")
    for key in (b"a", b"b"):
        answer(engine, b"set %b 0 0 1" % key, b"1")

    assert answer(engine, b"stats sizes") == b"STAT 64 2\r\nEND\r\n"
    without = Memcached(use_cas=False).build(ManualClock(), float)
    assert b"cas_support_disabled" in answer(without, b"stats sizes_enable")


@pytest.mark.parametrize("what", [b"", b" items", b" slabs", b" settings"])
def test_stats(engine, what):
    """Every table is lines of three words, and an end."""
    lines = answer(engine, b"stats" + what).splitlines()

    assert lines[-1] == b"END"
    assert len(lines) > 10
    assert all(line.split(b" ")[0] == b"STAT" and len(line.split(b" ")) == 3 for line in lines[:-1])


def test_temporary_items(engine, clock):
    """Lives shorter than temp_ttl are kept apart, and go when they are over."""
    answer(engine, b"lru temp_ttl 10")
    answer(engine, b"set short 0 5 1", b"1")

    assert engine.items["short"].segment.name == "temp"
    assert b"STAT items:1:number_temp 1\r\n" in answer(engine, b"stats items")

    clock.advance(7)
    answer(engine, b"mn")

    assert "short" not in engine.items


def test_pages_go_where_they_are_sent(engine):
    """A page moves from a class with two, its items to free chunks or, without any, away."""
    for n in range(11_000):
        answer(engine, b"set %05d 0 0 1" % n, b"1")

    assert len(engine.slabs.classes[0].pages) == 2
    assert answer(engine, b"slabs reassign 1 5") == b"OK\r\n"
    assert [1, 1] == [len(engine.slabs.classes[number].pages) for number in (0, 4)]
    assert len(engine) == engine.slabs.classes[0].per_page
    assert answer(engine, b"slabs reassign -1 5") == b"BADCLASS invalid src or dst class id\r\n"


def test_pages_beyond_the_limit_are_released(engine):
    """What is moved to the pool while more than -m is taken goes back to the system."""
    engine.slabs.set_limit(MIB)
    for n in range(11_000):
        answer(engine, b"set %05d 0 0 1" % n, b"1")
    engine.slabs.set_limit(64 * MIB)
    for n in range(11_000, 22_000):
        answer(engine, b"set %05d 0 0 1" % n, b"1")
    pages = engine.memory // MIB
    engine.slabs.set_limit(MIB)

    assert answer(engine, b"slabs reassign 1 0") == b"OK\r\n"
    assert pages - 1 == engine.memory // MIB


def test_random_requests():
    """Whatever is asked, an answer is lines that end as lines do."""
    draw, clock = random.Random(5), ManualClock()
    engine = Memcached().build(clock, float)
    for _ in range(5000):
        line, data = random_request(draw)
        clock.advance(draw.choice([0, 0.25, 2]))
        reply = answer(engine, line, data)

        assert reply == b"" or reply.endswith((b"\r\n", b"\n"))
    assert engine.counts.total_items > 500
