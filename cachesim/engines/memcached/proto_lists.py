"""The commands of the text protocol that list items or tell figures: the crawler's and `stats`.

SIMPLIFIED: `stats detail` and `stats conns` tell nothing.
"""

from itertools import zip_longest
from typing import TYPE_CHECKING

from cachesim.engines.memcached import stats
from cachesim.engines.memcached.commands import BAD_LINE
from cachesim.engines.memcached.items import Item, Segment
from cachesim.engines.memcached.numerals import to_word
from cachesim.engines.memcached.proto_admin import ERROR, MOST_CLASSES, OK, Tokens, one_line

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine

BAD_CLASS = "BADCLASS invalid class id"
UNRESERVED = (
    frozenset(b"-._~")
    | frozenset(range(48, 58))
    | frozenset(range(65, 91))
    | frozenset(range(97, 123))
)


def lru_crawler(engine: "MemcachedEngine", tokens: Tokens) -> bytes:
    """Start the crawler on some classes, or set how it works (proto_text.c, process_lru_crawler_command)."""
    words = tokens[1:]
    if len(words) == 1 and words[0] in {b"enable", b"disable"}:
        return one_line(_switch_crawler(engine, on=words[0] == b"enable"))
    if len(words) != 2:
        return one_line(ERROR)
    if words[0] in {b"crawl", b"metadump"}:
        if not engine.crawler.enabled:
            return one_line("CLIENT_ERROR lru crawler disabled")
        return _crawl(engine, words[1]) if words[0] == b"crawl" else _dump(engine, words[1])
    if words[0] in {b"tocrawl", b"sleep"}:
        return one_line(_set_crawler(engine, words[0], to_word(words[1])))
    return one_line(ERROR)


def _switch_crawler(engine: "MemcachedEngine", *, on: bool) -> str:
    if on and engine.crawler.enabled:
        return "ERROR failed to start lru crawler thread"
    engine.crawler.enabled = on
    return OK


def _set_crawler(engine: "MemcachedEngine", name: bytes, number: int | None) -> str:
    if number is None:
        return BAD_LINE
    if name == b"tocrawl":
        engine.crawler.most = number
    elif number > 1_000_000:
        return "CLIENT_ERROR sleep must be one second or less"
    else:
        engine.crawler.pause = number
    return OK


def _crawl(engine: "MemcachedEngine", which: bytes) -> bytes:
    if which == b"hash":
        return one_line("ERROR an unknown error happened")
    segments = _segments(engine, which)
    if segments is None:
        return one_line(BAD_CLASS)
    if not segments:
        return one_line("NOTSTARTED no items to crawl")
    engine.crawler.crawl(segments, engine.now)
    return one_line(OK)


def _segments(engine: "MemcachedEngine", which: bytes) -> list[Segment] | None:
    """Return the lists of the classes that are named, in the order of their numbers; None if one is wrong."""
    if which == b"all":
        return engine.crawler.segments
    numbers = [to_word(word) for word in which.split(b",") if word]
    if not all(number is not None and 0 < number < MOST_CLASSES for number in numbers):
        return None
    return [s for s in engine.crawler.segments if s.lru.slab.number in numbers]


def _dump(engine: "MemcachedEngine", which: bytes) -> bytes:
    """List the items, one of each list in turn. SIMPLIFIED: by hash they come in the order they were stored."""
    if which == b"hash":
        lists = [list(engine.items.values())]
    else:
        segments = _segments(engine, which)
        if segments is None:
            return one_line(BAD_CLASS)
        if not segments:
            return one_line("NOTSTARTED no items to crawl")
        lists = [segment.items() for segment in segments]
    rows = [item for turn in zip_longest(*lists) for item in turn if item is not None]
    alive = [item for item in rows if not engine.settings.is_dead(item, engine.now)]
    return b"".join(_dumped(engine, item) for item in alive) + b"END\r\n"


def _dumped(engine: "MemcachedEngine", item: Item) -> bytes:
    raw = item.key.encode("utf-8", "surrogateescape")
    key = "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in raw)
    expires = item.expires + engine.started if item.expires else -1
    fetched = "yes" if item.hits else "no"
    return (
        f"key={key} exp={expires} la={item.time + engine.started} cas={item.cas} fetch={fetched} "
        f"cls={item.segment.lru.slab.number} size={item.size}\n"
    ).encode()


def stats_command(engine: "MemcachedEngine", tokens: Tokens) -> bytes:
    """Tell figures (proto_text.c, process_stat)."""
    what = tokens[1].decode("latin-1") if len(tokens) > 1 else ""
    if what == "reset":
        stats.reset(engine)
        return b"RESET\r\n"
    if what == "detail":
        return b"CLIENT_ERROR usage: stats detail on|off|dump\r\n"
    if what == "cachedump":
        return _cachedump(engine, tokens[2:])
    if what in {"sizes_enable", "sizes_disable"}:
        return _track_sizes(engine, on=what == "sizes_enable")
    if what in {"conns", "extstore"}:
        return b"END\r\n"
    tables = {"", "items", "slabs", "settings", "sizes"}
    if what not in tables:
        return one_line(ERROR)
    figures = stats.figures(engine, what)
    return (
        b"".join(one_line(f"STAT {name} {value}") for name, value in figures.items()) + b"END\r\n"
    )


def _track_sizes(engine: "MemcachedEngine", *, on: bool) -> bytes:
    """Begin or end to track the sizes of what is stored from now on; the reply has no END."""
    if on and not engine.use_cas:
        return b"STAT sizes_status error\r\nSTAT sizes_error cas_support_disabled\r\n"
    if not on:
        engine.sizes_from = None
    elif engine.sizes_from is None:
        engine.last_cas += 1
        engine.sizes_from = engine.last_cas
    return b"STAT sizes_status enabled\r\n" if on else b"STAT sizes_status disabled\r\n"


def _cachedump(engine: "MemcachedEngine", words: Tokens) -> bytes:
    """List the items in one class's COLD, from the head (items.c, item_cachedump)."""
    if len(words) < 2:
        return b"CLIENT_ERROR bad command line\r\n"
    number, limit = to_word(words[0]), to_word(words[1])
    if number is None or limit is None:
        return one_line(BAD_LINE)
    if number >= MOST_CLASSES:
        return b"CLIENT_ERROR Illegal slab id\r\n"
    held = [lru.cold.items() for lru in engine.lrus if lru.slab.number == number]
    rows = [item for items in held for item in reversed(items)][: limit or None]
    return b"".join(_cached(engine, item) for item in rows) + b"END\r\n"


def _cached(engine: "MemcachedEngine", item: Item) -> bytes:
    expires = item.expires + engine.started if item.expires else 0
    key = item.key.encode("utf-8", "surrogateescape")
    return b"ITEM %b [%d b; %d s]\r\n" % (key, len(item.value), expires)
