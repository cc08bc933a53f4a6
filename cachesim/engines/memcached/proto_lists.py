"""The commands of the text protocol that list items or figures: `lru_crawler` and `stats`."""

from itertools import zip_longest

from cachesim.engines.memcached import stats
from cachesim.engines.memcached.crawler import Crawler
from cachesim.engines.memcached.daemon import Daemon
from cachesim.engines.memcached.items import Item, Segment
from cachesim.engines.memcached.numerals import to_word
from cachesim.engines.memcached.proto_admin import MOST_CLASSES
from cachesim.engines.memcached.protocol import (
    BAD_LINE,
    ERROR,
    OK,
    Tokens,
    from_key,
    one_line,
    to_uri,
)
from cachesim.engines.memcached.stats_settings import Figures
from cachesim.engines.memcached.table import ItemTable

BAD_CLASS = "BADCLASS invalid class id"


def lru_crawler(daemon: Daemon, tokens: Tokens) -> bytes:
    """Start the crawler, list items or set how it works (proto_text.c, process_lru_crawler_command)."""
    words = tokens[1:]
    if len(words) == 1 and words[0] in {b"enable", b"disable"}:
        return one_line(_switch_crawler(daemon.crawler, on=words[0] == b"enable"))
    if len(words) != 2:
        return one_line(ERROR)
    if words[0] in {b"crawl", b"metadump"}:
        if not daemon.crawler.enabled:
            return one_line("CLIENT_ERROR lru crawler disabled")
        return (
            _crawl(daemon.crawler, words[1], daemon.now)
            if words[0] == b"crawl"
            else _dump(daemon, words[1])
        )
    if words[0] in {b"tocrawl", b"sleep"}:
        return one_line(_set_crawler(daemon.crawler, words[0], to_word(words[1])))
    return one_line(ERROR)


def config(daemon: Daemon, tokens: Tokens) -> bytes:
    r"""Answer `config get NAME` with what the managed service has put there; other servers know no `config`.

    >>> from cachesim.engines.memcached.engine import Memcached
    >>> engine = Memcached().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> config(engine, [b"config", b"get", b"cluster"])
    b'ERROR\r\n'
    >>> engine.host.configs["cluster"] = "1\nlocalhost|127.0.0.1|11211\n"
    >>> config(engine, [b"config", b"get", b"cluster"])
    b'CONFIG cluster 0 28\r\n1\nlocalhost|127.0.0.1|11211\n\r\nEND\r\n'
    """
    name = tokens[2].decode("latin-1")
    text = daemon.host.configs.get(name)
    if tokens[1] != b"get" or text is None:
        return one_line(ERROR)
    data = text.encode()
    return b"CONFIG %b 0 %d\r\n%b\r\nEND\r\n" % (tokens[2], len(data), data)


def _switch_crawler(crawler: Crawler, *, on: bool) -> str:
    if on and crawler.enabled:
        return "ERROR failed to start lru crawler thread"
    crawler.enabled = on
    return OK


def _set_crawler(crawler: Crawler, name: bytes, number: int | None) -> str:
    if number is None:
        return BAD_LINE
    if name == b"tocrawl":
        crawler.most = number
    elif number > 1_000_000:
        return "CLIENT_ERROR sleep must be one second or less"
    else:
        crawler.pause = number
    return OK


def _crawl(crawler: Crawler, which: bytes, now: int) -> bytes:
    if which == b"hash":
        return one_line("ERROR an unknown error happened")
    segments = _segments(crawler, which)
    if segments is None:
        return one_line(BAD_CLASS)
    if not segments:
        return one_line("NOTSTARTED no items to crawl")
    crawler.crawl(segments, now)
    return one_line(OK)


def _segments(crawler: Crawler, which: bytes) -> list[Segment] | None:
    """Return the lists of the named classes, in the order of their numbers; None for a wrong name."""
    if which == b"all":
        return crawler.segments
    numbers = [to_word(word) for word in which.split(b",") if word]
    if not all(number is not None and 0 < number < MOST_CLASSES for number in numbers):
        return None
    return [s for s in crawler.segments if s.lru.slab.number in numbers]


def _dump(daemon: Daemon, which: bytes) -> bytes:
    """List the items, one of each list in turn.

    SIMPLIFIED: with "hash" they come in the order in which they were stored.
    """
    if which == b"hash":
        lists = [list(daemon.items.values())]
    else:
        segments = _segments(daemon.crawler, which)
        if segments is None:
            return one_line(BAD_CLASS)
        if not segments:
            return one_line("NOTSTARTED no items to crawl")
        lists = [segment.items() for segment in segments]
    rows = [item for turn in zip_longest(*lists) for item in turn if item is not None]
    alive = [item for item in rows if not item.is_dead(daemon.settings, daemon.now)]
    return b"".join(_dumped(daemon, item) for item in alive) + b"END\r\n"


def _dumped(table: ItemTable, item: Item) -> bytes:
    expires = item.expires + table.started if item.expires else -1
    fetched = "yes" if item.hits else "no"
    return (
        f"key={to_uri(item.key)} exp={expires} la={item.time + table.started} cas={item.cas} fetch={fetched} "
        f"cls={item.segment.lru.slab.number} size={item.size}\n"
    ).encode()


def stats_command(daemon: Daemon, tokens: Tokens) -> bytes:
    """List figures (proto_text.c, process_stat)."""
    what = tokens[1].decode("latin-1") if len(tokens) > 1 else ""
    if what == "reset":
        stats.reset(daemon)
        return b"RESET\r\n"
    if what == "detail":
        return _detail(daemon, b" ".join(tokens[2:3]))
    if what == "cachedump":
        return _cachedump(daemon, tokens[2:])
    if what in {"sizes_enable", "sizes_disable"}:
        return _listed(stats.track_sizes(daemon, on=what == "sizes_enable"))
    if what == "extstore":
        return b"END\r\n"
    if what not in stats.GROUPS:
        return one_line(ERROR)
    return _listed(stats.figures(daemon, what)) + b"END\r\n"


def _listed(figures: Figures) -> bytes:
    return b"".join(one_line(f"STAT {name} {value}") for name, value in figures.items())


def _detail(table: ItemTable, what: bytes) -> bytes:
    """Count commands by the prefix of the key, or show what was counted."""
    if what == b"dump":
        return table.prefixes.dump()
    if what not in {b"on", b"off"}:
        return b"CLIENT_ERROR usage: stats detail on|off|dump\r\n"
    table.prefixes.enabled = what == b"on"
    return one_line(OK)


def _cachedump(table: ItemTable, words: Tokens) -> bytes:
    """List the items in COLD of one class, from the head (items.c, item_cachedump)."""
    if len(words) < 2:
        return b"CLIENT_ERROR bad command line\r\n"
    number, limit = to_word(words[0]), to_word(words[1])
    if number is None or limit is None:
        return one_line(BAD_LINE)
    if number >= MOST_CLASSES:
        return b"CLIENT_ERROR Illegal slab id\r\n"
    held = [lru.cold.items() for lru in table.lrus if lru.slab.number == number]
    rows = [item for items in held for item in reversed(items)][: limit or None]
    return b"".join(_cached(table, item) for item in rows) + b"END\r\n"


def _cached(table: ItemTable, item: Item) -> bytes:
    expires = item.expires + table.started if item.expires else 0
    return b"ITEM %b [%d b; %d s]\r\n" % (from_key(item.key), len(item.value), expires)
