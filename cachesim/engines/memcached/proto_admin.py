"""The commands of the text protocol about the server itself: its lists and pages.

SIMPLIFIED: `watch` is refused, as by a server that was started with -W.
"""

from cachesim.engines.memcached import operations, stats
from cachesim.engines.memcached.daemon import Daemon
from cachesim.engines.memcached.numerals import to_real, to_signed, to_word
from cachesim.engines.memcached.protocol import (
    BAD_EXPTIME,
    BAD_LINE,
    ERROR,
    OK,
    Tokens,
    is_quiet,
    one_line,
)
from cachesim.engines.memcached.settings import Settings
from cachesim.units import MIB

MOST_CLASSES = 64  # class numbers are below
LEAST_MEMORY, MOST_MEMORY = 8, 1_000_000_000  # MiB


def flush_all(daemon: Daemon, tokens: Tokens) -> str:
    """Make all items invalid, now or later."""
    daemon.counts.cmd_flush += 1
    delay: int | None = 0
    if len(tokens) != (2 if is_quiet(tokens) else 1):
        delay = to_signed(tokens[1])
    if delay is None:
        return BAD_EXPTIME
    operations.flush_all(daemon, delay)
    return OK


def verbosity(daemon: Daemon, tokens: Tokens) -> str:
    """Set how much the server logs; here it is only shown again."""
    level = to_word(tokens[1])
    if level is None:
        return BAD_LINE
    daemon.settings.verbosity = min(level, 2)
    return OK


def version(daemon: Daemon, tokens: Tokens) -> str:
    """Return the version."""
    return f"VERSION {stats.VERSION}"


def shutdown(daemon: Daemon, tokens: Tokens) -> str:
    """Refuse, as a server does that was started without -A."""
    return "ERROR: shutdown not enabled"


def refresh_certs(daemon: Daemon, tokens: Tokens) -> str:
    """Refuse, as a server does that was started without -Z."""
    return "Error TLS not enabled"


def no_operation(daemon: Daemon, tokens: Tokens) -> str:
    """Answer, and do nothing else."""
    return "MN"


def watch(daemon: Daemon, tokens: Tokens) -> str:
    """Refuse, as a server does that was started with -W."""
    return "CLIENT_ERROR watch commands not allowed"


def cache_memlimit(daemon: Daemon, tokens: Tokens) -> str:
    """Change the memory limit, -m."""
    mebibytes = to_word(tokens[1])
    if mebibytes is None:
        return ERROR
    if mebibytes < LEAST_MEMORY:
        return "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m"
    if mebibytes > MOST_MEMORY:
        return "MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes"
    daemon.slabs.set_limit(mebibytes * MIB)
    daemon.memory = daemon.slabs.memory
    return OK


def lru(daemon: Daemon, tokens: Tokens) -> str:
    """Tune the lists, or switch between segmented and flat."""
    what, rest = tokens[1], tokens[2:]
    if what == b"tune" and len(rest) >= 4:
        return _tune(daemon.settings, rest)
    if not rest or not daemon.settings.maintained:
        return ERROR
    if what == b"mode" and rest[0] in {b"flat", b"segmented"}:
        daemon.settings.segmented = rest[0] == b"segmented"
        return OK
    ttl = to_signed(rest[0]) if what == b"temp_ttl" else None
    if ttl is None:
        return ERROR
    daemon.settings.temp_ttl = ttl if ttl >= 0 else None
    return OK


def _tune(settings: Settings, rest: Tokens) -> str:
    hot, warm = to_word(rest[0]), to_word(rest[1])
    hot_factor, warm_factor = to_real(rest[2]), to_real(rest[3])
    if hot is None or warm is None or hot_factor is None or warm_factor is None:
        return ERROR
    if (hot + warm) % 2**32 > 80:
        return "ERROR hot and warm pcts must not exceed 80"
    if hot_factor <= 0 or warm_factor <= 0:
        return "ERROR hot/warm age factors must be greater than 0"
    settings.hot_percent, settings.warm_percent = hot, warm
    settings.hot_factor, settings.warm_factor = hot_factor, warm_factor
    return OK


def extstore(daemon: Daemon, tokens: Tokens) -> str:
    """Check the arguments of a setting of the external storage, which this server does not have."""
    names = {b"item_size", b"item_age", b"low_ttl", b"recache_rate", b"compact_under"}
    names |= {b"drop_under", b"max_sleep", b"drop_unread"}
    words = tokens[2:]
    if words and tokens[1] in names:
        return ERROR if to_word(words[0]) is None else OK
    if words and tokens[1] == b"max_frag":
        return ERROR if to_real(words[0]) is None else OK
    if len(words) > 1 and tokens[1] == b"free_memchunks":
        number, limit = to_word(words[0]), to_word(words[1])
        return OK if number is not None and number < MOST_CLASSES and limit is not None else ERROR
    return ERROR


def slabs(daemon: Daemon, tokens: Tokens) -> bytes:
    """Move a page, or choose the rule by which pages move."""
    if len(tokens) == 4 and tokens[1] == b"reassign":
        source, target = to_signed(tokens[2]), to_signed(tokens[3])
        if source is None or target is None:
            return one_line(BAD_LINE)
        return one_line(daemon.mover.reassign(source, target))
    if len(tokens) >= 3 and tokens[1] == b"automove":
        answer = _automove(daemon.settings, tokens[2:])
        return one_line(answer, quiet=is_quiet(tokens))
    return one_line(ERROR)


def _automove(settings: Settings, rest: Tokens) -> str:
    if rest[0] == b"ratio":
        ratio = to_real(rest[1]) if len(rest) > 1 else None
        if ratio is None:
            return ERROR
        settings.automove_ratio = ratio
        return OK
    level = to_word(rest[0])
    if level is None:
        return BAD_LINE
    if level > 2:
        return ERROR
    settings.automove = level
    return OK
