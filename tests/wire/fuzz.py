"""Random messages for the fuzzer, in three protocols: good ones, odd ones, and good ones with damage.

A message is bytes for one connection. `MAKERS` has a function for each protocol; `damaged` breaks a message.
"""

# ruff: noqa: E501 - tables of words
import struct
from random import Random

from tests.engines.memcached import random_messages, random_requests
from tests.engines.redis.random_commands import random_command

NUMBERS = [
    b"0", b"-1", b"1", b"9223372036854775807", b"-9223372036854775808", b"9223372036854775808", b"18446744073709551615",
    b"1e400", b"nan", b"inf", b"0x10", b"3.0", b"", b" 1", b"4294967296", b"2147483648", b"99999999999999999999999",
]  # fmt: skip
WORDS = [b"k%d" % n for n in range(8)] + [
    b"",
    b"\xff\x00",
    b"a" * 251,
    b"a b",
    b"\r\n",
    b"*",
    b"[a-",
    b"x" * 3000,
]
OPTIONS = b"EX PX NX XX GET COUNT MATCH LIMIT BEFORE LEFT RIGHT BY WEIGHTS DB REPLACE ID ON OFF SKIPME YES ALL 2 3".split()
SESSION = [
    b"MULTI", b"EXEC", b"DISCARD", b"WATCH k1 k2", b"UNWATCH", b"SUBSCRIBE a b", b"PSUBSCRIBE a*", b"UNSUBSCRIBE",
    b"PUNSUBSCRIBE", b"PUBLISH a hello", b"MONITOR", b"RESET", b"HELLO 3", b"HELLO 2", b"HELLO 9", b"BLPOP k1 k2 0.1",
    b"BLMOVE k1 k2 LEFT LEFT 0", b"BZPOPMIN k1 1", b"BLPOP k1 nan", b"CLIENT LIST", b"CLIENT KILL TYPE pubsub",
    b"CLIENT PAUSE 50", b"CLIENT UNPAUSE", b"CLIENT REPLY SKIP", b"CLIENT REPLY ON", b"CLIENT NO-EVICT ON", b"INFO all",
    b"CLIENT UNBLOCK 3 ERROR", b"COMMAND DOCS get", b"COMMAND GETKEYS SET a b", b"SELECT 3", b"SELECT 0", b"CONFIG GET *",
    b"CONFIG SET maxmemory 1mb", b"CONFIG SET maxmemory 0", b"CONFIG SET maxmemory-policy allkeys-lru", b"FLUSHALL",
    b"CONFIG SET notify-keyspace-events KEA", b"WAIT 1 10", b"PSYNC ? -1", b"REPLCONF listening-port 1", b"ROLE", b"QUIT",
    b"CLUSTER SLOTS", b"ASKING", b"READONLY", b"OBJECT HELP", b"MEMORY STATS", b"LATENCY HISTORY a", b"SWAPDB 0 1",
]  # fmt: skip
TALK = [
    b"stats", b"stats items", b"stats slabs", b"stats settings", b"stats conns", b"stats reset", b"stats detail on",
    b"stats detail dump", b"stats cachedump 1 10", b"lru_crawler metadump all", b"lru_crawler crawl all", b"watch",
    b"watch fetchers mutations evictions connevents", b"lru_crawler disable", b"lru_crawler enable", b"slabs reassign 1 2",
    b"cache_memlimit 8", b"cache_memlimit 64", b"quit", b"shutdown", b"refresh_certs", b"lru mode flat", b"lru mode segmented",
]  # fmt: skip


def bulks(words: list[bytes]) -> bytes:
    """Return a command as an array of bulk strings."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(it), it) for it in words)


def redis(random: Random, names: list[bytes]) -> bytes:
    """Return a command of Redis: as the tests of replies draw it, of any words, or of the session."""
    draw = random.random()
    if draw < 0.5:
        words = [str(it).encode("utf-8", "surrogateescape") for it in random_command(random)]
    elif draw < 0.8:
        words = [random.choice(names)]
        pool = (WORDS, NUMBERS, OPTIONS)
        words += [random.choice(random.choice(pool)) for _ in range(random.choice((0, 1, 2, 3, 5)))]
    else:
        words = random.choice(SESSION).split()
    return bulks(words) if random.random() < 0.8 else b" ".join(words) + b"\r\n"


def text(random: Random, names: list[bytes]) -> bytes:
    """Return a request of memcached's text protocol."""
    if random.random() < 0.1:
        return random.choice(TALK) + b"\r\n"
    line, data = random_requests.random_request(random)
    return line + b"\r\n" + (b"" if data is None else data + b"\r\n")


def binary(random: Random, names: list[bytes]) -> bytes:
    """Return a message of memcached's binary protocol."""
    if random.random() < 0.05:
        parts = (
            random.choice(WORDS),
            random.randbytes(random.choice((0, 4, 8, 20))),
            random.choice(NUMBERS),
        )
        return random_messages.message(random.randrange(256), *parts)
    if random.random() < 0.02:
        return struct.pack(">BBHBBHLLQ", 0x80, *[random.randrange(100) for _ in range(8)])
    return random_messages.random_message(random)


MAKERS = {"redis": redis, "text": text, "binary": binary}


def damaged(message: bytes, random: Random) -> bytes:
    """Return a message with some bytes changed, left out, put in, or said again."""
    if random.random() < 0.02:
        return random.randbytes(random.randrange(1, 200))
    broken = bytearray(message)
    for _ in range(random.choice((1, 1, 2, 5))):
        at, way = random.randrange(len(broken) + 1), random.randrange(4)
        if way == 0 and at < len(broken):
            broken[at] = random.randrange(256)
        elif way == 1:
            del broken[at : at + random.randrange(1, 8)]
        else:
            broken[at:at] = random.choice(NUMBERS) if way == 2 else random.randbytes(3)
    return bytes(broken)
